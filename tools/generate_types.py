"""Write `vocode_contract/contract/types/`: TypedDicts of every schema of every contract, as servers send them.

Run ``python tools/generate_types.py`` from the project's root after a change of the schemas, and
commit what it writes; a test holds the files current.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from vocode_contract.contract.model import Contract, dates  # noqa: E402  # the checkout's own package
from vocode_contract.contract.operation import Schema  # noqa: E402
from vocode_contract.contract.profile import may_be_null_on_wire  # noqa: E402

_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def module_name(date: str) -> str:
    """Return the name of the module that holds one contract's types."""
    return f"contract_{date.replace('-', '_')}"


def files() -> dict[str, str]:
    """Return the text of each file by its name."""
    written = {f"{module_name(date)}.py": _module(Contract.load(date)) for date in dates()}
    default = Contract.load()
    inner = [_inner_name(name, key) for name in default.schemas for key in _inner_objects(default.schemas[name])]
    names = ",\n    ".join(f"{name} as {name}" for name in sorted((*default.schemas, *inner)))
    written["__init__.py"] = (
        f'"""Types of the default contract, {default.date}; the modules beside hold the others."""\n\n'
        f"from vocode_contract.contract.types.{module_name(default.date)} import (\n    {names},\n)\n"
    )
    return written


def _module(contract: Contract) -> str:
    # Before Python 3.12, pydantic takes no other TypedDict than this one.
    imports = "from typing import Any, Literal, NotRequired\n\nfrom typing_extensions import TypedDict"
    title = f'"""Types of the contract of {contract.date}, read as servers send it (profile wire)."""'
    note = "# Written by tools/generate_types.py; do not edit."
    bodies = [_definition(contract, name) for name in _dependencies_first(contract)]
    return "\n\n\n".join([f"{title}\n\n{note}\n\n{imports}", *bodies]) + "\n"


def _dependencies_first(contract: Contract) -> Iterator[str]:
    """Yield names so that each alias stands behind what it names; classes may name each other freely."""
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in done:
            for needed in sorted(_references(contract.schemas[name])):
                visit(needed)
            done[name] = None

    for name in sorted(contract.schemas):
        visit(name)
    yield from done


def _references(node: Any) -> set[str]:
    if isinstance(node, list):
        return {name for item in node for name in _references(item)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
    return own.union(*(_references(value) for key, value in node.items() if key not in ("examples", "default")))


def _definition(contract: Contract, name: str) -> str:
    schema = contract.schemas[name]
    if "properties" not in schema and schema.get("type") != "object":
        return f"{name} = {_type(contract, schema)}"
    inner = _inner_objects(schema)
    classes = [_class(contract, _inner_name(name, key), value) for key, value in inner.items()]
    names = {key: _inner_name(name, key) for key in inner}
    return "\n\n\n".join([*classes, _class(contract, name, schema, names)])


def _inner_objects(schema: Schema) -> dict[str, Schema]:
    """Return the properties whose objects are described in place, each of which becomes a class of its own."""
    return {key: value for key, value in schema.get("properties", {}).items() if "properties" in value}


def _inner_name(name: str, key: str) -> str:
    return f"{name}{key.title()}"


def _class(contract: Contract, name: str, schema: Schema, inner: Mapping[str, str] = MappingProxyType({})) -> str:
    lines = [f"class {name}(TypedDict):", f'    """{schema["description"]}"""', ""]
    for key, value in schema.get("properties", {}).items():
        written = inner.get(key) or _type(contract, value)
        if may_be_null_on_wire(schema, key) and not written.endswith("None"):
            written += " | None"
        required = key in schema.get("required", ())
        lines.append(f"    {key}: {written if required else f'NotRequired[{written}]'}")
    return "\n".join(lines).rstrip()


def _type(contract: Contract, schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if options := schema.get("oneOf") or schema.get("anyOf"):
        return " | ".join(dict.fromkeys(_type(contract, option) for option in options))
    kinds = contract.types(schema)
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        literal = ", ".join(_quoted(value) for value in values if value is not None)
        return f"Literal[{literal}]" + (" | None" if None in values else "")
    return " | ".join(_plain(contract, schema, kind) for kind in kinds) or "Any"


def _quoted(value: str) -> str:
    return f'"{value}"'


def _plain(contract: Contract, schema: Schema, kind: str) -> str:
    if kind == "array":
        return f"list[{_type(contract, schema['items'])}]"
    if kind == "object":
        members = schema.get("additionalProperties")
        return f"dict[str, {_type(contract, members) if isinstance(members, dict) else 'Any'}]"
    return _SCALARS[kind]


if __name__ == "__main__":
    target = ROOT / "vocode_contract" / "contract" / "types"
    target.mkdir(exist_ok=True)
    for name, text in files().items():
        (target / name).write_text(text, encoding="utf-8")
