"""Open a TCP connection, DNS lookup included, within one deadline.

``getaddrinfo`` has no time-out, and `socket.create_connection` gives the whole time-out to each address.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Thread
from traceback import walk_tb

from vocode_contract.http import clock

__all__ = ["Blocked", "Unresolved", "connect", "find_block"]

_Address = tuple[socket.AddressFamily, tuple[object, ...]]


class Unresolved(TimeoutError):
    """The host name was not resolved in time."""


class Blocked(OSError):
    """Another package, such as a pytest plugin, has replaced functions of sockets and refuses connections."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


@contextmanager
def find_block() -> Iterator[None]:
    """Turn the error of a replaced function into `Blocked`.

    pytest-recording, pytest-socket and most custom replacements raise RuntimeError or warn; sockets never do.
    """
    try:
        yield
    except (RuntimeError, Warning) as error:
        frames = [frame for frame, _ in walk_tb(error.__traceback__)]
        raise Blocked(str(frames[-1].f_globals.get("__name__", "")).partition(".")[0]) from None


def connect(host: str, port: int, *, within: float) -> socket.socket:
    """Return a connection to the first address of a host that accepts one.

    Args:
        host: Name or address.
        port: 1 to 65535.
        within: Maximum seconds; each address gets an equal share of the remaining time.

    Raises:
        Unresolved: The name was not resolved in time.
        Blocked: The network is blocked in this process.
        TimeoutError: No address accepted the connection in time.
        OSError: The name does not exist, or every address refuses.
    """
    deadline = clock.monotonic() + within
    addresses = _addresses(host, port, within)
    failure: OSError = OSError("the name has no address")
    for number, (family, address) in enumerate(addresses):
        left = deadline - clock.monotonic()
        if left <= 0:
            raise TimeoutError
        try:
            return _connection(family, address, left / (len(addresses) - number))
        except Blocked:
            raise
        except OSError as error:  # a time-out says more than a refusal
            failure = failure if isinstance(failure, TimeoutError) else error
    raise failure


def _connection(family: socket.AddressFamily, address: tuple[object, ...], seconds: float) -> socket.socket:
    with find_block():
        one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.settimeout(seconds)
        with find_block():
            one.connect(address)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        one.close()
        raise
    return one


def _addresses(host: str, port: int, within: float) -> list[_Address]:
    if _is_address(host):
        return _resolve(host, port)
    found: list[list[_Address] | OSError] = []

    def resolve() -> None:
        try:
            found.append(_resolve(host, port))
        except (OSError, UnicodeError) as error:  # a label may be too long
            found.append(error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, "no name"))

    thread = Thread(target=resolve, daemon=True)  # it cannot be stopped, and must not delay the end of the process
    thread.start()
    thread.join(within)
    if not found:
        raise Unresolved
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _resolve(host: str, port: int) -> list[_Address]:
    with find_block():
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]
