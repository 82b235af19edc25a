"""One call over time: many observations -> what cannot be one call's life."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Source = Literal["call", "event"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One sight of a call.

    Attributes:
        at: When it was seen, in seconds since 1970-01-01 UTC; ``None`` where that is unknown.
        source: ``call`` for a Call (or an item of a list), ``event`` for a webhook event.
        value: The parsed payload; not shown.
    """

    at: float | None = None
    source: Source = "call"
    value: Mapping[str, Any] = field(repr=False)
