import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

import vocode_contract

HEAVY = {
    "click",
    "dataclasses",
    "httpx",
    "hypothesis",
    "jsonschema",
    "jsonschema_rs",
    "orjson",
    "rich",
    "schemathesis",
    "starlette",
    "uvicorn",
}
LIGHT = {
    "vocode_contract",
    "vocode_contract.contract",
    "vocode_contract.contract.files",
    "vocode_contract.errors",
}
#: What every pytest run loads in every environment in which the package is installed: the fewer, the better.
UNRELATED = {"vocode_contract", "vocode_contract.pytest_plugin", "vocode_contract.run_options"}

LOADED = """
import sys
sys.path[:0] = [sys.argv[1]]
before = set(sys.modules)
{statement}
print(*sorted(set(sys.modules) - before))
"""
#: A pytest run with the plugin after one without it, in one process: what the second one adds. It may read no metadata
#: of distributions, of which there are many; pytest reads all of them for each name in `pytest_plugins`.
UNRELATED_RUN = """
import sys
from importlib import metadata
import pytest

arguments = ["-p", "no:cacheprovider", sys.argv[1]]
assert pytest.main(arguments) == 0
before = {*sys.modules}
import vocode_contract.pytest_plugin

del metadata.distributions
assert pytest.main(arguments, plugins=[vocode_contract.pytest_plugin]) == 0
print("LOADED", *{*sys.modules} - before)
"""


def loaded_by(statement: str) -> set[str]:
    """The modules that a statement adds to those of a bare interpreter."""
    entry = Path(vocode_contract.__file__).parents[1]
    code = LOADED.format(statement=statement)
    command = [sys.executable, "-I", "-c", code, str(entry)]
    return set(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())


@pytest.fixture
def forgotten_version() -> Iterator[None]:
    """Neither take the version from an earlier test nor leave one behind."""
    forget_version()
    yield
    forget_version()


def forget_version() -> None:
    vars(vocode_contract).pop("__version__", None)
    sys.modules.pop("vocode_contract._version", None)


def not_installed(name: str) -> metadata.Distribution:
    raise metadata.PackageNotFoundError(name)


def test_import_of_the_package_loads_nothing_else():
    assert loaded_by("import vocode_contract") == {"vocode_contract"}


def test_import_of_resources_loads_nothing_else():
    assert loaded_by("import vocode_contract.contract.files") == LIGHT


def test_pytest_run_that_does_not_use_the_plugin_loads_its_entry_point_and_the_table_of_options(tmp_path):
    (tmp_path / "test_unrelated.py").write_text("def test_unrelated():\n    pass\n")
    # Other people's plugins, which do load heavy things, stay out of it.
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-c", UNRELATED_RUN, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path, env=environment, text=True)
    [line] = [line for line in result.stdout.splitlines() if line.startswith("LOADED")]
    assert {*line.split()[1:]} == UNRELATED


@pytest.mark.parametrize(
    "command",
    [
        "main",
        "audit",
        "check",
        "validate",
        "which",
        "explain",
        "config",
        "schema",
        "generate",
        "coverage",
        "diff",
        "simulate",
        "proxy",
        "webhook",
    ],
)
def test_command_needs_no_extra_to_show_its_help(command):
    pytest.importorskip("click")
    loaded = loaded_by(f"import vocode_contract.cli.{command}")
    assert not loaded & {*HEAVY - {"click", "dataclasses"}, "h11", "pytest", "vocode_contract.contract.model"}


def test_public_names_are_those_of_the_table():
    assert set(vocode_contract.__all__) == set(vocode_contract._EXPORTS)
    assert set(vocode_contract.__all__) <= set(dir(vocode_contract))


@pytest.mark.parametrize("name", sorted(vocode_contract._EXPORTS))
def test_public_name_is_the_one_of_its_module(name):
    module = import_module(f"vocode_contract.{vocode_contract._EXPORTS[name]}")
    assert getattr(vocode_contract, name) is getattr(module, name)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'vocode_contract' has no attribute 'Contrct'"):
        vocode_contract.Contrct  # type: ignore[attr-defined]  # noqa: B018 - reading it is the test


@pytest.mark.usefixtures("forgotten_version")
def test_version_is_that_of_the_distribution(monkeypatch):
    monkeypatch.setattr(metadata, "version", {"vocode-contract": "1.2.3"}.__getitem__)
    assert vocode_contract.__version__ == "1.2.3"


@pytest.mark.usefixtures("forgotten_version")
def test_version_of_a_bare_checkout_says_so(monkeypatch):
    monkeypatch.setattr(metadata.Distribution, "from_name", not_installed)
    assert vocode_contract.__version__ == "0+checkout"


def test_sound_simulator_starts_without_what_it_does_not_need():
    pytest.importorskip("uvicorn")
    loaded = loaded_by("from vocode_contract.simulator import serve, Simulation; Simulation()")
    unneeded = {
        "report",
        *(f"simulator.{name}" for name in ("faults.catalog", "faults.network", "server.raw_responses")),
    }
    assert all(find_spec(f"vocode_contract.{name}") for name in unneeded)
    assert {"vocode_contract.simulator.simulation", "vocode_contract.simulator.server.control"} <= loaded
    assert not {f"vocode_contract.{name}" for name in unneeded} & loaded
    assert not {"httpx", "jsonschema_rs", "starlette", "vocode_contract.validation.validator"} & loaded
