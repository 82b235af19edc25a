"""What no document decides: the answers we take although the contract does not list them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vocode_contract.contract import Operation
from vocode_contract.exchange import Exchange

Applies = Callable[[Exchange, Operation], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One thing that the documents leave open, and how we read it.

    Attributes:
        title: What is left open, as a phrase.
        statuses: Status codes that we take there, beside the declared ones.
        applies: Whether an exchange is such a case.
    """

    title: str
    statuses: frozenset[int]
    applies: Applies


def _always(_exchange: Exchange, _operation: Operation) -> bool:
    return True


def _asks_for_an_id(_exchange: Exchange, operation: Operation) -> bool:
    return any(parameter.name == "id" for parameter in operation.parameters)


def _hangs_up(_exchange: Exchange, operation: Operation) -> bool:
    return operation.effect == "hangs-up"


def _other_method(exchange: Exchange, operation: Operation) -> bool:
    return exchange.request.method != operation.method


def _trailing_slash(exchange: Exchange, operation: Operation) -> bool:
    return exchange.request.path.endswith("/") and not operation.path.endswith("/")


POLICIES: Mapping[str, Policy] = {
    "authentication": Policy(
        title="how a request without valid authentication is refused",
        statuses=frozenset({401, 403}),
        applies=_always,
    ),
    "unknown-id": Policy(
        title="how an id is refused that no call has",
        statuses=frozenset({404}),
        applies=_asks_for_an_id,
    ),
    "ended-call": Policy(
        title="what ending a call answers that cannot be ended any more",
        statuses=frozenset({400, 404, 409}),
        applies=_hangs_up,
    ),
    "other-method": Policy(
        title="how a method is refused that the URL path does not know",
        statuses=frozenset({404, 405, 501}),
        applies=_other_method,
    ),
    "trailing-slash": Policy(
        title="what a URL path with a slash too many answers",
        statuses=frozenset({307, 308, 404}),
        applies=_trailing_slash,
    ),
    "overload": Policy(
        title="how a server, or a proxy before it, says that it cannot answer now",
        statuses=frozenset({429, 502, 503, 504}),
        applies=_always,
    ),
}


def policy_for(exchange: Exchange, operation: Operation) -> Policy | None:
    """Return the policy under which an undeclared status is taken; ``None`` where none takes it."""
    status = exchange.response.status
    return next(
        (policy for policy in POLICIES.values() if status in policy.statuses and policy.applies(exchange, operation)),
        None,
    )
