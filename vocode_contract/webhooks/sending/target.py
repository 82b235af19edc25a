"""The URL of a receiver: parse it once, and refuse one that must not be delivered to."""

import re
import socket
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult

from vocode_contract.errors import InvalidOption
from vocode_contract.http.guard.guard import PRODUCTION_HOSTS, READ_ONLY_VARIABLE, is_loopback, is_read_only
from vocode_contract.http.url import bracket, split_url

#: A segment of a URL path that is a word; other segments may be tokens, as in the URLs of chat webhooks.
_WORD = re.compile(r"[a-z]{1,16}(?:[-_.][a-z]{1,16}){0,2}|v[0-9]{1,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The URL of a receiver.

    Attributes:
        url: In full, as the user wrote it.
        shown: Safe to print: without query and whatever may be a token.
    """

    url: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        """Return what is safe to print."""
        return self.shown

    @classmethod
    def from_url(cls, url: str, *, allowed_hosts: Collection[str] = (), option: str = "url") -> Self:
        """Parse the URL of a receiver.

        Args:
            url: http or https.
            allowed_hosts: Exact host names or addresses beyond loopback that may be delivered to.
            option: Its name in an error, as the user wrote it.

        Raises:
            InvalidOption: It is invalid or not allowed. The message does not hold the URL, which may hold a secret.
        """
        parts, host, port = split_url(url, option, scheme_rule="must start with http:// or https://")
        reason = _refuse_host(host, allowed_hosts)
        if reason:
            raise InvalidOption(option, reason)
        return cls(url=url.partition("#")[0], shown=_shown(parts, host, port))


def _refuse_host(host: str, allowed_hosts: Collection[str]) -> str:
    if is_loopback(host):
        return "" if _resolves_to_loopback(host) else f"{host} is this machine's name, and leads to another"
    if host in PRODUCTION_HOSTS:
        return "is the provider's own, which receives no webhooks"
    if host not in {name.lower() for name in allowed_hosts}:
        return f"{host} is not this machine; allow it by name (--allow-host {host}) if it is yours"
    if is_read_only():
        return f"{READ_ONLY_VARIABLE} is set: nothing is delivered beyond loopback"
    return ""


def _resolves_to_loopback(host: str) -> bool:
    """Return whether a name resolves only to this machine, or to nothing."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return True
    return all(is_loopback(str(address[0])) for *_, address in found)


def _shown(parts: SplitResult, host: str, port: int | None) -> str:
    path = "/".join(part if not part or _WORD.fullmatch(part) else "*" for part in parts.path.split("/"))
    return f"{parts.scheme}://{bracket(host)}{'' if port is None else f':{port}'}{path[:200]}"
