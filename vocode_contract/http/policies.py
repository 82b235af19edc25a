"""Policies: choices that no document makes, each with a default that the user can change.

A status code that a policy allows is not a violation, although the contract does not list it. Undeclared keys, and
missing keys that have a default, are violations only if a policy forbids them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self
from urllib.parse import parse_qsl

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Exchange
from vocode_contract.validation.keys import absent_keys, unknown_keys
from vocode_contract.validation.violation import Violation

#: Digits of the largest number or size of a page that a list may have.
_DIGITS = 4
Applies = Callable[[Exchange, Operation], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One choice that the documents leave open.

    Attributes:
        title: The behaviour that the documents leave open, as a phrase.
        statuses: Status codes that are allowed besides the declared ones; empty for a choice of words.
        applies: Whether an exchange is such a case.
        choices: Words to choose from, the default first; empty for status codes.
        refuses: Whether it is about a rejection, so that only status codes from 400 to 599 may be listed.
    """

    title: str
    statuses: frozenset[int] = frozenset()
    applies: Applies = lambda *_: True
    choices: tuple[str, ...] = ()
    refuses: bool = False

    @property
    def values(self) -> str:
        """The allowed values as a phrase."""
        if self.choices:
            return " or ".join(self.choices)
        return f"status codes {'from 400 to 599 ' if self.refuses else ''}separated by commas, or none"

    @property
    def summary(self) -> str:
        """What it is about, the allowed values and the default."""
        return f"{self.title}: {self.values} (default: {self.default})"

    @property
    def default(self) -> str:
        """The default as the user would write it."""
        return self.choices[0] if self.choices else _format_statuses(self.statuses)


def _names_something(_exchange: Exchange, operation: Operation) -> bool:
    return operation.body is not None or any(parameter.name == "id" for parameter in operation.parameters)


def _odd_page(exchange: Exchange, _operation: Operation) -> bool:
    asked = dict(parse_qsl(exchange.request.query))
    sent = [asked[name] for name in ("page", "size") if name in asked]
    return any(number.startswith(("0", "-")) or len(number) > _DIGITS for number in sent)


POLICIES: Mapping[str, Policy] = {
    "authentication": Policy(
        title="rejection of a request without valid authentication",
        statuses=frozenset({401, 403}),
        refuses=True,
    ),
    "unknown-id": Policy(
        title="rejection of an id that does not exist, or that the operation does not accept",
        statuses=frozenset({400, 404, 409, 410}),
        applies=_names_something,
        refuses=True,
    ),
    "page-bounds": Policy(
        title="rejection of a page number or size below 1 or above 9999",
        statuses=frozenset({400, 404}),
        applies=_odd_page,
        refuses=True,
    ),
    "ended-call": Policy(
        title="response to ending a call that can no longer be ended",
        statuses=frozenset({400, 404, 409}),
        applies=lambda _, operation: operation.effect == "hangs-up",
    ),
    "other-method": Policy(
        title="rejection of a method that is not declared for the URL path",
        statuses=frozenset({404, 405, 501}),
        applies=lambda exchange, operation: exchange.request.method != operation.method,
        refuses=True,
    ),
    "trailing-slash": Policy(
        title="response to a URL path with a trailing slash",
        statuses=frozenset({307, 308, 404}),
        applies=lambda exchange, operation: exchange.request.path.endswith("/") and not operation.path.endswith("/"),
    ),
    "overload": Policy(
        title="response of an overloaded server, or of a gateway in front of it",
        statuses=frozenset({429, 502, 503, 504}),
    ),
    "other-statuses": Policy(
        title="additional status codes that are allowed for any request",
    ),
    "extra-keys": Policy(
        title="keys of a resource in a response, such as a call or a page, that the contract does not declare",
        choices=("allow", "forbid"),
    ),
    "missing-keys": Policy(
        title="keys with a default that are missing in a resource",
        choices=("allow", "forbid"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies of one run.

    Attributes:
        chosen: Name to value, for those that differ from the default.
    """

    chosen: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def from_words(cls, words: Iterable[str], *, option: str = "policy") -> Self:
        """Parse policies as the user writes them; the last one of a name counts.

        Args:
            words: Each ``NAME=VALUE``; a value is ``allow`` or ``forbid``, or status codes separated by commas, or
                ``none``.
            option: Its name in an error.

        Raises:
            InvalidOption: There is no such policy, or no such value.
        """
        chosen: dict[str, str] = {}
        for word in words:
            name, equals, value = (part.strip() for part in word.partition("="))
            if name not in POLICIES or not equals:
                remedy = "'vocode-contract explain --policies' lists their values"
                raise InvalidOption(option, f"must be NAME=VALUE; names: {', '.join(POLICIES)}; {remedy}")
            chosen[name] = _fit(name, value, option)
        return cls(chosen={name: value for name, value in chosen.items() if value != POLICIES[name].default})

    def value(self, name: str) -> str:
        """Return a policy's value as the user would write it."""
        return self.chosen.get(name, POLICIES[name].default)

    def word(self, name: str) -> str:
        """Return a policy and its value as the user would write them."""
        return f"{name}={self.value(name)}"

    def statuses(self, name: str) -> frozenset[int]:
        """Return the status codes that a policy allows."""
        if name in self.chosen and not POLICIES[name].choices:
            return _parse_statuses(self.chosen[name])
        return POLICIES[name].statuses

    def allows_everywhere(self, status: int) -> bool:
        """Return whether a status code is allowed for any request."""
        return status in self.statuses("other-statuses")

    def find_policy(self, exchange: Exchange, operation: Operation) -> str | None:
        """Return the name of the policy that allows an undeclared status code; ``None`` if none does."""
        status = exchange.response.status
        return next(
            (
                name
                for name, policy in POLICIES.items()
                if status in self.statuses(name) and policy.applies(exchange, operation)
            ),
            None,
        )

    def __str__(self) -> str:
        """Return the policies that differ from their defaults on one line."""
        return "; ".join(map(self.word, self.chosen))


DEFAULT_POLICIES = Policies()


def forbidden_keys(policies: Policies, contract: Contract, name: str, value: object) -> Iterator[Violation]:
    """Yield a violation for each key that a policy forbids, or forbids to be absent."""
    if policies.value("extra-keys") == "forbid":
        for violation in unknown_keys(contract, name, value):
            yield replace(violation, policy="extra-keys=forbid")
    if policies.value("missing-keys") == "forbid":
        yield from absent_keys(contract, name, value)


def _fit(name: str, value: str, option: str) -> str:
    """Return a value in its one spelling.

    Raises:
        InvalidOption: It is none for this policy.
    """
    choices = POLICIES[name].choices
    if choices and value not in choices:
        raise InvalidOption(option, f"{name} is one of {', '.join(choices)}")
    if choices:
        return value
    codes = [] if value == "none" else [code.strip() for code in value.split(",")]
    if not all(code.isascii() and code.isdigit() and len(code) == 3 and "1" <= code[0] <= "5" for code in codes):
        raise InvalidOption(option, f"{name} takes {POLICIES[name].values}")
    if POLICIES[name].refuses and any(code[0] not in "45" for code in codes):
        raise InvalidOption(option, f"{name} takes {POLICIES[name].values}; other codes reject nothing")
    return _format_statuses(map(int, codes))


def _format_statuses(statuses: Iterable[int]) -> str:
    return ",".join(map(str, sorted(set(statuses)))) or "none"


def _parse_statuses(value: str) -> frozenset[int]:
    return frozenset(map(int, value.split(","))) if value != "none" else frozenset()
