"""The pages of the documentation, and what its reference has to name."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.support.tools import load_tool

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in DOCS.rglob("*.md")}
DESCRIBED = {
    described
    for name, text in PAGES.items()
    if name.startswith("reference/api")
    for described in re.findall(r"^\.\. (?:auto|py:)\w+:: (\S+)$", text, re.MULTILINE)
}
#: The packages that users import from.
PUBLIC = [
    "vocode_contract",
    "vocode_contract.audit",
    "vocode_contract.contract.diff",
    "vocode_contract.http.traffic",
    "vocode_contract.simulator",
    "vocode_contract.strategies",
    "vocode_contract.webhooks",
    "vocode_contract.webhooks.sending",
    "vocode_contract.webhooks.stress",
]


def test_index_links_every_page():
    linked = set(re.findall(r"\]\(([\w/-]+\.md)\)", PAGES["README.md"]))
    assert linked == {name for name in PAGES if name.count("/") == 1}


@pytest.mark.parametrize("package", PUBLIC)
def test_reference_describes_every_public_name(package):
    missing = {
        name
        for name in import_module(package).__all__
        # Where two packages export a name, the first one is enough.
        if not {f"{package}.{name}", f"vocode_contract.{name}"} & DESCRIBED
    }
    assert missing == set(), "add it to a page in docs/reference/api"


def test_reference_describes_names_that_exist():
    for module, _, name in (described.rpartition(".") for described in DESCRIBED):
        assert hasattr(import_module(module), name)


@pytest.mark.parametrize("page", [name for name, text in PAGES.items() if "<!-- table: " in text])
def test_page_has_the_tables_of_the_code(page):
    assert load_tool("generate_tables").render(PAGES[page]) == PAGES[page], "run python tools/regenerate.py"


def test_reference_names_every_environment_variable():
    package = Path(import_module("vocode_contract").__file__ or "").parent
    source = "".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    used = set(re.findall(r"\b_?VOCODE_[A-Z_]+[A-Z]\b", source))
    assert used <= set(re.findall(r"^\| `(\w+)` \|", PAGES["reference/cli.md"], re.MULTILINE))


def test_every_table_is_on_one_page():
    places = [name for text in PAGES.values() for name in re.findall("<!-- table: (.*) -->", text)]
    assert sorted(places) == sorted(load_tool("generate_tables").TABLES)
