"""Where a request goes: whether its host is the API, and which operation its path names."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from vocode_contract.contract.model import Contract
from vocode_contract.contract.operation import Operation, matches_path
from vocode_contract.errors import InvalidOption
from vocode_contract.http.url import DEFAULT_PORTS


@dataclass(frozen=True, slots=True)
class Hosts:
    """Names of hosts, each with a port or without; none at all stand for every host.

    Attributes:
        names: Host in lower case, and port; ``None`` for any port.
    """

    names: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def from_words(cls, words: Iterable[str], *, option: str = "hosts") -> Self:
        """Read hosts as their user writes them.

        Args:
            words: Each ``HOST`` or ``HOST:PORT``; an IPv6 address stands in brackets.
            option: What to call it in an error, as its user wrote it.

        Raises:
            InvalidOption: One is no host.
        """
        if isinstance(words, str):
            raise InvalidOption(option, "must be several hosts: a tuple or a list of them")
        return cls(frozenset(_host(word, option) for word in words))

    def hold(self, url: Any) -> bool:
        """Return whether a URL, as httpx has it, leads to one of the hosts."""
        if not self.names:
            return True
        host, port = url.host.lower(), url.port or DEFAULT_PORTS.get(url.scheme)
        return (host, None) in self.names or (host, port) in self.names


def _host(word: str, option: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{word}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.netloc != word or "@" in word or word.endswith(":"):
        raise InvalidOption(option, "must be a host as in api.example or api.example:8443, without scheme and path")
    return host, port


def operation_at(contract: Contract, method: str, path: str) -> Operation | None:
    """Return the operation of a method and URL path, which may stand below a prefix; ``None`` for none."""
    found = (
        operation
        for operation in contract.operations.values()
        if operation.method == method.upper() and _ends_with(path.rstrip("/"), operation.path)
    )
    return max(found, key=lambda operation: len(operation.path), default=None)


def _ends_with(path: str, template: str) -> bool:
    """Return whether a URL path ends with the path of an operation, in which ``{name}`` stands for one segment."""
    if "{" not in template:
        return path.endswith(template)
    count = template.strip("/").count("/") + 1
    return matches_path(template, "/".join(path.strip("/").split("/")[-count:]))
