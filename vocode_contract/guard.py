"""What may be sent where: the rules that keep a test from ringing a person's phone.

Everything may be sent to a loopback host. Elsewhere, reading may, and what is refused for lack of
authentication; an effect in the world needs three consents that agree: a flag for this run, the
host in the user's own configuration, and the object, a call or a number that was named. Production
needs a second word. The environment variable VOCODE_CONTRACT_READ_ONLY wins over everything.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vocode_contract.contract import Effect
from vocode_contract.errors import ContractError

READ_ONLY_VARIABLE = "VOCODE_CONTRACT_READ_ONLY"
#: Why a run does not act whose user wants it to read only, by that variable or by a file.
READ_ONLY_REASON = f"this run is read-only ({READ_ONLY_VARIABLE}, or a file): nothing is changed beyond loopback"

#: Hosts known to serve real calls.
PRODUCTION_HOSTS = frozenset({"api.vocode.dev"})

# 555-0100 to 555-0199 in every area of the North American Numbering Plan are set aside for fiction.
_FICTIONAL = re.compile(r"1?[2-9][0-9]{2}55501[0-9]{2}")


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
        authenticated: Whether it carries the user's token; what the server must refuse does not.
        generated: Whether its arguments were generated, replayed or shrunk.
        call_id: The call it acts on, where there is one.
        number: The number it rings, where there is one.
    """

    operation: str
    effect: Effect
    host: str
    authenticated: bool = True
    generated: bool = False
    call_id: str | None = None
    number: str | None = field(default=None, repr=False)

    @property
    def mutates(self) -> bool:
        """Whether the request changes anything in the world if it succeeds."""
        return self.effect != "reads"


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
        planned: Mutating requests that the plan shows; ``None`` before there is one.
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


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine's loopback, by its name or address."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_fictional(number: str) -> bool:
    """Tell whether a phone number is set aside for fiction and rings nobody.

    Source: ATIS-0300115, 555 NXX assignment guidelines: 555-0100 through 555-0199.
    """
    return _FICTIONAL.fullmatch(number.lstrip("+")) is not None


@dataclass(slots=True)
class Guard:
    """The one gate in front of every sender; counts what it lets through.

    Attributes:
        consents: What the user has agreed to.
        sent: Mutating requests let through beyond loopback.
        created: Calls that this run created; they may be ended.
    """

    consents: Consents = field(default_factory=Consents)
    sent: int = 0
    created: set[str] = field(default_factory=set)

    def admit(self, intent: Intent) -> None:
        """Let a request pass and count it.

        Raises:
            NotPermitted: A consent is missing; nothing may be sent.
        """
        if is_loopback(intent.host) or not intent.mutates:
            return
        if not intent.authenticated:
            if self.consents.read_only:
                raise NotPermitted(intent.operation, READ_ONLY_REASON)
            return
        is_own = intent.effect == "hangs-up" and intent.call_id is not None and intent.call_id in self.created
        for objection in _OBJECTIONS_TO_OWN if is_own else _OBJECTIONS:
            reason = objection(self, intent)
            if reason:
                raise NotPermitted(intent.operation, reason)
        self.sent += not is_own

    def reason_against(self, intent: Intent) -> str | None:
        """Return why a request would not be sent; ``None`` if it would. Counts nothing."""
        before = self.sent
        try:
            self.admit(intent)
        except NotPermitted as error:
            return error.reason
        finally:
            self.sent = before
        return None


def _read_only(guard: Guard, _intent: Intent) -> str | None:
    return READ_ONLY_REASON if guard.consents.read_only else None


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
    return "production wants the host name typed, or --approve-sends with the number that the plan shows"


def _object(guard: Guard, intent: Intent) -> str | None:
    if intent.effect == "hangs-up":
        if intent.call_id in guard.consents.call_ids:
            return None
        return "this run did not create the call; name it with --call-id"
    if intent.effect == "rings":
        number = (intent.number or "").lstrip("+")
        if number and (is_fictional(number) or number in guard.consents.numbers):
            return None
        return "the number is not among numbers under [live] in your own configuration"
    return None


def _budget(guard: Guard, _intent: Intent) -> str | None:
    if guard.sent < guard.consents.budget:
        return None
    return f"the budget of {guard.consents.budget} mutating requests is spent; raise it with --budget"


_EFFECTS: Mapping[Effect, str] = {
    "reads": "reads",
    "writes": "changes what is stored",
    "bills": "costs money",
    "rings": "rings a phone",
    "hangs-up": "ends a call",
}

_OBJECTIONS: tuple[Callable[[Guard, Intent], str | None], ...] = (
    _read_only,
    _generated,
    _flag,
    _host,
    _production,
    _object,
    _budget,
)

#: All of them were met when the call was created; what a run began it may end.
_OBJECTIONS_TO_OWN = (_read_only, _generated)
