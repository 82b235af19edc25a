"""Comparing contracts: two documents of 200 KB, loaded and compared."""

import json
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.measuring import ROUNDS, Reading
from vocode_contract.contract.diff import changes, group_changes
from vocode_contract.contract.model import Contract

_SCHEMAS, _PROPERTIES = 118, 20
#: Seconds that loading and comparing both may take.
_MOST = 1


def figures() -> Iterator[Reading]:
    """Measure with every fifth property changed, and with all schemas renamed too."""
    for name, prefix in (("properties changed", "Schema"), ("properties changed, schemas renamed", "Model")):
        texts = json.dumps(_make_document("Schema", "string")), json.dumps(_make_document(prefix, ["string", "null"]))
        seconds = []
        for turn in range(ROUNDS):
            # The blanks make each text a new one: the package keeps what it has loaded.
            old, new = (" " * turn + text for text in texts)
            start = time.process_time()
            group_changes(changes(*(Contract.from_openapi(text, profile="documented") for text in (old, new))))
            seconds.append(time.process_time() - start)
        size = len(texts[0]) // 1_000
        yield Reading(name=f"two documents of {size} KB, {name}", value=min(seconds), unit="s", most=_MOST)


def _make_document(prefix: str, kind: Any) -> dict[str, Any]:
    names = [f"{prefix}{number}" for number in range(_SCHEMAS)]
    schemas = {}
    for name, below in zip(names, [*names[1:], names[0]], strict=True):
        properties = {
            f"prop_{number}": {"type": "string" if number % 5 else kind, "description": "what it is" * 2}
            for number in range(_PROPERTIES)
        }
        properties |= {"id": {"type": "string", "format": "uuid"}, "next": _refer(below)}
        schemas[name] = {"type": "object", "required": ["id"], "properties": properties}
    bodies = {name: {"description": "", "content": {"application/json": {"schema": _refer(name)}}} for name in names}
    paths = {
        f"/things{number}": {"get": {"operationId": f"get{number}", "responses": {"200": body}}}
        for number, body in enumerate(bodies.values())
    }
    info = {"title": "t", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _refer(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
