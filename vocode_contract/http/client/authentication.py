"""How a client authenticates: the header and scheme of the credential, further headers, and a certificate."""

import os
import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Final, Self

from vocode_contract.errors import InvalidOption, spell_option
from vocode_contract.validation.masking import Secret

TOKEN_VARIABLE = "VOCODE_API_KEY"  # noqa: S105 - the name of the variable, not its value
#: The token of another user, for tests that it opens nothing of the first one's.
OTHER_TOKEN_VARIABLE = "VOCODE_OTHER_API_KEY"  # noqa: S105 - the same
PASSPHRASE_VARIABLE = "VOCODE_KEY_PASSPHRASE"  # noqa: S105 - the same

_AUTHORIZATION = "Authorization"
_TOKEN = re.compile(r"[!-~]+")
#: A header's value: RFC 9110, section 5.5, without obs-text.
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
#: Fewer characters than RFC 9110 allows, so that a name can stand in a shell word.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Headers by which a message is framed, routed or negotiated, which the client sets by itself.
_RESERVED = frozenset(
    (
        *("accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "expect"),
        *("host", "keep-alive", "proxy-authorization", "proxy-connection", "range", "te", "trailer"),
        *("transfer-encoding", "upgrade", "user-agent"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """Where the user's credential is sent.

    Attributes:
        header: The name of the header.
        scheme: ``Bearer`` or ``Basic``; empty if the header holds only the credential.
    """

    header: str = _AUTHORIZATION
    scheme: str = "Bearer"

    @classmethod
    def from_word(cls, word: str, *, option: str = "auth") -> Self:
        """Parse ``bearer``, ``basic`` or ``header:NAME``.

        Raises:
            InvalidOption: It is none of them.
        """
        kind, _, name = word.partition(":")
        if word.lower() in ("bearer", "basic"):
            return cls(scheme=word.capitalize())
        if kind.lower() != "header" or not _NAME.fullmatch(name) or name.lower() in _RESERVED:
            raise InvalidOption(option, "must be bearer, basic or header:NAME, such as header:X-API-Key")
        return cls(header=name, scheme="")

    @property
    def word(self) -> str:
        """The text that `from_word` parses."""
        return self.scheme.lower() or f"header:{self.header}"

    def require(self, token: Secret, variable: str = TOKEN_VARIABLE) -> None:
        """Refuse a credential that cannot be sent, by the name of its variable.

        Raises:
            InvalidOption: It is empty, or holds spaces, line breaks or characters beyond ASCII; or a colon is missing.
        """
        if not _TOKEN.fullmatch(token.reveal()):
            raise InvalidOption(variable, "must be a token of printable ASCII characters without spaces")
        if self.scheme == "Basic" and ":" not in token.reveal():
            raise InvalidOption(variable, f"must be user:password, since {spell_option('auth')} is basic")

    def encode(self, credential: str) -> str:
        """Return a credential as it is sent after the scheme."""
        return b64encode(credential.encode()).decode() if self.scheme == "Basic" else credential

    def encode_in_shell(self, credential: str) -> str:
        """Return a credential, in which variables may stand, as part of a double-quoted shell word."""
        if self.scheme != "Basic" or not credential:
            return credential
        return f"$(printf %s {credential} | base64 | tr -d '\\n')"


BEARER: Final = Authentication()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretHeader:
    """A header of every request whose value comes from the environment and is never shown."""

    name: str
    variable: str
    value: Secret

    @classmethod
    def from_word(cls, word: str, *, option: str = "header-env") -> Self:
        """Parse ``NAME=VARIABLE``, and read the variable.

        Raises:
            InvalidOption: A name cannot be used, or the variable does not hold a header's value.
        """
        name, _, variable = word.partition("=")
        if not _NAME.fullmatch(name) or not _VARIABLE.fullmatch(variable):
            raise InvalidOption(option, "must be NAME=VARIABLE: a header, and the environment variable with its value")
        if name.lower() in _RESERVED:
            raise InvalidOption(option, f"{name} is set by the client itself")
        if name.lower() == _AUTHORIZATION.lower():
            raise InvalidOption(option, f"{name} is sent from {TOKEN_VARIABLE}; {spell_option('auth')} sets its scheme")
        value = os.environ.get(variable, "")
        if not _VALUE.fullmatch(value):
            problem = "is not set" if not value else "must be printable ASCII characters without spaces at its ends"
            raise InvalidOption(option, f"{variable} {problem}")
        return cls(name=name, variable=variable, value=Secret(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """The files by which the client proves its identity to the server.

    Attributes:
        file: PEM file of the certificate, and of the chain that leads to its authority.
        key_file: PEM file of its private key; empty if `file` holds it.
    """

    file: str
    key_file: str = ""


def token_of_environment(authentication: Authentication = BEARER, *, variable: str = TOKEN_VARIABLE) -> Secret | None:
    """Return a credential from an environment variable; ``None`` if it is not set.

    Raises:
        InvalidOption: It cannot be used.
    """
    value = os.environ.get(variable)
    if not value:
        return None
    token = Secret(value)
    authentication.require(token, variable)
    return token
