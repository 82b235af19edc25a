"""Run the benchmarks and print their ratios.

Usage: python -m benchmarks [NAME [NUMBER] [--OPTION[=VALUE]]...]...

A number says how much of the benchmark before it: megabytes of `audit`, seconds of `soak`, calls of `callbacks`,
verdicts of `memory`, faults of `finding`, mutants of `mutants`, servers of `sound`. Options are the other arguments of
its `figures`:
`--seed=N` of `mutants` and `sound`, `--suite=DIRECTORY` and `--schemathesis` of `mutants`.
"""

import sys
from importlib import import_module

from benchmarks.measuring import print_figures

NAMES = ("verdict", "cold", "generation", "serving", "proxying", "callbacks", "memory", "comparing", "blocking")
#: Those that only run when they are named.
LONG = ("audit", "soak", "finding", "mutants", "sound", "checking")


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, all but the long ones without; return 2 for a name that does not exist."""
    given: dict[str, list[str]] = {}
    for argument in arguments:
        if argument.isdecimal() or argument.startswith("--"):
            given.setdefault(next(reversed(given), ""), []).append(argument)
        else:
            given.setdefault(argument, [])
    if unknown := [name for name in given if name not in (*NAMES, *LONG)]:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join((*NAMES, *LONG))}", file=sys.stderr)
        return 2
    for name in given or NAMES:
        module = import_module(f"benchmarks.{name}")
        numbers = [int(word) for word in given.get(name, ()) if word.isdecimal()]
        options = dict(_parse_option(word) for word in given.get(name, ()) if not word.isdecimal())
        print(f"{name}: {module.__doc__.splitlines()[0]}")
        print_figures(module.figures(*numbers, **options))
    return 0


def _parse_option(word: str) -> tuple[str, int | str | bool]:
    name, equals, value = word.removeprefix("--").partition("=")
    return name, (int(value) if value.isdecimal() else value) if equals else True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
