"""Settings: what the suite is run against, parsed from what the user gave."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from vocode_contract.contract import DEFAULT_PROFILE, Contract
from vocode_contract.endpoint import Endpoint
from vocode_contract.errors import InvalidOption, UnknownContract, UnknownProfile
from vocode_contract.guard import Consents


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
class Settings:
    """What the suite is run against.

    Attributes:
        endpoint: Where; ``None`` for the built-in simulator.
        contract: The date and profile to judge by.
        call_ids: Calls that may be ended, in canonical form.
    """

    endpoint: Endpoint | None
    contract: Contract
    call_ids: tuple[str, ...] = ()

    @classmethod
    def from_given(cls, given: Mapping[str, Given], call_ids: tuple[str, ...] = ()) -> Self:
        """Parse what was given.

        Args:
            given: Values for ``url``, ``contract`` and ``profile``.
            call_ids: As given with ``--vocode-call-id``.

        Raises:
            InvalidOption: A value cannot be used; the error names its source.
        """
        url = given["url"]
        return cls(
            endpoint=Endpoint.from_url(url.value, option=url.source) if url.value else None,
            contract=_contract(given["contract"], given["profile"]),
            call_ids=tuple(dict.fromkeys(map(_call_id, call_ids))),
        )

    def consents(self, *, read_only: bool) -> Consents:
        """Return what the user allowed: to end each call that was named, and once more for the second end."""
        if self.endpoint is None or not self.call_ids:
            return Consents(read_only=read_only)
        return Consents(
            effects=frozenset({"hangs-up"}),
            hosts=frozenset({self.endpoint.host}),
            call_ids=frozenset(self.call_ids),
            budget=2 * len(self.call_ids),
            read_only=read_only,
        )


def _contract(date: Given, profile: Given) -> Contract:
    try:
        return Contract.load(date.value or None, profile=profile.value or DEFAULT_PROFILE)
    except UnknownContract as error:
        raise InvalidOption(date.source, str(error)) from None
    except UnknownProfile as error:
        raise InvalidOption(profile.source, str(error)) from None


def _call_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise InvalidOption("--vocode-call-id", "must be the id of a call, a UUID") from None
