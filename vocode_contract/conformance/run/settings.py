"""Settings: what the suite is run against, parsed from what the user gave."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self, get_args

from vocode_contract.contract.model import DEFAULT_PROFILE, Contract, Effect
from vocode_contract.errors import InvalidOption, UnknownContract, UnknownProfile
from vocode_contract.http.client.endpoint import PROXY_AUTH_VARIABLE, Endpoint, Proxy, token_of_environment
from vocode_contract.http.client.timing import LONGEST, SHORTEST
from vocode_contract.http.guard.config_file import Live
from vocode_contract.http.guard.guard import Consents
from vocode_contract.http.guard.phone_numbers import is_fictional
from vocode_contract.http.message import LARGEST_BODY, MAX_BODY
from vocode_contract.http.policies import DEFAULT_POLICIES, Policies
from vocode_contract.validation.masking import Secret
from vocode_contract.validation.scalars import uuid_of

_DIGITS = 12
_EFFECTS: tuple[Effect, ...] = get_args(Effect)
#: What is asked without an endpoint.
SIMULATOR = "the built-in simulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value as it was given, and where.

    Attributes:
        value: Empty where none was given.
        source: An option, a variable or a key, as its user wrote it.
    """

    value: str = field(default="", repr=False)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user allows in this run beyond loopback, by options alone.

    Attributes:
        effects: Effects that are allowed.
        numbers: Numbers to ring, digits only; a number must also be fictional or in the user's own file.
        production: Whether a production host is meant.
        budget: Mutating requests allowed.
        approve_sends: The number of mutating requests that the plan shows; ``None`` if it was not given.
    """

    effects: frozenset[Effect] = frozenset()
    numbers: tuple[str, ...] = field(default=(), repr=False)
    production: bool = False
    budget: int = 1
    approve_sends: int | None = None

    @classmethod
    def from_words(
        cls,
        effects: Iterable[str] = (),
        numbers: Iterable[str] = (),
        *,
        production: bool = False,
        budget: int = 1,
        approve_sends: int | None = None,
    ) -> Self:
        """Parse what was given.

        Raises:
            InvalidOption: There is no such effect, or a number is none, or not one of requests.
        """
        allowed = {effect for effect in _EFFECTS if effect in set(effects)}
        if unknown := set(effects) - allowed:
            raise InvalidOption("--vocode-allow", f"{min(unknown)!a} is no effect; known: {', '.join(_EFFECTS)}")
        plain = tuple(number.removeprefix("+") for number in numbers)
        if not all(number.isascii() and number.isdigit() for number in plain):
            raise InvalidOption("--vocode-allow-number", "must be digits with country code, with or without +")
        _refuse_negative(budget, "--vocode-budget")
        _refuse_negative(approve_sends or 0, "--vocode-approve-sends")
        return cls(
            effects=frozenset(allowed),
            numbers=plain,
            production=production,
            budget=budget,
            approve_sends=approve_sends,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the suite is run against.

    Attributes:
        endpoint: Where; ``None`` for the built-in simulator.
        contract: The date and profile to check against.
        call_ids: Calls that may be ended, in canonical form.
        policies: How what no document decides is read.
        wishes: What is allowed beyond loopback.
        timeout: Seconds that one exchange may take; ``None`` for the usual ones.
        ca_file: PEM file of a private certificate authority to trust too; empty for none.
        proxy: What to go through; ``None`` for nothing.
        fuzz: Requests to draw for each operation; 0 for none.
        max_body: Bytes of a response's body that are taken.
    """

    endpoint: Endpoint | None
    contract: Contract
    call_ids: tuple[str, ...] = ()
    policies: Policies = DEFAULT_POLICIES
    wishes: Wishes = field(default_factory=Wishes)
    timeout: float | None = None
    ca_file: str = ""
    proxy: Proxy | None = None
    fuzz: int = 0
    max_body: int = MAX_BODY

    @classmethod
    def from_given(
        cls,
        given: Mapping[str, Given],
        call_ids: tuple[str, ...] = (),
        *,
        policies: Policies = DEFAULT_POLICIES,
        wishes: Wishes | None = None,
        fuzz: int = 0,
    ) -> Self:
        """Parse what was given.

        Args:
            given: Values for ``url``, ``contract``, ``profile`` and perhaps others of the same names as options.
            call_ids: As given with ``--vocode-call-id``.
            policies: Parsed already.
            wishes: Parsed already.
            fuzz: Requests to draw for each operation.

        Raises:
            InvalidOption: A value cannot be used; the error names its source.
        """
        _refuse_negative(fuzz, "--vocode-fuzz")
        url = given["url"]
        endpoint = Endpoint.from_url(url.value, option=url.source) if url.value else None
        if endpoint is not None:
            token_of_environment()  # refused at once, and not by every test
        return cls(
            endpoint=endpoint,
            contract=_contract(given["contract"], given["profile"]),
            call_ids=tuple(dict.fromkeys(map(_call_id, call_ids))),
            policies=policies,
            wishes=wishes or Wishes(),
            timeout=_timeout(given.get("timeout", Given())),
            ca_file=_ca_file(given.get("ca", Given())),
            proxy=_proxy(given.get("proxy", Given()), endpoint),
            fuzz=fuzz,
            max_body=_max_body(given.get("max-body", Given())),
        )

    @property
    def is_live(self) -> bool:
        """Whether the endpoint is not on this machine."""
        return self.endpoint is not None and not self.endpoint.is_loopback

    @property
    def number(self) -> str:
        """What to ring; empty for a number that is set aside for fiction."""
        return next(iter(self.wishes.numbers), "")

    def consents(self, live: Live, *, read_only: bool) -> Consents:
        """Return what the user agreed to: by option, by the files, and by the name of each call.

        Args:
            live: What the files say.
            read_only: Whether the environment forbids every effect.

        Raises:
            InvalidOption: A number was given that may not be rung.
        """
        wishes = self.wishes
        if any(not is_fictional(number) and number not in live.numbers for number in wishes.numbers):
            raise InvalidOption("--vocode-allow-number", "is not among numbers under [live] in your own configuration")
        return Consents(
            effects=wishes.effects,
            hosts=live.hosts,
            numbers=frozenset(wishes.numbers) or live.numbers,
            call_ids=frozenset(self.call_ids),
            production=wishes.production,
            approved=wishes.approve_sends,
            budget=wishes.budget,
            read_only=read_only or live.read_only,
        )


