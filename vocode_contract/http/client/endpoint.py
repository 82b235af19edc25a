"""The server that requests go to, and the proxy on the way, parsed from what the user gave."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult

from vocode_contract.errors import InvalidOption, spell_option
from vocode_contract.http.guard.guard import PRODUCTION_HOSTS, is_loopback
from vocode_contract.http.url import DEFAULT_PORTS, bracket, split_url
from vocode_contract.validation.masking import Secret

PROXY_AUTH_VARIABLE = "VOCODE_PROXY_AUTH"

_URL_RULE = "must start with https://, or with http:// on this machine"
_PROXY_RULE = "must be http:// with a host and a port; the connection to the server is encrypted all the same"
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The address of an API; its text is safe to show.

    Attributes:
        scheme: ``https``; ``http`` only for a loopback host, or where it is allowed.
        host: Name or IP address, the latter without brackets, in lower case.
        port: 1 to 65535.
        path: Prefix of the path of each operation; empty or ``/...`` without a trailing slash.
        allows_http: Whether the user permits plain http, over which a private network can read the token.

    Raises:
        InvalidOption: A token would leave this machine unencrypted.
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    allows_http: bool = False

    def __post_init__(self) -> None:
        """Refuse to send a token over the network unencrypted, unless the user permits it for a private network."""
        if self.scheme == "https" or self.is_loopback:
            return
        if self.host in PRODUCTION_HOSTS:
            raise InvalidOption(f"{self}", "must start with https://")
        if not self.allows_http:
            remedy = f"in a private network, {spell_option('allow-http')} {self.host} permits http"
            raise InvalidOption(f"{self}", f"must start with https://, since it is not on this machine; {remedy}")

    @classmethod
    def from_url(cls, url: str, *, option: str = "url", http_hosts: Collection[str] = ()) -> Self:
        """Parse the URL of an API.

        Args:
            url: Scheme, host, optional port and path.
            option: Its name in an error.
            http_hosts: Hosts to which plain http is permitted, in lower case and without brackets.

        Raises:
            InvalidOption: With the reason, and without the URL, which may hold a secret.
        """
        parts, host, port = _split(url, option, scheme_rule=_URL_RULE, variable="the environment")
        if not _PATH.fullmatch(parts.path) or ".." in parts.path.split("/"):
            raise InvalidOption(option, "has a path that cannot be put before the operations'")
        try:
            return cls(
                scheme=parts.scheme,
                host=host,
                port=DEFAULT_PORTS[parts.scheme] if port is None else port,
                path=parts.path.rstrip("/"),
                allows_http=host in http_hosts,
            )
        except InvalidOption as error:
            raise InvalidOption(option, error.reason) from None

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine, by its name or its address."""
        return is_loopback(self.host)

    @property
    def authority(self) -> str:
        """Host and port as in a URL, without the scheme's default port."""
        host = bracket(self.host)
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        """Return the address as URL."""
        return f"{self.scheme}://{self.authority}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An HTTP proxy that tunnels encrypted connections, so that it sees no token; its text is safe to show.

    Attributes:
        host: Name or IP address, the latter without brackets, in lower case.
        port: 1 to 65535.
        credentials: User name and password, separated by a colon; ``None`` for none.

    Raises:
        InvalidOption: The credentials have no colon, or hold control characters.
    """

    host: str
    port: int
    credentials: Secret | None = None

    def __post_init__(self) -> None:
        """Refuse credentials that cannot be sent."""
        text = self.credentials.reveal() if self.credentials else ":"
        if ":" not in text or not text.isprintable():
            raise InvalidOption(PROXY_AUTH_VARIABLE, "must be a user name and a password with a colon between them")

    @classmethod
    def from_url(cls, url: str, *, option: str = "proxy", credentials: Secret | None = None) -> Self:
        """Parse the URL of a proxy.

        Args:
            url: ``http://``, a host and an optional port.
            option: Its name in an error.
            credentials: User name and password, if the proxy needs them.

        Raises:
            InvalidOption: With the reason, and without the URL, which may hold a secret.
        """
        parts, host, port = _split(url, option, scheme_rule=_PROXY_RULE, variable=PROXY_AUTH_VARIABLE)
        if parts.scheme != "http" or parts.path not in ("", "/"):
            raise InvalidOption(option, _PROXY_RULE)
        return cls(host=host, port=DEFAULT_PORTS["http"] if port is None else port, credentials=credentials)

    @property
    def user_and_password(self) -> tuple[bytes, bytes] | None:
        """User name and password as bytes; ``None`` for none."""
        if not self.credentials:
            return None
        user, _, password = self.credentials.reveal().partition(":")
        return user.encode(), password.encode()

    def __str__(self) -> str:
        """Return the address as URL."""
        return f"http://{bracket(self.host)}:{self.port}"


def require_proxied(endpoint: Endpoint, option: str) -> None:
    """Refuse a proxy if the endpoint must not be reached through one.

    Raises:
        InvalidOption: The endpoint is on this machine, whose name the proxy would take for itself; or the proxy would
            see the token.
    """
    if endpoint.is_loopback:
        raise InvalidOption(option, "is for a host that is not this machine")
    if endpoint.scheme != "https":
        raise InvalidOption(option, "is for https:// only: it would see the token")


def _split(url: str, option: str, *, scheme_rule: str, variable: str) -> tuple[SplitResult, str, int | None]:
    parts, host, port = split_url(url, option, scheme_rule=scheme_rule, variable=variable)
    if "?" in url or "#" in url:
        raise InvalidOption(option, "must end before '?' and '#'")
    return parts, host, port
