"""Keep the exchanges in which violations were found, within bounds."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.validation.masking import mask_method, shown_key
from vocode_contract.validation.violation import ContractViolated, Violation, has_error

#: Violations that are kept at most, errors and others each.
_KEPT = 1_000
#: Bytes of bodies that are kept at most.
_BYTES = 16_777_216
#: Requests that were not checked, hosts and operations that are named at most.
_NAMED = 10


class TrafficRecord:
    """Keeps exchanges within bounds; whoever adds to it holds a lock.

    Attributes:
        exchanges: The exchanges with violations, in order.
        origins: The servers that requests went to, in order of appearance.
        operations: Names of the requested operations, in order of appearance.
        others: Requests that belong to no operation, or went to other hosts, masked; ten at most.
    """

    def __init__(self) -> None:
        self.exchanges: list[CheckedExchange] = []
        self.origins: dict[str, None] = {}
        self.operations: dict[str, None] = {}
        self.others: dict[str, None] = {}
        self._room = {True: _KEPT, False: _KEPT}
        self._bytes = _BYTES

    def add(self, checked: CheckedExchange) -> None:
        """Keep an exchange, and as many of its violations as there is room for."""
        _name(self.origins, checked.origin)
        _name(self.operations, checked.operation.name)
        violations = tuple(self._fit_violations(checked.violations))
        if violations:
            self.exchanges.append(replace(self._fit(checked), violations=violations))

    def add_other(self, request: Any) -> None:
        """Keep the name of a request that was not checked; of its path, only words."""
        path = "/".join(shown_key(part) if part else "" for part in request.url.path.split("/"))
        _name(self.others, f"{mask_method(request.method.upper())} {request.url.host}{path}")

    def _fit_violations(self, violations: tuple[Violation, ...]) -> Iterator[Violation]:
        for violation in violations:
            is_error = violation.severity == "error"
            if self._room[is_error]:
                self._room[is_error] -= 1
                yield violation

    def _fit(self, checked: CheckedExchange) -> CheckedExchange:
        size = len(checked.exchange.request.body) + len(checked.exchange.response.body)
        if size > self._bytes or not checked.is_complete:
            return checked.without_bodies()
        self._bytes -= size
        return checked


def error_of(exchanges: Iterable[CheckedExchange]) -> ContractViolated | None:
    """Return an error that holds the violations in exchanges, each once, those of like exchanges together.

    Returns:
        ``None`` if none of them is an error.
    """
    groups: dict[str, dict[Violation, None]] = {}
    for checked in exchanges:
        groups.setdefault(str(checked), {}).update(dict.fromkeys(checked.violations))
    found = [(violation, where) for where, group in groups.items() for violation in group]
    if not has_error(violation for violation, _ in found):
        return None
    violations, where = zip(*found, strict=True)
    return ContractViolated(violations, where)


def _name(names: dict[str, None], name: str) -> None:
    if len(names) < _NAMED:
        names[name] = None
