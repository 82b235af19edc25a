"""What no document decides: a table of policies, each with a default that its user may change.

Statuses that a policy takes are no violations although the contract does not list them. Keys beyond
the contract, and keys left out that have a default, are violations only where a policy forbids them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from vocode_contract.contract.model import Contract, Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Exchange
from vocode_contract.validation.keys import absent_keys, unknown_keys
from vocode_contract.validation.violation import Violation

Applies = Callable[[Exchange, Operation], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One thing that the documents leave open, and how we read it.

    Attributes:
        title: What is left open, as a phrase.
        statuses: Status codes that we take there, beside the declared ones; empty for a choice.
        applies: Whether an exchange is such a case.
        choices: Words to choose from, the default first; empty where status codes are listed.
        refuses: Whether it is about how something is refused: no other status code may be listed then.
    """

    title: str
    statuses: frozenset[int] = frozenset()
    applies: Applies
    choices: tuple[str, ...] = ()
    refuses: bool = False

    @property
    def default(self) -> str:
        """The default as its user would write it."""
        return self.choices[0] if self.choices else _written(self.statuses)


def _always(_exchange: Exchange, _operation: Operation) -> bool:
    return True


def _never(_exchange: Exchange, _operation: Operation) -> bool:
    return False


def _names_something(_exchange: Exchange, operation: Operation) -> bool:
    return operation.body is not None or any(parameter.name == "id" for parameter in operation.parameters)


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
        refuses=True,
    ),
    "unknown-id": Policy(
        title="how an id is refused that nothing has, or nothing of that kind",
        statuses=frozenset({400, 404, 409, 410}),
        applies=_names_something,
        refuses=True,
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
        refuses=True,
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
    "other-statuses": Policy(
        title="status codes that are taken for any request that may be served, though no document lists them",
        applies=_always,
    ),
    "extra-keys": Policy(
        title="whether answers may hold keys that the contract does not declare",
        applies=_never,
        choices=("allow", "forbid"),
    ),
    "missing-keys": Policy(
        title="whether answers may leave out keys that have a default",
        applies=_never,
        choices=("allow", "forbid"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies of one run.

    Attributes:
        chosen: Name to what its user wrote, where that is not the default.
    """

    chosen: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def from_words(cls, words: Iterable[str], *, option: str = "policy") -> Self:
        """Read policies as their user writes them; the last of a name counts.

        Args:
            words: Each ``NAME=VALUE``; a value is ``allow`` or ``forbid``, or status codes with
                commas between them, ``none`` for no code.
            option: What to call it in an error, as its user wrote it.

        Raises:
            InvalidOption: There is no such policy, or no such value.
        """
        chosen: dict[str, str] = {}
        for word in words:
            name, equals, value = (part.strip() for part in word.partition("="))
            if name not in POLICIES or not equals:
                raise InvalidOption(option, f"must be NAME=VALUE; names: {', '.join(POLICIES)}")
            chosen[name] = _fit(name, value, option)
        return cls(chosen={name: value for name, value in chosen.items() if value != POLICIES[name].default})

    def value(self, name: str) -> str:
        """Return a policy's value as its user would write it."""
        return self.chosen.get(name, POLICIES[name].default)

    def word(self, name: str) -> str:
        """Return a policy and its value as its user would write them."""
        return f"{name}={self.value(name)}"

    def statuses(self, name: str) -> frozenset[int]:
        """Return the status codes that a policy takes."""
        if name in self.chosen and not POLICIES[name].choices:
            return _read(self.chosen[name])
        return POLICIES[name].statuses

    def takes_everywhere(self, status: int) -> bool:
        """Return whether a status code is taken in place of any that is looked for."""
        return status in self.statuses("other-statuses")

    def take(self, exchange: Exchange, operation: Operation) -> str | None:
        """Return the name of the policy that takes an undeclared status; ``None`` where none does."""
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
        """Write all of them on one line, those that were changed first."""
        names = [*self.chosen, *(name for name in POLICIES if name not in self.chosen)]
        return "; ".join(map(self.word, names))


DEFAULT_POLICIES = Policies()


def forbidden_keys(policies: Policies, contract: Contract, name: str, value: object) -> Iterator[Violation]:
    """Yield a violation for each key that a policy forbids, or forbids to leave out.

    Args:
        policies: Of the run.
        contract: The contract to check against.
        name: The schema that the value is checked as.
        value: A parsed JSON value.
    """
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
        raise InvalidOption(option, f"{name} takes status codes with commas between them, or none")
    if POLICIES[name].refuses and any(code[0] not in "45" for code in codes):
        raise InvalidOption(option, f"{name} takes status codes from 400 to 599: others refuse nothing")
    return _written(map(int, codes))


def _written(statuses: Iterable[int]) -> str:
    return ",".join(map(str, sorted(set(statuses)))) or "none"


def _read(value: str) -> frozenset[int]:
    return frozenset(map(int, value.split(","))) if value != "none" else frozenset()
