"""Files that many tests write: payloads for the command line, and any text."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from vocode_contract.contract.model import Contract

CALL = Contract.load().schemas["Call"]["examples"][0]


def _masked(call: dict[str, Any]) -> dict[str, Any]:
    """Return a call whose credentials are masked, as a sound server sends them."""
    copy = deepcopy(call)
    copy["agent"]["vector_database"]["api_key"] = "***"
    copy["telephony_account_connection"]["credentials"]["twilio_auth_token"] = "***"
    copy["agent"]["openai_account_connection"]["credentials"]["openai_api_key"] = "***"
    return copy


#: The published example, about which there is nothing to report.
SOUND = _masked(CALL)
RINGING = CALL | {"status": "ringing"}


def saved(path: Path, *values: object) -> Path:
    """Write values, a line each."""
    path.write_text("\n".join(json.dumps(value) for value in values), encoding="utf-8")
    return path


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
