"""The state of a receiver, as its user lets it be read, and in what two states differ."""

import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeAlias

from vocode_contract.errors import InvalidOption
from vocode_contract.webhooks.sending import Deliverer, Delivery
from vocode_contract.webhooks.sending.target import Target

#: Returns what a receiver knows of a call, given its id, as a JSON value.
ReadState: TypeAlias = Callable[[str], Any]

_PLACEHOLDER = re.compile(r"\{call_id\}|%7[Bb]call_id%7[Dd]")


class StateUnread(Exception):
    """The state could not be read.

    Attributes:
        reason: Why; safe to show.
    """

    def __init__(self, reason: str) -> None:
        """Say why."""
        super().__init__(reason)
        self.reason = reason


def from_url(url: str, deliverer: Deliverer, *, allowed_hosts: Collection[str] = ()) -> ReadState:
    """Return what reads the state by GET.

    Args:
        url: With ``{call_id}`` where the id goes; without, the response is an object of all calls by id.
        deliverer: Sends.
        allowed_hosts: Exact hosts beyond loopback that may be asked.

    Raises:
        InvalidOption: The address must not be asked.
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
        return value if count else _of_call(value, call_id)

    return read


def _of_call(value: Any, call_id: str) -> Any:
    if not isinstance(value, dict):
        raise StateUnread("the state is no object of calls by id; put {call_id} into its URL")
    return value.get(call_id)


def anonymous(state: Any, call_id: str) -> Any:
    """Return a state with the call's id replaced, in keys too, as JSON would have it.

    Raises:
        InvalidOption: The state holds what JSON cannot.
    """
    try:
        text = json.dumps(state)
    except (TypeError, ValueError, RecursionError):  # its text may quote the state
        raise InvalidOption("state", "holds what JSON cannot") from None
    return json.loads(re.sub(re.escape(call_id), "CALL", text, flags=re.IGNORECASE))


def differences(one: Any, other: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the keys and indices that lead to each place where two states differ."""
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
