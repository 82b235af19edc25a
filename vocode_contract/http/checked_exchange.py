"""CheckedExchange: one exchange and the violations in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from vocode_contract.contract.operation import Operation
from vocode_contract.http.guard.guard import SIMULATOR_HEADER
from vocode_contract.http.message import Exchange
from vocode_contract.http.policies import DEFAULT_POLICIES, Policies
from vocode_contract.validation.lifecycle.history import Observation
from vocode_contract.validation.scalars import uuid_of
from vocode_contract.validation.violation import Violation, has_error

#: Keys that tell a call from other objects with an id.
_CALL = frozenset(("to_number", "from_number", "telephony_provider"))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedExchange:
    """One exchange and its violations; its representation shows no payload.

    Attributes:
        at: When the response came, in seconds since the epoch.
        is_ordered: Whether it is known to have been made after the exchanges that came before it.
        is_complete: Whether the bodies are there: large ones of a user's own traffic are not kept.
        origin: Scheme, host and port of the server.
        after: The last exchange with an effect that the same client made before.
        in_shell: Name of a secret header of the request, in lower case, to its value for a double-quoted shell word.
        is_generated: Whether the request was generated, and so hides no value of the API's except ids.
    """

    operation: Operation
    exchange: Exchange = field(repr=False)
    violations: tuple[Violation, ...]
    contract: str
    at: float = 0
    policies: Policies = DEFAULT_POLICIES
    is_ordered: bool = True
    is_complete: bool = True
    origin: str = ""
    after: "CheckedExchange | None" = field(default=None, repr=False, compare=False)
    in_shell: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    is_generated: bool = False

    def __str__(self) -> str:
        """Describe it in the contract's words."""
        return f"{self.operation.method} {self.operation.path} answered {self.status} ({self.operation.name})"

    def without_bodies(self) -> "CheckedExchange":
        """Return a copy that holds the violations, and neither of the bodies."""
        request, response = replace(self.exchange.request, body=b""), replace(self.exchange.response, body=b"")
        exchange = replace(self.exchange, request=request, response=response)
        return replace(self, exchange=exchange, is_complete=False)

    @property
    def status(self) -> int:
        """The status code."""
        return self.exchange.response.status

    @property
    def is_success(self) -> bool:
        """Whether the request was served: a status code from 200 to 299."""
        return 200 <= self.status < 300

    @property
    def is_simulated(self) -> bool:
        """Whether the server says that its calls are not real."""
        return self.exchange.response.header(SIMULATOR_HEADER) is not None

    @property
    def earlier_acts(self) -> Iterator["CheckedExchange"]:
        """The earlier exchanges of the client that had an effect, the last one first."""
        act = self.after
        while act is not None:
            yield act
            act = act.after

    @property
    def requested_id(self) -> str | None:
        """The call id in the request, else that in the response body; ``None`` if there is none."""
        asked = self._ids_in_query
        return asked[0] if asked else self.call_id

    @property
    def _ids_in_query(self) -> list[str]:
        return [value for name, value in parse_qsl(self.exchange.request.query) if name == "id"]

    @property
    def value(self) -> Any:
        """The JSON value of the body; ``None`` if it holds none."""
        return self.exchange.document.value

    @property
    def members(self) -> Mapping[str, Any]:
        """The body as an object; empty if it is none."""
        value = self.value
        return value if isinstance(value, dict) else {}

    @property
    def call_id(self) -> str | None:
        """The id of the call in the body; ``None`` if there is none."""
        return _id_of(self.members)

    @property
    def holds_a_call(self) -> bool:
        """Whether the body holds a call at any depth: an object with an id and a key such as ``to_number``."""
        level: list[Any] = [self.value]
        while level:
            objects = [one for one in level if isinstance(one, dict)]
            if any(uuid_of(one.get("id")) and not _CALL.isdisjoint(one) for one in objects):
                return True
            items = [item for one in level if isinstance(one, list) for item in one]
            level = [*items, *(child for one in objects for child in one.values())]
        return False

    @property
    def call_status(self) -> str | None:
        """The status of the call in the body; ``None`` if it is not a string."""
        status = self.members.get("status")
        return status if isinstance(status, str) else None

    @property
    def is_valid(self) -> bool:
        """Whether the checks found no error."""
        return not has_error(self.violations)

    @property
    def items(self) -> tuple[Mapping[str, Any], ...]:
        """The calls on the page in the body; none if it holds no page."""
        return list_items(self.members)

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The ids of the calls on the page, in its order."""
        return tuple(item["id"] for item in self.items if uuid_of(item.get("id")))

    def item(self, identifier: str) -> Mapping[str, Any]:
        """Return a call on the page by its id; empty if the page does not hold it."""
        wanted = uuid_of(identifier)
        return next((item for item in self.items if wanted and uuid_of(item.get("id")) == wanted), {})

    def find_pointer(self, identifier: str) -> str:
        """Return the JSON Pointer to a call in the body by its id; empty if the body is the call, or lacks it."""
        items = () if "status" in self.members else self.members.get("items", ())
        ids = (uuid_of(item.get("id")) if isinstance(item, dict) else None for item in items)
        index = next((index for index, known in enumerate(ids) if known == uuid_of(identifier)), None)
        return "" if index is None else f"/items/{index}"

    @property
    def observations(self) -> Mapping[str, Observation]:
        """The observations of calls in the response, by the id in the request or in the list."""
        if self.status != 200 or not self.is_ordered or any(found.code == "other-call" for found in self.violations):
            return {}
        members, asked = self.members, self._ids_in_query
        calls: dict[str, Mapping[str, Any]] = {
            item["id"]: item for item in list_items(members) if uuid_of(item.get("id"))
        }
        name = asked[0] if asked else _id_of(members)
        if name and len(asked) < 2 and "status" in members:
            calls[name] = members
        return {
            str(uuid_of(name)): Observation(at=self.at, operation=self.operation.name, value=call)
            for name, call in calls.items()
        }


def collect_looks(answers: Iterable[CheckedExchange]) -> dict[str, list[tuple[CheckedExchange, Observation]]]:
    """Return what exchanges show of each call, by its id and in their order."""
    looks: dict[str, list[tuple[CheckedExchange, Observation]]] = {}
    for answer in answers:
        for identifier, observation in answer.observations.items():
            looks.setdefault(identifier, []).append((answer, observation))
    return looks


def _id_of(members: Mapping[str, Any]) -> str | None:
    identifier = members.get("id")
    return identifier if uuid_of(identifier) else None


def list_items(body: object) -> tuple[dict[str, Any], ...]:
    """Return the objects on a page; none if the parsed body holds no page."""
    items = body.get("items") if isinstance(body, dict) else None
    return tuple(item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
