"""Ten thousand varied Calls as servers send them, from a seed; a share of them made invalid."""

import copy
import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson

from vocode_contract.contract.model import Contract

SEED = 20231130

Call = dict[str, Any]


def calls(count: int, *, invalid: float, seed: int = SEED) -> list[Call]:
    """Make Calls that conform under the profile wire, but for a share.

    Args:
        count: How many.
        invalid: The share of Calls that are broken in one place, from 0 to 1.
        seed: The same seed gives the same Calls.
    """
    rng = random.Random(seed)
    made = [_varied(rng) for _ in range(count)]
    for call in made:
        if rng.random() < invalid:
            rng.choice(_DAMAGES)(call)
    return made


def payloads(count: int, *, invalid: float) -> list[bytes]:
    """Make the same Calls as bytes, written as the API's framework writes JSON: compact."""
    return [orjson.dumps(call) for call in calls(count, invalid=invalid)]


def _varied(rng: random.Random) -> Call:
    contract = Contract.load()
    call: Call = copy.deepcopy(contract.schemas["Call"]["examples"][0])
    agent = call["agent"]
    agent["voice"] = copy.deepcopy(rng.choice(_examples(contract, "Voice")))
    agent["actions"] = [copy.deepcopy(rng.choice(_examples(contract, "Action"))) for _ in range(rng.randrange(4))]
    call["status"] = rng.choice(contract.schemas["CallStatus"]["enum"])
    call["id"], call["user_id"] = (str(UUID(int=rng.getrandbits(128))) for _ in range(2))
    call["transcript"] = "\n".join(f"BOT: line {number}" for number in range(rng.randrange(40)))
    for holder, name in ((call, "Call"), (agent, "Agent"), (agent["prompt"], "Prompt")):
        _unset(rng, holder, contract.schemas[name])
    return call


def _examples(contract: Contract, union: str) -> list[Any]:
    names = [option["$ref"].rpartition("/")[2] for option in contract.schemas[union]["oneOf"]]
    return [contract.schemas[name]["examples"][0] for name in names]


def _unset(rng: random.Random, holder: dict[str, Any], schema: Any) -> None:
    """Send null for some optional properties without a default, as servers do for unset ones."""
    for key, value in schema["properties"].items():
        if key not in schema["required"] and "default" not in value and rng.random() < 0.4:
            holder[key] = None


def _without_agent(call: Call) -> None:
    del call["agent"]


def _wrong_status(call: Call) -> None:
    call["status"] = "ringing"


def _number_in_quotes(call: Call) -> None:
    call["agent"]["conversation_speed"] = "1.0"


def _unknown_voice(call: Call) -> None:
    call["agent"]["voice"]["type"] = "voice_unheard_of"


def _short_id(call: Call) -> None:
    call["agent"]["prompt"]["id"] = call["id"].replace("-", "")


def _null_number(call: Call) -> None:
    call["to_number"] = None


_DAMAGES: tuple[Callable[[Call], None], ...] = (
    _without_agent,
    _wrong_status,
    _number_in_quotes,
    _unknown_voice,
    _short_id,
    _null_number,
)
