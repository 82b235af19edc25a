"""Inconclusive: there was no complete response to check, so neither a violation nor a misuse."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One way of having no response.

    Attributes:
        title: What happened, as a phrase.
        is_retried: Whether a request that only reads is sent again.
        is_down: Whether it speaks of the server as a whole if it happens several times in a row.
    """

    title: str
    is_retried: bool = False
    is_down: bool = False


KINDS: Mapping[str, Kind] = {
    "unreachable": Kind(title="no connection", is_retried=True, is_down=True),
    "tls": Kind(title="no trusted TLS connection", is_down=True),
    "proxy": Kind(title="the proxy opens no way to the server", is_down=True),
    "timeout-connect": Kind(title="no connection in time", is_retried=True, is_down=True),
    "timeout-write": Kind(title="the request was not taken in time"),
    "timeout-read": Kind(title="no answer in time", is_retried=True, is_down=True),
    "timeout-total": Kind(title="the answer did not end in time", is_down=True),
    "closed": Kind(title="the connection was closed before an answer", is_retried=True, is_down=True),
    "truncated": Kind(title="the answer was cut off", is_retried=True, is_down=True),
    "protocol": Kind(title="the answer is not HTTP/1.1", is_down=True),
    "too-large": Kind(title="the answer is too large", is_down=True),
    "not-authorised": Kind(title="the server refuses our token"),
    "rate-limited": Kind(title="the server asks us to wait", is_retried=True),
    "gateway": Kind(title="a proxy answers in place of the server", is_retried=True, is_down=True),
    "stopped": Kind(title="not sent, since the server gave no answer several times in a row"),
    "never-served": Kind(title="no drawn request was answered with success, so little was tested"),
    "call-changed": Kind(title="the call changed while it was looked at"),
    "list-changed": Kind(title="the list of calls changed while it was read"),
    "refusal-unclear": Kind(title="refused, but perhaps for another reason than the one tested"),
}

#: The consequence of a fault that came before the request.
NOTHING_SENT = "nothing was sent"


class Inconclusive(Exception):
    """There is no response that could be checked.

    Attributes:
        kind: One of `KINDS`.
        what: What was seen, fit to be shown.
        consequence: Whether something was sent, and what that may mean; may be empty.
        wait: Seconds that the server asked to wait; ``None`` where it asked for nothing.
        is_down: Whether it speaks of the server as a whole if it happens several times in a row.
    """

    def __init__(self, kind: str, what: str = "", consequence: str = "", wait: float | None = None) -> None:
        """Hold the fields; equality, ``copy`` and ``pickle`` rest on them."""
        super().__init__(kind, what, consequence, wait)
        self.is_down = KINDS[kind].is_down
        self.kind = kind
        self.what = what
        self.consequence = consequence
        self.wait = wait

    @property
    def may_have_acted(self) -> bool:
        """Whether the request may have had its effect in the world, for all that is known."""
        return self.consequence not in ("", NOTHING_SENT)

    def after(self, times: int) -> "Inconclusive":
        """Return the same of a request that was tried so many times."""
        if times < 2:
            return self
        whole = Inconclusive(self.kind, f"{self.what}, tried {times} times".lstrip(", "), self.consequence, self.wait)
        whole.is_down = True  # it was given time, and whatever it asked for
        return whole

    def __str__(self) -> str:
        """Write one line."""
        parts = (f"could not be judged: {KINDS[self.kind].title}", self.what, self.consequence)
        return f"{'; '.join(filter(None, parts))} [{self.kind}]"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inconclusive) and self.args == other.args

    def __hash__(self) -> int:
        return hash((Inconclusive, self.args))
