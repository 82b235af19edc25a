"""A request for an operation before it is encoded: its effect and its credentials."""

import math
import os
import re
import sys
from dataclasses import dataclass, field, replace
from typing import Final

from vocode_contract.contract.operation import SAFE_METHODS, Effect, Operation
from vocode_contract.http.client.authentication import BEARER, OTHER_TOKEN_VARIABLE, TOKEN_VARIABLE, Authentication
from vocode_contract.validation.masking import Secret

#: Characters of a token (RFC 9110, section 11.2: token68 without its padding).
_OF_TOKENS = "[A-Za-z0-9._~+/-]"
#: Bodies that name no call.
_SAYING_NOTHING = (b"", b"{}", b"null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How one request authenticates.

    Attributes:
        scheme: Authentication scheme of RFC 9110 instead of the client's own; empty for the client's own.
        token: A token instead of the client's own.
        cut: Number of characters to remove from the end of the token.
        suffix: Text to append to the token.
        has_scheme: Whether the scheme is sent before the token.
        is_case_swapped: Whether capital letters of the token become small ones, and small ones capitals.
    """

    scheme: str = ""
    token: Secret | None = None
    cut: int = 0
    suffix: str = ""
    has_scheme: bool = True
    is_case_swapped: bool = False

    def in_shell(self, authentication: Authentication = BEARER) -> str:
        """Return the header's value for a double-quoted shell word, with a variable for the client's own token."""
        if self.token is not None:
            known = {"": "", INVALID_TOKEN: INVALID_TOKEN}
            token = known.get(self.token.reveal(), f"${OTHER_TOKEN_VARIABLE}")
        elif self.is_case_swapped:
            token = f"${{{TOKEN_VARIABLE}~~}}"
        elif self.cut:
            token = f"${{{TOKEN_VARIABLE}%{'?' * self.cut}}}"
        else:
            token = f"${{{TOKEN_VARIABLE}}}" if self.suffix else f"${TOKEN_VARIABLE}"
        text = authentication.encode_in_shell(f"{token}{self.suffix}")
        return f"{self.scheme or authentication.scheme} {text}".strip() if self.has_scheme else text


DEFAULT_CREDENTIALS: Final = Credentials()
#: A token that no server accepts.
INVALID_TOKEN: Final = "vocode-contract-opens-nothing"  # noqa: S105 - it is public and invalid everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequest:
    """A request for one operation, before encoding.

    Attributes:
        arguments: Names and values of the query, not yet encoded; a name may come twice.
        media_type: Media type of the body; empty for none.
        credentials: The client's own, others, or ``None`` for no authentication.
        generated: Whether the arguments or the body were generated.
        method: HTTP method instead of the operation's own; the effect is unknown then, unless the method only reads.
        suffix: Text to append to the operation's URL path, such as a trailing slash.
        within: Maximum seconds of the exchange, if that is less than the client's own.
    """

    operation: Operation
    arguments: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    media_type: str = ""
    credentials: Credentials | None = DEFAULT_CREDENTIALS
    generated: bool = False
    method: str = ""
    suffix: str = ""
    within: float = math.inf


def effect_of(wanted: OperationRequest) -> Effect:
    """Return the effect of a request that succeeds; with another method or URL path it may be any effect."""
    operation = wanted.operation
    if wanted.method in ("", operation.method) and not wanted.suffix:
        return operation.effect
    only_reads = (
        operation.effect == "reads"
        and (wanted.method or operation.method) in SAFE_METHODS
        and wanted.suffix in ("", "/")
    )
    return "reads" if only_reads else "rings"


def call_in(wanted: OperationRequest) -> str | None:
    """Return the ID of the call that a request names; ``None`` for none, for several, or if the body may name one."""
    if len(wanted.arguments) != 1 or wanted.body.strip() not in _SAYING_NOTHING:
        return None
    [(name, value)] = wanted.arguments
    return value if name == "id" else None


def is_drawing() -> bool:
    """Return whether a Hypothesis test is running, so that data are generated; Hypothesis is not imported for that."""
    control = sys.modules.get("hypothesis.control")
    return control is not None and bool(control.currently_in_test_context())


def authorization(
    credentials: Credentials | None, own: Secret | None, authentication: Authentication = BEARER
) -> str | None:
    """Return the value of the header that authenticates; ``None`` if the request has no such header."""
    if credentials is None:
        return None
    token = own if credentials.token is None else credentials.token
    if token is None and not credentials.suffix:
        return None
    text = token.reveal() if token else ""
    if credentials.is_case_swapped:
        text = text.swapcase()
    sent = authentication.encode(f"{text[: len(text) - credentials.cut]}{credentials.suffix}")
    return f"{credentials.scheme or authentication.scheme} {sent}".strip() if credentials.has_scheme else sent


def is_sent_as_user(credentials: Credentials | None, own: Secret | None) -> bool:
    """Return whether a request carries the user's token, under whatever name or scheme.

    A request with default credentials counts as the user's even without a token: a server that requires no token would
    obey it.
    """
    if credentials is None:
        return False
    if credentials == replace(DEFAULT_CREDENTIALS, scheme=credentials.scheme):
        return True
    known = {os.environ.get(TOKEN_VARIABLE, ""), own.reveal() if own else ""} - {""}
    sent = authorization(credentials, own) or ""
    return any(re.search(rf"(?<!{_OF_TOKENS}){re.escape(token)}(?!{_OF_TOKENS})", sent) for token in known)
