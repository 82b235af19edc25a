"""What to ask for, with which credentials, and what that means before it is sent."""

import math
import os
import re
import sys
from dataclasses import dataclass
from typing import Final

from vocode_contract.contract.model import Effect, Operation
from vocode_contract.http.client.endpoint import TOKEN_VARIABLE
from vocode_contract.validation.masking import Secret

OTHER_TOKEN_VARIABLE = "VOCODE_OTHER_API_KEY"  # noqa: S105 - the name of the variable, not its value

_SAFE_METHODS = frozenset(("GET", "HEAD"))
#: What a token may go on with. Source: RFC 9110, section 11.2, token68 without its padding.
_OF_TOKENS = "[A-Za-z0-9._~+/-]"
#: Bodies that name no call.
_SAYING_NOTHING = (b"", b"{}", b"null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What stands in the header Authorization.

    Attributes:
        scheme: Of RFC 9110, such as ``Bearer``.
        token: In place of the client's own.
        cut: Characters of the token that are left out at its end.
        suffix: What follows the token; with it, or cut, it is the client's own no more.
    """

    scheme: str = "Bearer"
    token: Secret | None = None
    cut: int = 0
    suffix: str = ""

    @property
    def in_shell(self) -> str:
        """The header's value for a shell, between double quotes, with the client's own token as variable."""
        if self.token is not None:
            known = {"": "", MADE_UP: MADE_UP}
            token = known.get(self.token.reveal(), f"${OTHER_TOKEN_VARIABLE}")
        elif self.cut:
            token = f"${{{TOKEN_VARIABLE}%{'?' * self.cut}}}"
        else:
            token = f"${{{TOKEN_VARIABLE}}}" if self.suffix else f"${TOKEN_VARIABLE}"
        return f"{self.scheme} {token}{self.suffix}".strip()


OWN: Final = Credentials()
#: A token that opens nothing anywhere.
MADE_UP: Final = "vocode-contract-opens-nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What to send for an operation.

    Attributes:
        operation: Of the contract.
        arguments: Names and values of the query, not yet encoded; a name may come twice.
        body: Raw bytes.
        media_type: Of the body; empty for none.
        credentials: Those of the client, others, or ``None`` for no header at all.
        generated: Whether the arguments or the body were generated.
        method: In place of the operation's own; unless it only reads, what it does is not known then.
        suffix: What follows the operation's URL path, such as a slash too many.
        within: Seconds that the exchange may take, if that is less than the client's own.
    """

    operation: Operation
    arguments: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    media_type: str = ""
    credentials: Credentials | None = OWN
    generated: bool = False
    method: str = ""
    suffix: str = ""
    within: float = math.inf


def effect_of(ask: Ask) -> Effect:
    """Return what a request does if it succeeds: another method or URL path than the operation's may do anything."""
    operation = ask.operation
    if ask.method in ("", operation.method) and not ask.suffix:
        return operation.effect
    only_reads = (
        operation.effect == "reads" and (ask.method or operation.method) in _SAFE_METHODS and ask.suffix in ("", "/")
    )
    return "reads" if only_reads else "rings"


def call_in(ask: Ask) -> str | None:
    """Return the call that a request names; ``None`` for none, for several, and where the body may name another."""
    if len(ask.arguments) != 1 or ask.body.strip() not in _SAYING_NOTHING:
        return None
    [(name, value)] = ask.arguments
    return value if name == "id" else None


def is_drawing() -> bool:
    """Return whether Hypothesis runs a test now, whose data are drawn; it is not imported for that."""
    control = sys.modules.get("hypothesis.control")
    return control is not None and bool(control.currently_in_test_context())


def authorization(credentials: Credentials | None, own: Secret | None) -> str | None:
    """Return what the header Authorization holds; ``None`` for no such header.

    Args:
        credentials: Those of the request.
        own: The client's token.
    """
    if credentials is None:
        return None
    token = own if credentials.token is None else credentials.token
    if token is None:
        return f"{credentials.scheme} {credentials.suffix}" if credentials.suffix else None
    text = token.reveal()
    return f"{credentials.scheme} {text[: len(text) - credentials.cut]}{credentials.suffix}".strip()


def is_sent_as_user(credentials: Credentials | None, own: Secret | None) -> bool:
    """Return whether a request is sent as the user: what is sent is the user's token, whatever it is called.

    Who has no token and asks as usual is the user too: a server that takes requests without one would obey.
    """
    if credentials is None:
        return False
    if credentials.token is None and not credentials.cut and not credentials.suffix:
        return True
    known = {os.environ.get(TOKEN_VARIABLE, ""), own.reveal() if own else ""} - {""}
    sent = authorization(credentials, own) or ""
    return any(re.search(rf"(?<!{_OF_TOKENS}){re.escape(token)}(?!{_OF_TOKENS})", sent) for token in known)
