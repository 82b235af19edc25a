"""Decide what may be sent where, so that a test never rings a person's phone.

Everything may be sent to a loopback host, unless the run is read-only. A remote host gets requests that only read,
and unauthenticated requests that must be rejected and are harmless if they are not: they dial a number reserved for
fiction, or end a call that does not exist. Any other effect needs three opt-ins that agree: an option of this run, the
host in the user's own configuration, and the call or phone number by name. Production also needs a confirmation. The
environment variable VOCODE_CONTRACT_READ_ONLY overrides everything.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from threading import RLock

from vocode_contract.contract.operation import Effect
from vocode_contract.errors import ContractError, spell_option
from vocode_contract.http.guard.phone_numbers import is_fictional

READ_ONLY_VARIABLE = "VOCODE_CONTRACT_READ_ONLY"
#: Reason for not sending in a run that the variable, a file or an option makes read-only.
READ_ONLY_REASON = f"this run is read-only ({READ_ONLY_VARIABLE}, a file or an option): nothing is changed anywhere"

#: Hosts known to serve real calls.
PRODUCTION_HOSTS = frozenset({"api.vocode.dev"})

#: A response header by which a test server says that its calls are not real, as the simulator does.
SIMULATOR_HEADER = "Vocode-Simulator"

#: An ID that no call has, so that a request with it can end none.
NO_CALL = "f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f"

_LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")


#: Why an operation that only other contracts have is not requested.
NOT_OFFERED = "not offered: the contract has no such operation"


class NotPermitted(ContractError):
    """A request was not sent because its effect is not permitted, or the contract does not offer the operation.

    Attributes:
        reason: Which opt-in is missing, and how to give it.
    """

    def __init__(self, operation: str, reason: str) -> None:
        super().__init__(operation, reason)
        self.operation = operation
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.operation} was not sent: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A request about to be sent: what decides whether it may be.

    Attributes:
        host: Host name or address, without port.
        authenticated: Whether it is sent as the user: with the user's token, or without one if the user has none.
        generated: Whether its arguments were generated, replayed or shrunk.
        call_id: The one call that it acts on; ``None`` if it names none or several.
        numbers: Every phone number that it may dial; empty if they cannot be read.
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
        """Whether it is an authentication probe that is harmless even if the server accepts it."""
        if self.authenticated:
            return False
        if self.effect == "rings":
            return bool(self.numbers) and all(map(is_fictional, self.numbers))
        return self.effect == "hangs-up" and self.call_id == NO_CALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Consents:
    """What the user permits in this run.

    Attributes:
        hosts: Exact hosts from the user's own configuration.
        numbers: Phone numbers that may be dialled, only digits; fictional ones need not be named.
        production: Whether the option for production hosts was given.
        approved: The production host as typed at the terminal, or the approved number of state-changing requests;
            ``None`` for neither.
        budget: Maximum number of state-changing requests to a remote host; ending the run's own calls is not counted.
        planned: State-changing requests that the plan shows, which is the maximum for production; ``None`` before the
            plan.
        read_only: Whether nothing may be changed anywhere, whatever else is permitted.
        withheld: Why only requests that read are sent, and none of the user's credentials; empty if they may be sent.
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
    withheld: str = ""


def is_read_only() -> bool:
    """Return whether the environment forbids every effect.

    Any value except ``0`` and the empty one does, so that a misspelt safety switch is on.
    """
    return os.environ.get(READ_ONLY_VARIABLE, "") not in ("", "0")


