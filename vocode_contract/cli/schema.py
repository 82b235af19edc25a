"""``schema``: print a schema of the contract, or its OpenAPI document."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from vocode_contract.cli.completion import complete_profiles, complete_schemas
from vocode_contract.cli.options import contract_of, contract_option, examples, schema_of
from vocode_contract.cli.output import Output

if TYPE_CHECKING:
    from vocode_contract.contract.model import Contract, Schema

_COMPONENTS = "#/components/schemas/"
_DEFINITIONS = "#/$defs/"
#: Keywords of the computed schemas that only our own reports use.
_INTERNAL = ("x-source", "x-tag")


@click.command(
    short_help="Print a schema, or the OpenAPI document.",
    epilog=examples(
        "vocode-contract schema Call > call.schema.json",
        "vocode-contract schema --contract 2024-08-27 > openapi.json",
        "vocode-contract schema --profile wire Call",
        "vocode-contract schema --list",
    ),
)
@click.argument("name", required=False, shell_complete=complete_schemas)
@contract_option
@click.option(
    "--profile",
    metavar="NAME",
    default="documented",
    show_default=True,
    shell_complete=complete_profiles,
    help="documented prints the published schema; wire and tolerant print what payloads are validated against.",
)
@click.option("--list", "only_names", is_flag=True, help="List the names of the schemas.")
@click.pass_context
def schema(ctx: click.Context, name: str | None, *, date: str | None, profile: str, only_names: bool) -> None:
    """Print a self-contained schema, or the OpenAPI document if no NAME is given."""
    output = ctx.ensure_object(Output)
    contract = contract_of(date, profile)
    if only_names:
        output.write("".join(f"{known}\n" for known in sorted(contract.schemas)))
        return
    document = _document(contract) if name is None else bundle(contract, schema_of(contract, name))
    # ASCII, since the encoding of standard output is unknown.
    output.write(json.dumps(document, indent=2) + "\n")


def bundle(contract: "Contract", name: str) -> dict[str, Any]:
    """Return one schema with all schemas that it refers to under ``$defs``, for use by any JSON Schema tool."""
    schemas = _schemas(contract)
    needed = sorted(_dependencies(schemas, name))
    root = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_move(schemas[name])}
    return root | ({"$defs": {below: _move(schemas[below]) for below in needed}} if needed else {})


def _document(contract: "Contract") -> dict[str, Any]:
    components = {**contract.document["components"], "schemas": _schemas(contract)}
    return {**contract.document, "components": components}


def _schemas(contract: "Contract") -> Mapping[str, "Schema"]:
    from vocode_contract.contract.profile import schemas_under_profile

    if contract.profile == "documented":
        return contract.schemas
    return {name: _without_internal(schema) for name, schema in schemas_under_profile(contract).items()}


def _dependencies(schemas: Mapping[str, "Schema"], name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        below = set(_references(schemas[waiting.pop()])) - found
        found |= below
        waiting += below
    return found


def _references(node: object) -> Iterator[str]:
    if isinstance(node, str) and node.startswith(_COMPONENTS):
        yield node.removeprefix(_COMPONENTS)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _references(child)


def _move(node: Any) -> Any:
    """Copy a schema, its references changed to ``$defs``."""
    if isinstance(node, dict):
        return {key: _move(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_move(item) for item in node]
    return (
        node.replace(_COMPONENTS, _DEFINITIONS, 1) if isinstance(node, str) and node.startswith(_COMPONENTS) else node
    )


def _without_internal(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_internal(value) for key, value in node.items() if key not in _INTERNAL}
    return [_without_internal(item) for item in node] if isinstance(node, list) else node
