"""The generated types, held current and complete."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from vocode_contract.contract import types
from vocode_contract.contract.model import Contract, dates

ROOT = Path(__file__).parents[2]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_types", ROOT / "tools" / "generate_types.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["__init__.py", *(f"contract_{date.replace('-', '_')}.py" for date in dates())])
def test_types_are_what_the_generator_writes(name):
    path = Path(types.__file__).parent / name
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    assert written == generator().files()[name], "run python tools/regenerate.py"


def test_types_have_every_schema_of_the_default_contract():
    assert set(Contract.load().schemas) <= set(dir(types))


def test_types_require_the_keys_that_the_contract_requires():
    assert types.Call.__required_keys__ == set(Contract.load().schemas["Call"]["required"])
