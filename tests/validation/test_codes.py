import re

import pytest

from vocode_contract.contract.model import PROFILES
from vocode_contract.errors import InvalidOption
from vocode_contract.http.policies import POLICIES
from vocode_contract.validation.codes import ALL, CODES, LEVELS, Selection, default_level, require, rests_on
from vocode_contract.validation.codes.code import BASES
from vocode_contract.validation.violation import Violation

each_code = pytest.mark.parametrize("code", CODES)

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


@each_code
def test_code_is_a_stable_name(code):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)


@each_code
def test_code_is_explained(code):
    row = CODES[code]
    assert row.title[0].isupper()
    assert not row.title.endswith(".")
    assert row.meaning.endswith(".")
    assert row.example


@each_code
def test_code_rests_on_something_known(code):
    basis = CODES[code].basis
    policy = basis.removeprefix("policy ")
    assert basis in BASES or (policy != basis and policy in POLICIES) or re.match(r"(RFC \d+|ISO/IEC|ITU-T) ?", basis)


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


@each_code
@pytest.mark.parametrize("profile", PROFILES)
def test_code_has_a_level_under_every_profile(code, profile):
    assert default_level(code, profile) in LEVELS


def test_registered_codes_are_returned_for_a_table_of_rules():
    assert require("enum", "slow") == ("enum", "slow")


def test_code_that_is_not_registered_is_refused():
    with pytest.raises(LookupError, match="'enumm' is not registered"):
        require("enum", "enumm")


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
