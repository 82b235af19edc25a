"""The suite in a process of its own, which runs it for each address and contract date that it reads from its input.

The package comes from the directory that PYTHONPATH names first, so that an older suite can be measured in the same
way. The client's clock is put forward where it would wait.
"""

import json
import os
import sys
import time

from tests.support.waiting import put_forward
from vocode_contract.cli.run_suite import SuiteMonitor, run_suite

#: pytest's own services that the suite does not use; they take time in each run.
BARE = ("--capture=no", "-p", "no:logging", "-p", "no:faulthandler")
#: What depends on the machine's load.
_LOAD = ("slow", "clock-skew")


def run(url: str, date: str) -> dict[str, object]:
    """Run the suite once; return what it reports, by severity, and the CPU seconds of this process."""
    started = time.process_time()
    options = [*BARE, f"--vocode-url={url}", f"--vocode-contract={date}"]
    with put_forward():
        tally = run_suite(options, {}, SuiteMonitor(is_simulated=True))
    found: dict[str, set[str]] = {"error": set(), "advice": set(), "inconclusive": set()}
    for violation in tally.violations:
        if violation.severity in found and violation.code not in _LOAD:
            found[violation.severity].add(violation.code)
    for row in tally.rows:
        if row.verdict in ("inconclusive", "broken"):
            found["inconclusive"].add(row.reason.rpartition("[")[2].rstrip("]") or row.verdict)
    reports: dict[str, object] = {name: sorted(codes) for name, codes in found.items()}
    return {**reports, "seconds": time.process_time() - started}


def main() -> None:
    """Write one line of JSON for each line of the input; whatever else is written goes to standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as results:
        os.dup2(2, 1)
        for line in sys.stdin:
            print(json.dumps(run(*line.split())), file=results, flush=True)


if __name__ == "__main__":
    main()
