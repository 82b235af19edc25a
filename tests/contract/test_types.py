"""The generated types, held current and complete."""

from pathlib import Path
from typing import cast

import pytest

from tests.support.tools import load_tool
from vocode_contract.contract import types
from vocode_contract.contract.model import Contract, dates

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["__init__.py", *(f"contract_{date.replace('-', '_')}.py" for date in dates())])
def test_types_are_what_the_generator_writes(name):
    path = Path(types.__file__).parent / name
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    assert written == load_tool("generate_types").files()[name], "run python tools/regenerate.py"


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
