import copy
import pickle

import pytest

from vocode_contract import conforms
from vocode_contract.cli.main import run
from vocode_contract.errors import (
    ContractError,
    InvalidOption,
    MissingExtra,
    SchemasNotFound,
    UnknownContract,
    UnknownProfile,
    UnknownSchema,
)

ERRORS = {
    SchemasNotFound(("/inside", "/beside")): (
        "the schemas are missing: no contract.json in '/inside' or '/beside'; "
        "reinstall from a checkout with: python3 -m pip install --force-reinstall ."
    ),
    UnknownContract("2023-11-31", ("2023-11-30", "2024-04-19")): (
        "unknown contract '2023-11-31'; did you mean 2023-11-30? known: 2023-11-30, 2024-04-19"
    ),
    UnknownSchema("Cal", ("Agent", "Call")): "unknown schema 'Cal'; did you mean Call? known: Agent, Call",
    UnknownProfile("lax", ("documented", "wire")): "unknown profile 'lax'; known: documented, wire",
    MissingExtra("simulator", "the simulator"): (
        "the simulator needs the extra 'simulator'; "
        "install it from a checkout with: python3 -m pip install '.[simulator]'"
    ),
    InvalidOption("--vocode-url", "must start with https://"): "--vocode-url: must start with https://",
}

each_error = pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)


@each_error
def test_error_reads_as_one_line_with_a_remedy(error):
    assert str(error) == ERRORS[error]


@each_error
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_error_survives_pickling(error, protocol):
    again = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own bytes
    assert again == error
    assert vars(again) == vars(error)


@each_error
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_error_survives_copying(error, duplicate):
    assert duplicate(error) == error
    assert str(duplicate(error)) == str(error)


def test_errors_of_one_class_and_fields_are_equal():
    assert UnknownSchema("Cal") == UnknownSchema("Cal")
    assert hash(UnknownSchema("Cal")) == hash(UnknownSchema("Cal"))


def test_errors_of_other_fields_or_class_differ():
    assert UnknownSchema("Cal") != UnknownSchema("Agnet")
    assert UnknownSchema("Cal") != UnknownProfile("Cal")


def test_every_error_is_a_contract_error():
    assert all(isinstance(error, ContractError) for error in ERRORS)


def test_unknown_contract_names_its_date():
    assert UnknownContract("2020-01-01").date == "2020-01-01"


def test_unknown_schema_of_the_contract_suggests_the_closest_name_as_the_command_line_does(capsys):
    with pytest.raises(UnknownSchema) as caught:
        conforms(b"{}", "Cal")
    said = "unknown schema 'Cal'; did you mean Call? 'vocode-contract schema --list' lists them"
    assert str(caught.value) == said
    assert run(["schema", "Cal"]) == 2
    assert said in capsys.readouterr().err


def test_unknown_name_of_another_type_is_described():
    assert str(UnknownContract(20231130, ("2023-11-30",))).startswith("unknown contract 20231130;")  # type: ignore[arg-type]  # a wrong one


def test_unknown_name_cannot_break_the_line():
    assert str(UnknownSchema("a\nb")) == "unknown schema 'a\\nb'"
