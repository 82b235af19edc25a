"""What may be sent where: the rules that keep a test from ringing a person's phone.

Everything may be sent to a loopback host. Elsewhere, reading may, and what must be refused for lack
of authentication if it would do no harm when it is not: it rings a number of fiction, or ends a call
that nobody has. An effect in the world needs three consents that agree: a flag for this run, the
host in the user's own configuration, and the object, a call or a number that was named. Production
needs a second word. The environment variable VOCODE_CONTRACT_READ_ONLY wins over everything.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock

from vocode_contract.contract.model import Effect
from vocode_contract.errors import ContractError
from vocode_contract.http.guard.phone_numbers import is_fictional

READ_ONLY_VARIABLE = "VOCODE_CONTRACT_READ_ONLY"
#: Why a run does not act whose user wants it to read only, by that variable or by a file.
READ_ONLY_REASON = f"this run is read-only ({READ_ONLY_VARIABLE}, or a file): nothing is changed beyond loopback"

#: Hosts known to serve real calls.
PRODUCTION_HOSTS = frozenset({"api.vocode.dev"})

#: No call has it: what is sent under it can end none.
NO_CALL = "f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f"

_LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")


class NotPermitted(ContractError):
    """A request was not sent, since nobody consented to its effect.

    Attributes:
        operation: Name of the operation.
        reason: Which consent is missing, and how it is given.
    """

    def __init__(self, operation: str, reason: str) -> None:
        super().__init__(operation, reason)
        self.operation = operation
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.operation} was not sent: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A request about to be sent, as far as it matters here.

    Attributes:
        operation: Name of the operation.
        effect: What it does in the world if it succeeds.
        host: Host name or address, without port.
        authenticated: Whether it is sent as the user: with the user's token, or with none since the user has none.
        generated: Whether its arguments were generated, replayed or shrunk.
        call_id: The one call it acts on, where it names one and no other.
        numbers: Every number it may ring; none where they cannot be read.
    """

    operation: str
    effect: Effect
    host: str
    authenticated: bool = True
    generated: bool = False
    call_id: str | None = None
    numbers: tuple[str, ...] = field(default=(), repr=False)

    @property
    def mutates(self) -> bool:
        """Whether the request changes anything in the world if it succeeds."""
        return self.effect != "reads"

    @property
    def is_probe(self) -> bool:
        """Whether it is to be refused for lack of authentication, and would do no harm if it were not."""
        if self.authenticated:
            return False
        if self.effect == "rings":
            return bool(self.numbers) and all(map(is_fictional, self.numbers))
        return self.effect == "hangs-up" and self.call_id == NO_CALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Consents:
    """What the user has agreed to for this run.

    Attributes:
        effects: Effects allowed by flag, for hosts beyond loopback.
        hosts: Exact hosts from the user's own configuration.
        numbers: Numbers that may be rung, digits only; fictional ones need not be named.
        call_ids: Calls that may be ended.
        production: Whether the flag for production hosts was given.
        approved: The production host typed at the terminal, or the exact number of mutating requests
            approved without one; ``None`` for neither.
        budget: Mutating requests allowed in the run beyond loopback; ends of the run's own calls are not counted.
        planned: Mutating requests that the plan shows, and the most that production gets; ``None`` before there is one.
        read_only: Whether nothing may be changed anywhere beyond loopback, whatever else is said.
    """

    effects: frozenset[Effect] = frozenset()
    hosts: frozenset[str] = frozenset()
    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    call_ids: frozenset[str] = frozenset()
    production: bool = False
    approved: str | int | None = None
    budget: int = 1
    planned: int | None = None
    read_only: bool = False


