"""Inconclusive: there is no complete response to check, so neither a violation nor a misuse."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A reason for having no response.

    Attributes:
        title: What happened, as a phrase.
        is_retried: Whether a request that only reads is sent again.
        is_down: Whether the server counts as down if it happens several times in a row.
    """

    title: str
    is_retried: bool = False
    is_down: bool = False


KINDS: Mapping[str, Kind] = {
    "unreachable": Kind(title="no connection", is_retried=True, is_down=True),
    "blocked": Kind(title="no connection is permitted in this process", is_down=True),
    "tls": Kind(title="no trusted TLS connection", is_down=True),
    "proxy": Kind(title="the proxy does not connect to the server", is_down=True),
    "timeout-connect": Kind(title="the connection timed out", is_retried=True, is_down=True),
    "timeout-write": Kind(title="sending the request timed out"),
    "timeout-read": Kind(title="no response in time", is_retried=True, is_down=True),
    "timeout-total": Kind(title="the response did not end in time", is_down=True),
    "closed": Kind(title="the connection was closed before a response", is_retried=True, is_down=True),
    "truncated": Kind(title="the response was cut off", is_retried=True, is_down=True),
    "protocol": Kind(title="the response is not HTTP/1.1", is_down=True),
    "too-large": Kind(title="the response is too large", is_down=True),
    "not-authorised": Kind(title="the request is not authorised"),
    "wrong-path": Kind(title="the URL does not lead to the API"),
    "rate-limited": Kind(title="the server limits the rate of requests", is_retried=True),
    "gateway": Kind(title="a gateway answered instead of the server", is_retried=True, is_down=True),
    "stopped": Kind(title="not sent: the server did not respond several times in a row"),
    "never-served": Kind(title="no generated request succeeded, so little was tested"),
    "call-changed": Kind(title="the call changed while it was read"),
    "list-changed": Kind(title="the list of calls changed while it was read"),
    "refusal-unclear": Kind(title="rejected, but perhaps not for the tested reason"),
}

#: The consequence of a failure before the request.
NOTHING_SENT = "nothing was sent"


class Inconclusive(Exception):
    """There is no response that could be checked.

    Attributes:
        kind: One of `KINDS`.
        what: What was observed, safe to show.
        consequence: Whether something was sent, and what that may mean; may be empty.
        wait: Seconds that the server asked to wait; ``None`` if it did not ask.
        is_down: Whether the server counts as down if this happens several times in a row.
    """

    def __init__(  # noqa: PLR0917 - pickle passes `args` by position
        self,
        kind: str,
        what: str = "",
        consequence: str = "",
        wait: float | None = None,
        is_down: bool | None = None,
    ) -> None:
        """Hold the fields; equality, ``copy`` and ``pickle`` rest on them."""
        super().__init__(kind, what, consequence, wait, is_down)
        self.kind = kind
        self.what = what
        self.consequence = consequence
        self.wait = wait
        self.is_down = KINDS[kind].is_down if is_down is None else is_down

    @property
    def may_have_acted(self) -> bool:
        """Whether the request may have had its effect in the world."""
        return self.consequence not in ("", NOTHING_SENT)

    def with_attempts(self, count: int) -> "Inconclusive":
        """Return a copy that states the number of attempts; a server that failed several counts as down."""
        if count < 2:
            return self
        what = f"{self.what}, tried {count} times".lstrip(", ")
        return Inconclusive(self.kind, what, self.consequence, self.wait, is_down=True)

    def __str__(self) -> str:
        """Return one line."""
        parts = (f"inconclusive: {KINDS[self.kind].title}", self.what, self.consequence)
        return f"{'; '.join(filter(None, parts))} [{self.kind}]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inconclusive) and self.args == other.args

    def __hash__(self) -> int:
        return hash((Inconclusive, self.args))
