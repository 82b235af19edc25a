"""Write the tables of the documentation that the code itself states.

A page in `docs/` marks the place of a table by a comment: ``<!-- table: NAME -->``, closed by ``<!-- end -->``. Run
``python tools/regenerate.py`` after a change of what a table lists, and commit the result; a test fails if a page is
out of date.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from vocode_contract.contract import types  # noqa: E402  # the checkout's own package
from vocode_contract.contract.model import Contract, dates  # noqa: E402

PAGES = tuple(sorted((ROOT / "docs").rglob("*.md")))
_PLACE = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(page: str) -> str:
    """Return the text of a page with its tables written anew."""
    return _PLACE.sub(lambda place: "\n".join([place[1], *TABLES[place["name"]](), "", place[3]]), page)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _types() -> Iterator[tuple[str, ...]]:
    modules = {date: import_module(f"{types.__name__}.contract_{date.replace('-', '_')}") for date in dates()}
    ours = {name for module in modules.values() for name in vars(module) if name[0].isupper()}
    for name in sorted(ours - {"Any", "Literal", "NotRequired", "TypedDict"}):
        found = [date for date, module in modules.items() if hasattr(module, name)]
        schema = Contract.load(found[-1]).schemas.get(name)  # an object that is described in place has a type too
        meaning = schema["description"] if schema else getattr(modules[found[-1]], name).__doc__
        yield f"`{name}`", meaning, ", ".join(found)


#: Name of a table -> its lines.
TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "types": lambda: _table(("type", "stands for", "contracts"), _types()),
}


def main() -> None:
    """Write all pages."""
    for path in PAGES:
        path.write_text(render(path.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
