"""Files that many tests write: payloads for the command line, and any text."""

import json
from pathlib import Path

from vocode_contract.contract.model import Contract

CALL = Contract.load().schemas["Call"]["examples"][0]
RINGING = CALL | {"status": "ringing"}


def saved(path: Path, *values: object) -> Path:
    """Write values, a line each."""
    path.write_text("\n".join(json.dumps(value) for value in values), encoding="utf-8")
    return path


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
