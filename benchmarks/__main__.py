"""Run the benchmarks and print their ratios.

Usage: python -m benchmarks [NAME [NUMBER]] ...

A number says how much of the benchmark before it: seconds of `soak`, calls of `callbacks`, verdicts of `memory`,
faults of `finding`.
"""

import sys
from importlib import import_module
from itertools import pairwise

from benchmarks.measuring import print_figures

NAMES = ("verdict", "cold", "generation", "serving", "callbacks", "memory")
#: Those that only run when they are named.
LONG = ("soak", "finding")


def main(names: list[str]) -> int:
    """Run the named benchmarks, all but the long ones without; return 2 for a name that does not exist."""
    unknown = [name for name in names if name not in (*NAMES, *LONG) and not name.isdecimal()]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join((*NAMES, *LONG))}", file=sys.stderr)
        return 2
    for name, following in pairwise([*(names or NAMES), ""]):
        if name.isdecimal():
            continue
        module = import_module(f"benchmarks.{name}")
        print(f"{name}: {module.__doc__.splitlines()[0]}")
        print_figures(module.figures(*([int(following)] if following.isdecimal() else ())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
