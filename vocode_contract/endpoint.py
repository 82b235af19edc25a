"""Endpoint: where an API is, parsed once from the URL that its user gave."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

from vocode_contract.errors import InvalidOption
from vocode_contract.guard import is_loopback

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/*")
_LONGEST = 2_000


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
            raise InvalidOption(option, "is not a URL with a host and a port of 1 to 65535") from None
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


class _Unfit(Exception):
    """Why a URL cannot be used."""


def _parts(url: str) -> SplitResult:
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _Unfit("holds characters that a URL cannot hold, or is too long")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise _Unfit("must start with https://, or with http:// on this machine")
    if "@" in parts.netloc:
        raise _Unfit("must hold no user name and no password; the token is taken from the environment")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise _Unfit("must end before '?' and '#'")
    if not parts.hostname or not _HOST.fullmatch(parts.hostname) or parts.port == 0:
        raise _Unfit("is not a URL with a host and a port of 1 to 65535")
    if not _PATH.fullmatch(parts.path) or ".." in parts.path.split("/"):
        raise _Unfit("has a path that cannot be put before the operations'")
    return parts
