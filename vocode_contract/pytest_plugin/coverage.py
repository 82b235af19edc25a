"""Coverage of the contract by a pytest run, in one process or several."""

from collections.abc import Iterable
from typing import Any

import pytest

from vocode_contract.contract.coverage import Coverage
from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Exchange
from vocode_contract.report.coverage import compute_percent, render_coverage
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable

_KEY = "vocode_coverage"
_NOTHING = (
    "nothing was counted: pass payloads to assert_conforms or vocode_coverage.add, or send requests with vocode_client"
    " or vocode_traffic"
)


class CoverageCollector:
    """Collects what a run exercises. All parts count of each schema and operation that it exercises at all."""

    def __init__(self, contract: Contract) -> None:
        """Start without any coverage."""
        self.coverage = Coverage(contract, ())

    def add(self, payload: object, name: str = "Call") -> None:
        """Count what a payload exercises, parsed or as raw bytes; it is not validated.

        Raises:
            UnknownSchema: The contract has no such schema.
        """
        if isinstance(payload, (bytes, bytearray, memoryview)):
            try:
                payload = read(payload)
            except Unreadable:
                return
        self.coverage.contract.schema(name)
        self._count(names=[name])
        self.coverage.add(payload, name)

    def add_exchange(self, operation: Operation, exchange: Exchange) -> None:
        """Count what an exchange exercises."""
        status = exchange.response.status
        names = list(filter(None, operation.responses.get(status, {}).values()))
        self._count(names=names, operations=[operation.name])
        self.coverage.add_status(operation.name, status)
        document = exchange.document if names else None
        if document is not None and document.defect is None:
            self.coverage.add(document.value, names[0])

    def to_output(self) -> dict[str, Any]:
        """Return everything as plain values, for another process."""
        found = self.coverage
        return {"names": list(found.names), "operations": list(found.operations), "rows": found.to_rows()}

    def add_output(self, output: dict[str, Any]) -> None:
        """Count what `to_output` returned in another process."""
        self._count(names=output["names"], operations=output["operations"])
        self.coverage.add_rows(output["rows"])

    def _count(self, *, names: Iterable[str | None] = (), operations: Iterable[str] = ()) -> None:
        found = self.coverage
        found.names = tuple(sorted({*found.names, *filter(None, names)}))
        found.operations = tuple(sorted({*found.operations, *operations}))


def parse_threshold(value: str, source: str) -> float:
    """Parse the percentage that a run must reach.

    Raises:
        InvalidOption: It is not a percentage.
    """
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100:
        raise InvalidOption(source, "must be a percentage from 0 to 100; write the option as --vocode-coverage=PERCENT")
    return found


class CoverageRun:
    """A plugin that adds up the coverage of all processes, reports it, and fails a run that is below a minimum."""

    def __init__(self, collector: CoverageCollector, minimum: float) -> None:
        """Start a run that must reach a percentage."""
        self._collector = collector
        self._minimum = minimum

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the coverage of a worker of pytest-xdist."""
        output = getattr(node, "workeroutput", {}).get(_KEY)
        if output:
            self._collector.add_output(output)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over the coverage of this worker, or compare the sum with the minimum."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_KEY] = self._collector.to_output()
        elif session.exitstatus == pytest.ExitCode.OK and self._is_too_low:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the table."""
        terminalreporter.section("coverage of the contract")
        found = self._collector.coverage
        for line in render_coverage(found) if found.names or found.operations else (_NOTHING,):
            terminalreporter.write_line(line)
        if self._is_too_low:
            reached = compute_percent(self._collector.coverage)
            terminalreporter.write_line(f"ERROR: {reached}% is below the required {self._minimum:g}%", red=True)

    @property
    def _is_too_low(self) -> bool:
        return compute_percent(self._collector.coverage) < self._minimum
