"""A contract as a team has it: the newest shipped one, with additional required fields and listed values."""

import json
from functools import cache
from pathlib import Path

from vocode_contract.contract.model import Contract

MOOD = {"type": "string", "enum": ["calm", "angry"]}
#: Field of a call to its schema: each of another kind, all required.
FIELDS = {
    "mood": MOOD,
    "fee": {"type": "number", "minimum": 1, "maximum": 5},
    "ticket": {"type": "string", "pattern": "^T-[0-9]{3}$", "examples": ["T-123"]},
    "notes": {"type": "array", "items": {"type": "string", "maxLength": 9}, "minItems": 1},
}


@cache
def own_contract() -> Contract:
    """Return the contract, which its reports call 2031-01-01."""
    shipped = Contract.load("2024-08-27")
    patch = {
        name: {"properties": FIELDS, "required": [*shipped.schemas[name]["required"], *FIELDS]}
        for name in ("Call", "NormalizedCall")
    }
    queued = {"CallStatus": {"enum": [*shipped.schemas["CallStatus"]["enum"], "queued"]}}
    return shipped.with_overlay(patch | queued, date="2031-01-01")


def saved_contract(directory: Path, contract: Contract | None = None) -> Path:
    """Write a contract, by default this one, as an OpenAPI document."""
    document = dict((contract or own_contract()).document)
    document["info"] = {**document["info"], "version": own_contract().date}
    path = directory / "own contract.json"
    path.write_text(json.dumps(document), "utf-8")
    return path