def _refuse_negative(count: int, option: str) -> None:
    if count < 0:
        raise InvalidOption(option, "must be a number of requests, 0 or more")


def _contract(date: Given, profile: Given) -> Contract:
    try:
        return Contract.load(date.value or None, profile=profile.value or DEFAULT_PROFILE)
    except UnknownContract as error:
        raise InvalidOption(date.source, str(error)) from None
    except UnknownProfile as error:
        raise InvalidOption(profile.source, str(error)) from None


def _call_id(text: str) -> str:
    identifier = uuid_of(text)
    if identifier is None:
        raise InvalidOption("--vocode-call-id", "must be the id of a call, a UUID")
    return str(identifier)


def _ca_file(given: Given) -> str:
    if given.value:
        from vocode_contract.http.client.connection import trusted

        try:
            trusted(given.value)
        except InvalidOption as error:
            raise InvalidOption(given.source, error.reason) from None
    return given.value


def _proxy(given: Given, endpoint: Endpoint | None) -> Proxy | None:
    if not given.value or endpoint is None:
        return None
    credentials = os.environ.get(PROXY_AUTH_VARIABLE)
    proxy = Proxy.from_url(given.value, option=given.source, credentials=Secret(credentials) if credentials else None)
    if endpoint.is_loopback:
        raise InvalidOption(given.source, "is for a host that is not this machine")
    return proxy


def _timeout(given: Given) -> float | None:
    if not given.value:
        return None
    try:
        seconds = float(given.value)
    except ValueError:
        seconds = 0.0
    if not SHORTEST <= seconds <= LONGEST:
        raise InvalidOption(given.source, f"must be a number of seconds, {SHORTEST} to {LONGEST:.0f}")
    return seconds


def _max_body(given: Given) -> int:
    if not given.value:
        return MAX_BODY
    is_number = given.value.isascii() and given.value.isdigit() and len(given.value) < _DIGITS
    if not is_number or not 0 < int(given.value) <= LARGEST_BODY:
        raise InvalidOption(given.source, f"must be a number of bytes, 1 to {LARGEST_BODY}")
    return int(given.value)