def is_read_only() -> bool:
    """Return whether the environment forbids every effect beyond loopback.

    Any value but ``0`` and the empty one does: a switch for safety has no wrong spelling.
    """
    return os.environ.get(READ_ONLY_VARIABLE, "") not in ("", "0")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine's loopback: an address of it, or exactly ``localhost``.

    Other names, also ``x.localhost`` and ``127.0.0.1.``, lead where whoever resolves them says.
    """
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address in _LOOPBACK if isinstance(address, ipaddress.IPv4Address) else name == "::1"


@dataclass(slots=True)
class Guard:
    """The one gate in front of every sender; counts what it lets through. Threads may share it, processes may not.

    Attributes:
        consents: What the user has agreed to.
        sent: Mutating requests let through beyond loopback.
        created: Calls that this run created; they may be ended.
    """

    consents: Consents = field(default_factory=Consents)
    sent: int = 0
    created: set[str] = field(default_factory=set)
    _process: int = field(default_factory=os.getpid, repr=False, compare=False)
    _lock: RLock = field(default_factory=RLock, repr=False, compare=False)

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be changed beyond loopback, by the environment or by consent."""
        return self.consents.read_only or is_read_only()

    def admit(self, intent: Intent) -> None:
        """Let a request pass and count it.

        Raises:
            NotPermitted: A consent is missing; nothing may be sent.
        """
        if is_loopback(intent.host) or not intent.mutates:
            return
        if reason := _forked(self, intent):  # before the lock, which another thread may have held
            raise NotPermitted(intent.operation, reason)
        with self._lock:
            if reason := self.reason_against(intent):
                raise NotPermitted(intent.operation, reason)
            self.sent += not intent.is_probe and not self._is_own(intent)

    def reason_against(self, intent: Intent) -> str | None:
        """Return why a request would not be sent; ``None`` if it would. Counts nothing."""
        if is_loopback(intent.host) or not intent.mutates:
            return None
        objections = _OBJECTIONS_TO_ALL if intent.is_probe or self._is_own(intent) else _OBJECTIONS
        return next(filter(None, (objection(self, intent) for objection in objections)), None)

    def _is_own(self, intent: Intent) -> bool:
        """Return whether a call is ended that this run created: every consent was there when it was."""
        return intent.effect == "hangs-up" and intent.call_id is not None and intent.call_id in self.created


def _forked(guard: Guard, _intent: Intent) -> str | None:
    if os.getpid() == guard._process:
        return None
    return "the process that began the run acts beyond loopback, and none that it forked"


def _read_only(guard: Guard, _intent: Intent) -> str | None:
    return READ_ONLY_REASON if guard.is_read_only else None


def _generated(_guard: Guard, intent: Intent) -> str | None:
    return "generated data never meets an effect beyond loopback" if intent.generated else None


def _flag(guard: Guard, intent: Intent) -> str | None:
    if intent.effect in guard.consents.effects:
        return None
    return f"it {_EFFECTS[intent.effect]}; allow that for this run with --allow {intent.effect}"


def _host(guard: Guard, intent: Intent) -> str | None:
    if intent.host.lower() in guard.consents.hosts:
        return None
    return f"{intent.host} is not among hosts under [live] in your own configuration"


def _production(guard: Guard, intent: Intent) -> str | None:
    if intent.host.lower() not in PRODUCTION_HOSTS:
        return None
    if not guard.consents.production:
        return f"{intent.host} is production; say so with --production"
    approved, planned = guard.consents.approved, guard.consents.planned
    if approved == intent.host.lower() or (approved is not None and approved == planned):
        return None
    return "production needs confirmation: type the host name, or pass --approve-sends N (N as the plan shows it)"


def _object(guard: Guard, intent: Intent) -> str | None:
    if intent.effect == "hangs-up":
        if intent.call_id in guard.consents.call_ids:
            return None
        return "this run did not create the call; name it with --call-id"
    if intent.effect == "rings":
        if not intent.numbers:
            return "the number that it rings cannot be read"
        if all(is_fictional(number) or _plain(number) in guard.consents.numbers for number in intent.numbers):
            return None
        return "a number that it may ring is not among numbers under [live] in your own configuration"
    return None


def _plain(number: str) -> str:
    return number.removeprefix("+")


def _budget(guard: Guard, intent: Intent) -> str | None:
    consents = guard.consents
    is_production = intent.host.lower() in PRODUCTION_HOSTS
    if is_production and consents.planned is not None and guard.sent >= consents.planned:
        return f"the plan shows {consents.planned} mutating requests, and production gets no more"
    if guard.sent < consents.budget:
        return None
    return f"the budget of {consents.budget} mutating requests is spent; raise it with --budget"


_EFFECTS: Mapping[Effect, str] = {
    "reads": "reads",
    "writes": "changes what is stored",
    "bills": "costs money",
    "rings": "rings a phone",
    "hangs-up": "ends a call",
}

#: What stands against any effect beyond loopback, that of a probe and the end of a call of one's own among them.
_OBJECTIONS_TO_ALL: tuple[Callable[[Guard, Intent], str | None], ...] = (_forked, _read_only, _generated)

_OBJECTIONS = (*_OBJECTIONS_TO_ALL, _flag, _host, _production, _object, _budget)
