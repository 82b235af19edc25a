"""Read the state of a receiver, and compare two states."""

import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeAlias

from vocode_contract.errors import InvalidOption
from vocode_contract.webhooks.sending import Deliverer, Delivery
from vocode_contract.webhooks.sending.target import Target

#: Returns the receiver's state of a call, given its id, as a JSON value.
ReadState: TypeAlias = Callable[[str], Any]

_PLACEHOLDER = re.compile(r"\{call_id\}|%7[Bb]call_id%7[Dd]")


class StateUnread(Exception):
    """The state could not be read; its text says why, and is safe to show."""


def state_reader(url: str, deliverer: Deliverer, *, allowed_hosts: Collection[str] = ()) -> ReadState:
    """Return a function that reads the state of a call by GET.

    Args:
        url: With ``{call_id}`` in place of the id. Otherwise, the response is an object of all calls by id.
        deliverer: Sends.
        allowed_hosts: Exact hosts beyond loopback that may be read from.

    Raises:
        InvalidOption: The URL is not allowed.
    """
    Target.from_url(_PLACEHOLDER.sub("x", url), allowed_hosts=allowed_hosts, option="state")

    def read(call_id: str) -> Any:
        address, count = _PLACEHOLDER.subn(call_id, url)
        answer = deliverer.send(Delivery(url=address, body=b"", method="GET", headers=(), label="state"))
        if answer.status == 404 and count:
            return None
        if answer.outcome != "delivered":
            raise StateUnread(f"the state could not be read: {answer.status or answer.outcome}")
        try:
            value = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise StateUnread("the state is not JSON") from None
        if count:
            return value
        if not isinstance(value, dict):
            raise StateUnread("the state is not an object of calls by id; put {call_id} into its URL")
        return value.get(call_id)

    return read


def anonymous(state: Any, call_id: str) -> Any:
    """Return a state as JSON, with the call's id replaced everywhere, so that states of two calls can be compared.

    Raises:
        InvalidOption: The state cannot be written as JSON.
    """
    try:
        text = json.dumps(state)
    except (TypeError, ValueError, RecursionError):  # its text may quote the state
        raise InvalidOption("state", "cannot be written as JSON") from None
    return json.loads(re.sub(re.escape(call_id), "CALL", text, flags=re.IGNORECASE))


def differences(one: Any, other: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of keys and indices to each place where two states differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            if key in one and key in other:
                yield from differences(one[key], other[key], *path, key)
            else:
                yield (*path, key)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, *path, index)
    elif one != other or type(one) is not type(other):
        yield path
