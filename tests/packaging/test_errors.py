import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from vocode_contract import conforms, errors
from vocode_contract.cli.main import run
from vocode_contract.errors import (
    ContractError,
    InvalidOption,
    MissingExtra,
    SchemasNotFound,
    UnknownContract,
    UnknownProfile,
    UnknownSchema,
    describe_install,
)

ERRORS = {
    SchemasNotFound(("/inside", "/beside")): (
        "the schemas are missing: no contract.json in '/inside' or '/beside'; "
        f"reinstall {describe_install('', '--force-reinstall')}"
    ),
    UnknownContract("2023-11-31", ("2023-11-30", "2024-04-19")): (
        "unknown contract '2023-11-31'; did you mean 2023-11-30? known: 2023-11-30, 2024-04-19"
    ),
    UnknownSchema("Cal", ("Agent", "Call")): "unknown schema 'Cal'; did you mean Call? known: Agent, Call",
    UnknownProfile("lax", ("documented", "wire")): "unknown profile 'lax'; known: documented, wire",
    MissingExtra("simulator", "the simulator"): (
        f"the simulator needs the extra 'simulator'; install it {describe_install('simulator')}"
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


ROOT = Path(__file__).resolve().parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
CHECKOUT = "from a checkout with: python3 -m pip install '.[fuzz]'"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (None, "with: python3 -m pip install 'vocode-contract[fuzz]'"),
        ({"url": ROOT.as_uri(), "dir_info": {"editable": True}}, f"with: python3 -m pip install -e '{ROOT}[fuzz]'"),
        (
            {"url": ROOT.as_uri(), "dir_info": {}},
            f"with: python3 -m pip install 'vocode-contract[fuzz] @ {ROOT.as_uri()}'",
        ),
        ({"url": "file:///removed/vocode_contract-1-py3-none-any.whl", "archive_info": {}}, CHECKOUT),
        (
            {"url": "https://a-token@git.example.com/c", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"with: python3 -m pip install 'vocode-contract[fuzz] @ git+https://git.example.com/c@{COMMIT}'",
        ),
    ],
    ids=["index", "editable", "directory", "removed", "git"],
)
def test_install_command_names_where_the_package_came_from(tmp_path, monkeypatch, record, expected):
    information = tmp_path / "vocode_contract-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Name: vocode-contract\nVersion: 1\n")
    if record is not None:
        (information / "direct_url.json").write_text(json.dumps(record))
    monkeypatch.syspath_prepend(tmp_path)
    assert describe_install("fuzz") == expected


def test_install_command_of_a_bare_checkout_names_the_checkout(tmp_path):
    (tmp_path / "vocode_contract").symlink_to(Path(errors.__file__).parent)
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; from vocode_contract.errors import *; print(describe_install('fuzz'))"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(tmp_path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == CHECKOUT
