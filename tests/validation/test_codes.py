import ast
import re
from pathlib import Path

import pytest

from vocode_contract.contract.model import PROFILES
from vocode_contract.errors import InvalidOption
from vocode_contract.http.checks import CHECKS
from vocode_contract.http.policies import POLICIES
from vocode_contract.validation import codes
from vocode_contract.validation.codes import (
    ALL,
    CODES,
    GROUPS,
    LEVELS,
    Selection,
    default_level,
    raise_to_errors,
    require,
    rests_on,
)
from vocode_contract.validation.codes.code import BASES
from vocode_contract.validation.consistency import RULES
from vocode_contract.validation.violation import Violation

LEVELS_OF = [
    (Selection(), "enum", "wire", "error"),
    (Selection(), "enum", "tolerant", "drift"),
    (Selection(), "unknown-key", "documented", "off"),
    (Selection(), "unknown-key", "tolerant", "drift"),
    (Selection(), "more-violations", "wire", "error"),
    (Selection(ignore=("enum",)), "enum", "wire", "off"),
    (Selection(ignore=("json-*",)), "json-bom", "wire", "off"),
    (Selection(ignore=("json-*",)), "enum", "wire", "error"),
    (Selection(select=("json-*",)), "json-bom", "wire", "error"),
    (Selection(select=("json-*",)), "enum", "wire", "off"),
    (Selection(select=("json-*",)), "more-violations", "wire", "error"),
    (Selection(select=("json-*",), ignore=("json-bom",)), "json-bom", "wire", "off"),
    (Selection(ignore=("more-violations",)), "more-violations", "wire", "off"),
    (Selection(severities={"enum": "advice"}), "enum", "wire", "advice"),
    (Selection(severities={"enum": "error"}), "enum", "tolerant", "error"),
    (Selection(severities={"enum": "off"}), "enum", "wire", "off"),
]
REFUSED = [
    {"select": ("enums",)},
    {"ignore": ("json_*",)},
    {"severities": {"enums": "error"}},
    {"severities": {"json-*": "advice"}},
    {"severities": {"enum": "fatal"}},
]


def test_every_code_is_a_stable_name():
    assert [code for code in CODES if not re.fullmatch(r"[a-z]+(-[a-z]+)*", code)] == []


def test_every_code_is_explained():
    for code, row in CODES.items():
        assert row.title[0].isupper(), code
        assert not row.title.endswith("."), code
        assert row.meaning.endswith("."), code
        assert row.example, code


def test_every_code_rests_on_something_known():
    known = re.compile(r"(RFC \d+|ISO/IEC|ITU-T|CWE-\d+) ?")
    bases = {*BASES, *(f"policy {policy}" for policy in POLICIES)}
    assert [code for code, row in CODES.items() if row.basis not in bases and not known.match(row.basis)] == []


@pytest.mark.parametrize(
    ("code", "policy", "basis"),
    [
        ("enum", "", "contract"),
        ("start-time-moved", "", "inference"),
        ("not-refused", "authentication=401", "policy authentication=401"),
        ("status-unexpected", "ended-call=404", "policy ended-call=404"),
        ("unknown-key", "", "contract"),
        ("framing", "", "RFC 9112 section 6.3"),
        ("no-such-code", "", "contract"),
    ],
)
def test_violation_rests_on_the_policy_that_had_a_say_or_on_what_its_code_does(code, policy, basis):
    assert rests_on(Violation(instance_pointer="", code=code, expected="a", actual="b", policy=policy)) == basis


@pytest.mark.parametrize("profile", PROFILES)
def test_every_code_has_a_level_under_every_profile(profile):
    assert [code for code in CODES if default_level(code, profile) not in LEVELS] == []


def test_inference_and_practice_are_errors_only_where_several_exchanges_show_them():
    one = {code for check in CHECKS for code in check.codes} | {rule.code for rule in RULES}
    one |= {*GROUPS["payload"], *GROUPS["delivery"]}
    assert [code for code in CODES if code in one and CODES[code].level == "error" and is_inferred(code)] == []


def is_inferred(code):
    return CODES[code].basis in ("inference", "practice")


def test_codes_can_be_raised_to_errors_by_patterns():
    selection = Selection(severities=raise_to_errors(("foreign-*",)))
    levels = [selection.level(code, "wire") for code in ("foreign-owner", "foreign-template", "slow")]
    assert levels == ["error", "error", "advice"]


def test_registered_codes_are_returned_for_a_table_of_rules():
    assert require("enum", "slow") == ("enum", "slow")


def test_code_that_is_not_registered_is_refused():
    with pytest.raises(LookupError, match="'enumm' is not registered"):
        require("enum", "enumm")


@pytest.mark.parametrize("paragraph", ["slow | advice\nA title\nA meaning.\n> x", "A meaning after an empty line."])
def test_paragraph_of_another_form_is_refused_by_its_first_line(paragraph):
    with pytest.raises(LookupError, match=re.escape(repr(paragraph.partition("\n")[0]))):
        codes._parse(paragraph)


def test_no_code_is_described_twice():
    text = Path(codes.__file__).with_name("codes.txt").read_text(encoding="utf-8")
    assert re.findall(r"^([a-z-]+) \| .* \| ", text, re.MULTILINE) == list(CODES)


#: Function that makes a violation -> the position of the code among its arguments.
MAKERS: dict[str, int | None] = {"Violation": None, "fail_with": 1, "violation": 0}


def test_every_code_in_the_source_is_registered_and_every_registered_code_is_in_the_source():
    # A misspelled code in an assertion of the suite would otherwise show only once an API violates it.
    sources = [path.read_text("utf-8") for path in Path(codes.__file__).parents[2].rglob("*.py")]
    nodes = [node for source in sources for node in ast.walk(ast.parse(source))]
    reported = set()
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in MAKERS:
            position = MAKERS[name]
            values = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
            values += [] if position is None else call.args[position : position + 1]
            reported |= {value.value for value in values if isinstance(value, ast.Constant)}
    assert "recording-missing" in reported
    assert not reported - CODES.keys(), "add them to validation/codes/codes.txt"
    literals = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert not CODES.keys() - literals, "no module reports them; remove them from validation/codes/codes.txt"


@pytest.mark.parametrize(("selection", "code", "profile", "level"), LEVELS_OF)
def test_selection_decides_the_level(selection, code, profile, level):
    assert selection.level(code, profile) == level


@pytest.mark.parametrize("options", REFUSED, ids=str)
def test_selection_refuses_what_means_nothing(options):
    with pytest.raises(InvalidOption):
        Selection(**options)


def test_selection_is_true_where_it_changes_something():
    assert not ALL
    assert Selection(ignore=("enum",))
    assert Selection(severities={"enum": "off"})


def test_selection_can_be_a_key():
    assert len({Selection(), Selection(), Selection(ignore=("enum",))}) == 2


@pytest.mark.parametrize(("select", "ignore"), [((), ("*",)), (("json-*",), ("json-*",)), (("enum",), ("e*",))])
def test_selection_that_leaves_no_code_is_refused(select, ignore):
    with pytest.raises(InvalidOption, match="leaves no code to check"):
        Selection(select=select, ignore=ignore)
