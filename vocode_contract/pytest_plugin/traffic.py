"""Report violations in the traffic of a test."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, quote, urlencode

import pytest

from vocode_contract.contract.model import Contract, Operation
from vocode_contract.http.body_store import Store
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.message import Headers, Request
from vocode_contract.http.traffic import Traffic
from vocode_contract.http.traffic.record import error_of
from vocode_contract.report.evidence import FirstSeen, is_harmless
from vocode_contract.report.evidence import written as evidence_of
from vocode_contract.report.results import HEARD, OPERATION, PASSED_BY, UNREAD, VERDICT, read, written
from vocode_contract.validation.masking import mask
from vocode_contract.validation.safe_text import inert
from vocode_contract.validation.violation import ContractViolated, Violation, has_error

_FIXTURE = "vocode_traffic"
_SCHEMES = ("Basic", "Bearer", "Digest", "Token")
#: Lines of a section beside a failure of the test itself.
_MOST_LINES = 50


class Overheard:
    """The traffic of one test, and how much of it has been noted and told."""

    def __init__(self, item: pytest.Item, traffic: Traffic) -> None:
        """Start with a test that has not been run."""
        self.traffic = traffic
        self._item = item
        self._noted = 0
        self._told = 0
        self._raised: ContractViolated | None = None
        self._has_passed = False
        self._operation = any(name == OPERATION for name, _ in item.user_properties)

    @contextmanager
    def judged(self, *, is_last: bool = False) -> Iterator[None]:
        """Run a phase of the test; an error in the traffic fails it, unless it fails by itself.

        Args:
            is_last: Whether nothing comes after it.

        Raises:
            ContractViolated: With all that was found and not told before.
        """
        __tracebackhide__ = True
        try:
            yield
        except pytest.skip.Exception:
            self._ensure()
            raise
        self._has_passed = self._has_passed or not is_last
        self._ensure()
        if is_last:
            self._item.user_properties += self._remarks()

    def note(self, *, conforms: bool = False) -> None:
        """Note what was found since the last time, as properties of the test.

        Args:
            conforms: Whether to note too that nothing was.
        """
        heard = self.traffic.record.exchanges[self._noted :]
        self._noted += len(heard)
        known = read(self._item.user_properties)
        new = [found for found in _violations(heard) if found not in known]
        witness = _Witness(self.traffic.contract, tuple(_showable(heard)))
        shown = _sights(witness.answers)
        new.sort(key=lambda found: found not in shown)  # no other exchange is evidence for what was not kept
        shown_new = {found: shown[found] for found in new if found in shown}
        evidence = evidence_of(shown_new, witness, first=len(known))
        self._item.user_properties += [*written(new), *evidence]
        if has_error(new):
            self._conclude("violates")  # whatever its client concluded before
        elif (conforms or new) and self.traffic.checked and not self._is_concluded:
            self._conclude("conforms")

    def told(self, error: BaseException | None) -> str:
        """Return what explains a failure of the test itself, and take all for told; empty where nothing does.

        Args:
            error: What the failure says.
        """
        untold = error_of(self.traffic.record.exchanges[self._told :])
        self._told = len(self.traffic.record.exchanges)
        if untold is None or (error is not None and error is self._raised):
            return ""
        more = len(untold.lines) - _MOST_LINES
        lines = [*untold.lines[:_MOST_LINES], *([f"... and {more:,} more"] if more > 0 else [])]
        return "\n".join(map(inert, lines))

    def _ensure(self) -> None:
        __tracebackhide__ = True
        self.note(conforms=True)
        self._raised = error_of(self.traffic.record.exchanges[self._told :])
        if self._raised is not None:
            raise self._raised from None

    @property
    def _is_concluded(self) -> bool:
        return any(name == VERDICT for name, _ in self._item.user_properties)

    def _conclude(self, verdict: str) -> None:
        """Note the verdict, and what it is about."""
        kept = self.traffic.record
        ours = {VERDICT: verdict, HEARD: inert(", ".join(kept.origins))}
        if not self._operation:
            ours[OPERATION] = ", ".join(kept.operations)
        others = [each for each in self._item.user_properties if each[0] not in ours]
        self._item.user_properties[:] = [*others, *ours.items()]

    def _remarks(self) -> Iterator[tuple[str, str]]:
        """Yield what has no verdict though the test passed: a URL may be misspelt, a client not be wrapped."""
        traffic = self.traffic
        if traffic.unread:
            yield UNREAD, str(traffic.unread)
        if not self._has_passed or traffic.checked:
            return
        if traffic.passed or _FIXTURE in inspect.signature(getattr(self._item, "function", _none)).parameters:
            yield PASSED_BY, inert(", ".join(traffic.record.others))


@dataclass(frozen=True, slots=True)
class _Witness:
    """Holds what evidence is made of."""

    contract: Contract
    answers: tuple[CheckedExchange, ...]
    store: Store = field(default_factory=Store)


def _none() -> None:
    """Stand for a test that is no function."""


def _sights(answers: Iterable[CheckedExchange]) -> Mapping[Violation, FirstSeen]:
    sights: dict[Violation, FirstSeen] = {}
    for answer in answers:
        for found in answer.violations:
            sights.setdefault(found, FirstSeen(answer=answer, place=found.instance_pointer))
    return sights


def _violations(exchanges: Iterable[CheckedExchange]) -> Mapping[Violation, None]:
    return dict.fromkeys(violation for checked in exchanges for violation in checked.violations)


def _showable(exchanges: Iterable[CheckedExchange]) -> Iterator[CheckedExchange]:
    """Yield exchanges that can be evidence, without what may be secret in a user's own requests."""
    for checked in exchanges:
        if checked.is_complete:
            exchange = checked.exchange
            yield replace(checked, exchange=replace(exchange, request=_fit(exchange.request, checked.operation)))


def _fit(request: Request, operation: Operation) -> Request:
    """Leave out a prefix of the URL path and undeclared parameters; mask what is no id and no small number."""
    declared = {parameter.name for parameter in operation.parameters}
    pairs = [
        (name, value if is_harmless(value) else mask(value, "text"))
        for name, value in parse_qsl(request.query, keep_blank_values=True)
        if name in declared
    ]
    prefix = "" if request.path.rstrip("/") == operation.path else "/..."
    return replace(
        request,
        path=f"{prefix}{operation.path}",
        query=urlencode(pairs, quote_via=quote),
        headers=tuple(_headers(request.headers)),
    )


def _headers(headers: Headers) -> Iterator[tuple[str, str]]:
    """Yield headers but those of the connection: of Authorization a known scheme, of Content-Type no parameter."""
    for name, value in headers:
        if name.lower() == "authorization":
            scheme = value.partition(" ")[0]
            yield name, f"{scheme if scheme in _SCHEMES else ''} token"
        elif name.lower() == "content-type":
            yield name, value.partition(";")[0]
        elif name.lower() != "connection":
            yield name, value
