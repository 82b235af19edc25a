"""Endpoint: where an API is, parsed once from the URL that its user gave; and the proxy on the way to it."""

import os
import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from vocode_contract.errors import InvalidOption
from vocode_contract.http.guard.guard import is_loopback
from vocode_contract.validation.masking import Secret

TOKEN_VARIABLE = "VOCODE_API_KEY"  # noqa: S105 - the name of the variable, not its value
PROXY_AUTH_VARIABLE = "VOCODE_PROXY_AUTH"

_TOKEN = re.compile(r"[!-~]+")
_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/*")
_LONGEST = 2_000
_NO_AUTHORITY = "is not a URL with a host and a port of 1 to 65535"


def require_token(token: Secret) -> None:
    """Refuse a token that no header can hold.

    Raises:
        InvalidOption: It holds blanks, line breaks or what is not ASCII, or it is empty.
    """
    if not _TOKEN.fullmatch(token.reveal()):
        raise InvalidOption(TOKEN_VARIABLE, "must be a token of printable ASCII characters without spaces")


def token_of_environment() -> Secret | None:
    """Return the user's token; ``None`` where there is none.

    Raises:
        InvalidOption: It cannot be used.
    """
    value = os.environ.get(TOKEN_VARIABLE)
    if not value:
        return None
    token = Secret(value)
    require_token(token)
    return token


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The address of an API; its text may be shown.

    Attributes:
        scheme: ``http``, for a loopback host alone, or ``https``.
        host: Name or IP address, the latter without brackets, in lower case.
        port: 1 to 65535.
        path: What precedes the path of each operation; empty or ``/...`` without a slash at the end.

    Raises:
        InvalidOption: A token would leave this machine unencrypted.
    """

    scheme: str
    host: str
    port: int
    path: str = ""

    def __post_init__(self) -> None:
        """Refuse what would send a token over the network in the clear."""
        if self.scheme != "https" and not self.is_loopback:
            raise InvalidOption(f"{self}", "must start with https://, since it is not on this machine")

    @classmethod
    def from_url(cls, url: str, *, option: str = "url") -> Self:
        """Parse the URL of an API.

        Args:
            url: Scheme, host, perhaps a port and a URL path.
            option: What to call it in an error, as its user wrote it.

        Raises:
            InvalidOption: With the reason, and without the URL, which may hold a secret.
        """
        try:
            parts = _parts(url)
            endpoint = cls(
                scheme=parts.scheme,
                host=(parts.hostname or "").lower(),
                port=_PORTS[parts.scheme] if parts.port is None else parts.port,
                path=parts.path.rstrip("/"),
            )
        except _Unfit as unfit:
            raise InvalidOption(option, str(unfit)) from None
        except InvalidOption as error:
            raise InvalidOption(option, error.reason) from None
        except ValueError:
            raise InvalidOption(option, _NO_AUTHORITY) from None
        return endpoint

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine, by its name or its address."""
        return is_loopback(self.host)

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL; the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """Write the address as URL."""
        return f"{self.scheme}://{self.authority}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An HTTP proxy that opens a way to a server; what passes is encrypted, so it sees no token. Its text may be shown.

    Attributes:
        host: Name or IP address, the latter without brackets, in lower case.
        port: 1 to 65535.
        credentials: User name and password with a colon between them; ``None`` for a proxy that wants none.

    Raises:
        InvalidOption: The credentials have no colon, or hold control characters.
    """

    host: str
    port: int
    credentials: Secret | None = None

    def __post_init__(self) -> None:
        """Refuse credentials that cannot be sent."""
        told = self.credentials.reveal() if self.credentials else ":"
        if ":" not in told or not told.isprintable():
            raise InvalidOption(PROXY_AUTH_VARIABLE, "must be a user name and a password with a colon between them")

    @classmethod
    def from_url(cls, url: str, *, option: str = "proxy", credentials: Secret | None = None) -> Self:
        """Parse the URL of a proxy.

        Args:
            url: ``http://``, a host and perhaps a port.
            option: What to call it in an error, as its user wrote it.
            credentials: What the proxy wants to know, if anything.

        Raises:
            InvalidOption: With the reason, and without the URL, which may hold a secret.
        """
        try:
            parts = _parts(url, secrets=PROXY_AUTH_VARIABLE)
        except _Unfit as unfit:
            raise InvalidOption(option, str(unfit)) from None
        except ValueError:
            raise InvalidOption(option, _NO_AUTHORITY) from None
        if parts.scheme != "http" or parts.path not in ("", "/"):
            raise InvalidOption(option, "must be http://, a host and a port; what passes is encrypted all the same")
        port = _PORTS["http"] if parts.port is None else parts.port
        return cls(host=(parts.hostname or "").lower(), port=port, credentials=credentials)

    @property
    def user_and_password(self) -> tuple[bytes, bytes] | None:
        """The credentials as they are sent; ``None`` for none."""
        if not self.credentials:
            return None
        user, _, password = self.credentials.reveal().partition(":")
        return user.encode(), password.encode()

    def __str__(self) -> str:
        """Write the address as URL."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


class _Unfit(Exception):
    """Why a URL cannot be used."""


def _parts(url: str, *, secrets: str = "the environment") -> SplitResult:
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _Unfit("holds characters that a URL cannot hold, or is too long")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise _Unfit("must start with https://, or with http:// on this machine")
    if "@" in parts.netloc:
        raise _Unfit(f"must hold no user name and no password; {secrets} holds what is secret")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise _Unfit("must end before '?' and '#'")
    if not parts.hostname or not _HOST.fullmatch(parts.hostname) or parts.port == 0:
        raise _Unfit(_NO_AUTHORITY)
    if not _PATH.fullmatch(parts.path) or ".." in parts.path.split("/"):
        raise _Unfit("has a path that cannot be put before the operations'")
    return parts
