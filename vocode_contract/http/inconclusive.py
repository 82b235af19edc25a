"""Inconclusive: there is no complete response to check, so neither a violation nor a misuse."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A reason for having no response.

    Attributes:
        title: What happened, as a phrase.
        meaning: What that means and what to do, in sentences that end with a full stop.
        is_retried: Whether a request that only reads is sent again.
        is_down: Whether the server counts as down if it happens several times in a row.
    """

    title: str
    meaning: str
    is_retried: bool = False
    is_down: bool = False


KINDS: Mapping[str, Kind] = {
    "unreachable": Kind(
        title="no connection",
        meaning="The host has no address, or nothing listens on its port. Check the URL, and that the server is "
        "running.",
        is_retried=True,
        is_down=True,
    ),
    "blocked": Kind(
        title="no connection is permitted in this process",
        meaning="A plugin or a sandbox, such as pytest-socket, forbids connections in this process. Permit those "
        "to the server.",
        is_down=True,
    ),
    "tls": Kind(
        title="no trusted TLS connection",
        meaning="The certificate is not trusted, has expired or is for another name, or the server does not speak "
        "TLS on this port. Name a private authority with --ca; verification cannot be switched off.",
        is_down=True,
    ),
    "proxy": Kind(
        title="the proxy does not connect to the server",
        meaning="The proxy of --proxy refused to connect to the server, or requires credentials in VOCODE_PROXY_AUTH.",
        is_down=True,
    ),
    "timeout-connect": Kind(
        title="the connection timed out",
        meaning="No connection was established in time, so nothing was sent. Check the URL, and whether a "
        "firewall or a VPN is in between.",
        is_retried=True,
        is_down=True,
    ),
    "timeout-write": Kind(
        title="sending the request timed out",
        meaning="The server did not read the request in time. It may have got and obeyed it.",
    ),
    "timeout-read": Kind(
        title="no response in time",
        meaning="Nothing came for too long after the request, which the server may have obeyed. --timeout sets "
        "the limit.",
        is_retried=True,
        is_down=True,
    ),
    "timeout-total": Kind(
        title="the response did not end in time",
        meaning="The response came so slowly that it did not end within the time-out of the exchange, which "
        "--timeout sets.",
        is_down=True,
    ),
    "closed": Kind(
        title="the connection was closed before a response",
        meaning="The server closed the connection before it sent a response. It may have obeyed the request. If "
        "it expects TLS, start the URL with https://.",
        is_retried=True,
        is_down=True,
    ),
    "truncated": Kind(
        title="the response was cut off",
        meaning="The connection ended before the length that the response declares, or before its last chunk.",
        is_retried=True,
        is_down=True,
    ),
    "protocol": Kind(
        title="the response is not HTTP/1.1",
        meaning="What came violates the syntax of HTTP/1.1, such as two different lengths; no response can be "
        "read from it.",
        is_down=True,
    ),
    "too-large": Kind(
        title="the response is too large",
        meaning="The response exceeds the limit that --max-body sets, and the rest was not read.",
        is_down=True,
    ),
    "not-authorised": Kind(
        title="the request is not authorised",
        meaning="The server rejected the credential with status 401 or 403 before it accepted any. Set "
        "VOCODE_API_KEY to one that it accepts, and --auth to its scheme.",
    ),
    "wrong-path": Kind(
        title="the URL does not lead to the API",
        meaning="Every request gets status 404, so the URL is not the part before /v1/calls. The message suggests "
        "another one.",
    ),
    "rate-limited": Kind(
        title="the server limits the rate of requests",
        meaning="The server answered with status 429. A pause that it asks for is honoured within limits; --only "
        "selects fewer tests.",
        is_retried=True,
    ),
    "gateway": Kind(
        title="a gateway answered instead of the server",
        meaning="Status 502, 503 or 504 usually comes from a gateway in front of the server, and says nothing "
        "about the API.",
        is_retried=True,
        is_down=True,
    ),
    "stopped": Kind(
        title="not sent: the server did not respond several times in a row",
        meaning="After several requests in a row without a response, the rest of the run sends nothing. The "
        "message names the last failure.",
    ),
    "never-served": Kind(
        title="no generated request succeeded, so little was tested",
        meaning="The server rejected every request that --fuzz generated, so that its valid responses were not seen.",
    ),
    "call-changed": Kind(
        title="the call changed while it was read",
        meaning="Two responses were to be compared, but the call went on in between. Run the test again on a call "
        "that is over.",
    ),
    "list-changed": Kind(
        title="the list of calls changed while it was read",
        meaning="Calls were added while the pages of the list were read, each time that it was tried. Run the "
        "test when there is less traffic.",
    ),
    "refusal-unclear": Kind(
        title="rejected, but perhaps not for the tested reason",
        meaning="The status is not the one of the tested reason, so that the server may have rejected the request "
        "for another one.",
    ),
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
