"""The ways in which servers differ while all of them conform."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One conforming server among others; the defaults are the likely one.

    Attributes:
        refusal: Status of a refused authentication: 403 by FastAPI of the time, 401 by newer ones.
        nulls: Whether unset optional properties are sent as null; left out else.
        pydantic: Major version that words the 422 bodies.
        extra_keys: Whether calls and agents hold keys that no contract declares.
        offset: How times say that they are UTC.
    """

    refusal: Literal[401, 403] = 403
    nulls: bool = True
    pydantic: Literal[1, 2] = 1
    extra_keys: bool = False
    offset: Literal["+00:00", "Z"] = "+00:00"


LIKELY = Variant()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundServer:
    """A server that conforms, of which a check has nothing to say.

    Attributes:
        title: How it differs from the likely one, in one line.
        contract: Date of the contract that it keeps.
        variant: Which conforming server it is.
    """

    title: str
    contract: str = "2023-11-30"
    variant: Variant = field(default=LIKELY)


#: Servers that differ in all that no document decides: a check that speaks up against one is wrong.
SOUND_VARIANTS: Mapping[str, SoundServer] = {
    "likely": SoundServer(title="as servers of 2023 are likely to be"),
    "april-2024": SoundServer(title="the contract of 2024-04-19", contract="2024-04-19"),
    "august-2024": SoundServer(title="the contract of 2024-08-27", contract="2024-08-27"),
    "refuses-401": SoundServer(title="refuses an authentication with 401", variant=Variant(refusal=401)),
    "keys-left-out": SoundServer(title="leaves unset keys out", variant=Variant(nulls=False)),
    "pydantic-2": SoundServer(title="words its 422 as newer frameworks do", variant=Variant(pydantic=2)),
    "extra-keys": SoundServer(title="sends keys that no contract declares", variant=Variant(extra_keys=True)),
    "zulu-times": SoundServer(title="writes UTC as Z", variant=Variant(offset="Z")),
    "newest": SoundServer(
        title="the newest contract by the newest framework, in everything unlike the likely one",
        contract="2024-08-27",
        variant=Variant(refusal=401, nulls=False, pydantic=2, extra_keys=True, offset="Z"),
    ),
    "sparse-april-2024": SoundServer(
        title="the contract of 2024-04-19 without unset keys, in times with Z",
        contract="2024-04-19",
        variant=Variant(nulls=False, offset="Z", refusal=401),
    ),
}
