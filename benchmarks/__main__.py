"""Run the benchmarks and print their ratios.

Usage: python -m benchmarks [NAME ...]
"""

import sys
from importlib import import_module

from benchmarks.measuring import print_figures

NAMES = ("verdict", "cold", "generation", "serving")


def main(names: list[str]) -> int:
    """Run the named benchmarks, all without; return 2 for a name that does not exist."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in names or NAMES:
        module = import_module(f"benchmarks.{name}")
        print(f"{name}: {module.__doc__.splitlines()[0]}")
        print_figures(module.figures())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
