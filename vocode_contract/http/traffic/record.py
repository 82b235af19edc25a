"""Keep the exchanges in which violations were found, within bounds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from vocode_contract.contract.model import Operation
from vocode_contract.http.message import Exchange
from vocode_contract.validation.masking import shown_key
from vocode_contract.validation.violation import ContractViolated, Violation

#: Violations that are kept at most, errors and others each; further ones are counted alone.
_KEPT = 1_000
#: Bytes of bodies that are kept at most.
_BYTES = 16_777_216
#: Requests that were not checked, hosts and operations that are named at most.
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One exchange that went by, in which something is wrong.

    Attributes:
        operation: What was asked for.
        status: Status code of the response.
        origin: Scheme, host and port that were asked.
        violations: The violations.
        exchange: What was said; ``None`` where that is too much to be kept, or the body is not known.
    """

    operation: Operation = field(repr=False)
    status: int
    origin: str
    violations: tuple[Violation, ...]
    exchange: Exchange | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Write it as a phrase, in words of the contract alone."""
        return f"{self.operation.method} {self.operation.path} answered {self.status} ({self.operation.name})"


class Kept:
    """Keeps exchanges; whoever adds to it holds a lock.

    Attributes:
        heard: Exchanges in which something is wrong, in order.
        origins: What was asked, in order of appearance.
        operations: Names of the operations that were asked for, in order of appearance.
        others: Requests that are none of an operation, or to other hosts, masked; ten at most.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self.heard: list[Heard] = []
        self.origins: dict[str, None] = {}
        self.operations: dict[str, None] = {}
        self.others: dict[str, None] = {}
        self._room = {True: _KEPT, False: _KEPT}
        self._bytes = _BYTES

    def add(self, heard: Heard) -> None:
        """Keep an exchange, and of its violations what there is room for."""
        _name(self.origins, heard.origin)
        _name(self.operations, heard.operation.name)
        violations = tuple(self._fitting(heard.violations))
        if violations:
            self.heard.append(replace(heard, violations=violations, exchange=self._exchange(heard.exchange)))

    def add_other(self, request: Any) -> None:
        """Keep the name of a request that was not checked: of its path, words alone."""
        path = "/".join(map(_shown, request.url.path.split("/")))
        _name(self.others, f"{request.method.upper()} {request.url.host}{path}")

    def _fitting(self, violations: tuple[Violation, ...]) -> Iterator[Violation]:
        for violation in violations:
            is_error = violation.severity == "error"
            if self._room[is_error]:
                self._room[is_error] -= 1
                yield violation

    def _exchange(self, exchange: Exchange | None) -> Exchange | None:
        size = 0 if exchange is None else len(exchange.request.body) + len(exchange.response.body)
        if size > self._bytes:
            return None
        self._bytes -= size
        return exchange


def violated(heard: Iterable[Heard]) -> ContractViolated | None:
    """Make an error that holds what is wrong with exchanges, each thing once, those alike together.

    Returns:
        ``None`` without an error among them.
    """
    groups: dict[str, dict[Violation, None]] = {}
    for one in heard:
        groups.setdefault(str(one), {}).update(dict.fromkeys(one.violations))
    found = [(violation, where) for where, group in groups.items() for violation in group]
    if not any(violation.severity == "error" for violation, _ in found):
        return None
    violations, where = zip(*found, strict=True)
    return ContractViolated(violations, where)


def _name(names: dict[str, None], name: str) -> None:
    if len(names) < _NAMED:
        names[name] = None


def _shown(segment: str) -> str:
    return shown_key(segment) if segment else ""
