"""Retry policies: how often a delivery is sent again, and after what pauses."""

from collections.abc import Mapping
from dataclasses import dataclass

from vocode_contract.errors import InvalidOption

#: Statuses after which a delivery is sent again.
RETRIED = frozenset((408, 425, 429, *range(500, 600)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When to send a delivery again.

    Attributes:
        summary: In one line.
        pauses: Seconds before the second attempt, the third and so on; empty for a single attempt.

    Raises:
        InvalidOption: A pause is negative or not a number.
    """

    summary: str
    pauses: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if any(not 0 <= pause < float("inf") for pause in self.pauses):
            raise InvalidOption("pauses", "must be 0 or more seconds each")


#: The open-source sender of the provider tries once, and no document promises more.
ONCE = RetryPolicy(summary="one attempt, as the provider does")

#: Name -> retry policy.
POLICIES: Mapping[str, RetryPolicy] = {
    "once": ONCE,
    "fixed": RetryPolicy(summary="three attempts, a second apart", pauses=(1.0, 1.0)),
    "exponential": RetryPolicy(summary="six attempts, 31 seconds in all", pauses=(1.0, 2.0, 4.0, 8.0, 16.0)),
}


def find_policy(policy: RetryPolicy | str) -> RetryPolicy:
    """Return a policy, or the one of that name.

    Raises:
        InvalidOption: There is no such policy.
    """
    if isinstance(policy, RetryPolicy):
        return policy
    if policy not in POLICIES:
        raise InvalidOption("policy", f"there is none of that name; known: {', '.join(POLICIES)}")
    return POLICIES[policy]
