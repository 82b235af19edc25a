"""Small archives for the tests of the audit."""

import json
from pathlib import Path
from typing import Any

from vocode_contract.contract.model import Contract

EXAMPLE: dict[str, Any] = Contract.load().schemas["Call"]["examples"][0]


def call(number: int, **changes: Any) -> dict[str, Any]:
    """Return a Call with an id of its own."""
    return {**EXAMPLE, "id": f"00000000-0000-4000-8000-{number:012}", **changes}


def write_lines(path: Path, payloads: list[Any]) -> str:
    """Write JSON Lines; return the path."""
    path.write_bytes(b"".join(json.dumps(each).encode() + b"\n" for each in payloads))
    return str(path)
