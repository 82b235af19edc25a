"""The generated types, held current and complete."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import cast

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


def test_types_are_those_that_pydantic_takes_on_every_python():
    pydantic = pytest.importorskip("pydantic")
    call = Contract.load().schemas["Call"]["examples"][0]
    adapter = pydantic.TypeAdapter(types.Call)
    assert adapter.validate_python(call) == call
    with pytest.raises(pydantic.ValidationError):
        adapter.validate_python(call | {"status": "ringing"})
    for name in Contract.load().schemas:
        pydantic.TypeAdapter(getattr(types, name))


def test_types_describe_a_route_of_fastapi():
    fastapi = pytest.importorskip("fastapi")
    testclient = pytest.importorskip("fastapi.testclient")
    call = Contract.load().schemas["Call"]["examples"][0]
    app = fastapi.FastAPI()

    @app.get("/v1/calls")
    def get_call() -> types.Call:
        return cast("types.Call", call)

    client = testclient.TestClient(app)
    assert client.get("/v1/calls").json() == call
    assert "to_number" in client.get("/openapi.json").json()["components"]["schemas"]["Call"]["properties"]


def test_types_require_the_keys_that_the_contract_requires():
    assert types.Call.__required_keys__ == set(Contract.load().schemas["Call"]["required"])
