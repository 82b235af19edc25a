"""The ways in which servers differ while all of them conform."""

from dataclasses import dataclass
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