def is_loopback(host: str) -> bool:
    """Return whether a host is a loopback address, or exactly ``localhost``.

    Other names, such as ``x.localhost`` and ``127.0.0.1.``, may resolve to any machine.
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
    """Admits or refuses every request of a run, and counts them; may be shared by threads, not by processes.

    Attributes:
        sent: Number of state-changing requests admitted to a remote host.
        created: Calls that this run created; they may be ended.
        is_embedded: Whether the requests go to a simulator that this process runs, which nothing can forbid.
    """

    consents: Consents = field(default_factory=Consents)
    sent: int = 0
    created: set[str] = field(default_factory=set)
    is_embedded: bool = False
    _process: int = field(default_factory=os.getpid, repr=False, compare=False)
    _lock: RLock = field(default_factory=RLock, repr=False, compare=False)

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be changed anywhere, except in the embedded simulator."""
        return self.consents.read_only or bool(self.consents.withheld) or is_read_only()

    def admit(self, intent: Intent) -> None:
        """Admit a request and count it.

        Raises:
            NotPermitted: An opt-in is missing; nothing may be sent.
        """
        is_counted = _budget in self._rules_for(intent)
        # In a forked process, the lock may be held forever by a thread that exists only in the parent.
        with self._lock if is_counted and not _forked(self, intent) else nullcontext():
            if reason := self.reason_against(intent):
                raise NotPermitted(intent.operation, reason)
            self.sent += is_counted

    def reason_against(self, intent: Intent) -> str | None:
        """Return why a request would not be sent; ``None`` if it would. The request is not counted."""
        return next(filter(None, (rule(self, intent) for rule in self._rules_for(intent))), None)

    def _rules_for(self, intent: Intent) -> "tuple[_Rule, ...]":
        if not intent.mutates:
            return ()
        if is_loopback(intent.host):
            return () if self.is_embedded else _RULES_FOR_LOOPBACK
        return _RULES_FOR_ALL if intent.is_probe or self._is_own(intent) else _RULES

    def _is_own(self, intent: Intent) -> bool:
        """Return whether a request ends a call that this run created: every opt-in was there for that."""
        return intent.effect == "hangs-up" and intent.call_id is not None and intent.call_id in self.created


def _forked(guard: Guard, _intent: Intent) -> str | None:
    if os.getpid() == guard._process:
        return None
    return "only the process that started the run may change anything on a remote host"


def _read_only(guard: Guard, _intent: Intent) -> str | None:
    return (guard.consents.withheld or READ_ONLY_REASON) if guard.is_read_only else None


def _generated(_guard: Guard, intent: Intent) -> str | None:
    return "generated data is never sent to an operation with an effect on a remote host" if intent.generated else None


def _flag(guard: Guard, intent: Intent) -> str | None:
    if intent.effect in guard.consents.effects:
        return None
    return f"it {_EFFECTS[intent.effect]}; permit that for this run with {spell_option('allow')} {intent.effect}"


def _host(guard: Guard, intent: Intent) -> str | None:
    if intent.host.lower() in guard.consents.hosts:
        return None
    return f"{intent.host} is not among hosts under [live] in your own configuration"


def _production(guard: Guard, intent: Intent) -> str | None:
    if intent.host.lower() not in PRODUCTION_HOSTS:
        return None
    if not guard.consents.production:
        return f"{intent.host} is production; confirm with {spell_option('production')}"
    approved, planned = guard.consents.approved, guard.consents.planned
    if approved == intent.host.lower() or (approved is not None and approved == planned):
        return None
    option = spell_option("approve-sends")
    return f"production needs confirmation: type the host name, or pass {option} N (N as printed by the plan)"


def _object(guard: Guard, intent: Intent) -> str | None:
    if intent.effect == "hangs-up":
        if intent.call_id in guard.consents.call_ids:
            return None
        return f"this run did not create the call; name it with {spell_option('call-id')}"
    if intent.effect == "rings":
        if not intent.numbers:
            return "the phone number that it dials cannot be read"
        if all(is_fictional(number) or number.removeprefix("+") in guard.consents.numbers for number in intent.numbers):
            return None
        return "a phone number that it may dial is not among numbers under [live] in your own configuration"
    return None


def _budget(guard: Guard, intent: Intent) -> str | None:
    consents = guard.consents
    is_production = intent.host.lower() in PRODUCTION_HOSTS
    if is_production and consents.planned is not None and guard.sent >= consents.planned:
        return f"the plan shows {consents.planned} state-changing requests, which is the maximum for production"
    if guard.sent < consents.budget:
        return None
    return f"the budget of {consents.budget} state-changing requests is spent; raise it with {spell_option('budget')}"


_EFFECTS: Mapping[Effect, str] = {
    "reads": "reads",
    "writes": "changes what is stored",
    "bills": "costs money",
    "rings": "rings a phone",
    "hangs-up": "ends a call",
}

_Rule = Callable[[Guard, Intent], str | None]

#: Rules for every request with an effect on this machine, which may be a tunnel to a real server.
_RULES_FOR_LOOPBACK: tuple[_Rule, ...] = (_read_only,)

#: Rules for every remote request with an effect, including authentication probes and ending our own calls.
_RULES_FOR_ALL: tuple[_Rule, ...] = (_forked, _read_only, _generated)

_RULES: tuple[_Rule, ...] = (*_RULES_FOR_ALL, _flag, _host, _production, _object, _budget)
