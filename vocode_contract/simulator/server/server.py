"""The simulator as an HTTP server on a loopback address: on uvicorn, in a thread or in the foreground."""

import asyncio
import errno
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import uvicorn

from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.http import clock
from vocode_contract.http.client.tcp import Blocked, find_block
from vocode_contract.http.inconclusive import NOTHING_SENT, Inconclusive
from vocode_contract.http.url import bracket
from vocode_contract.simulator.faults.injection import Planted
from vocode_contract.simulator.lifecycle.clock import Clock
from vocode_contract.simulator.lifecycle.scenarios import DEFAULT
from vocode_contract.simulator.server.callbacks import Callbacks
from vocode_contract.simulator.server.connection import Connection, Service, Show
from vocode_contract.simulator.server.control import answer
from vocode_contract.simulator.simulation import DEFAULT_TOKEN, Simulation
from vocode_contract.simulator.variants import LIKELY, Variant
from vocode_contract.webhooks.sending.retries import ONCE, RetryPolicy

LOOPBACK = "127.0.0.1"
#: What a simulator needs that other machines can reach.
TOKEN_REMEDY = "name a variable with --token-env that holds a token of 16 characters or more"  # noqa: S105 - a text

#: Seconds for open requests to finish when the server stops; uvicorn requires an integer.
_GRACE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A simulator that accepts connections.

    Attributes:
        url: Its URL without a trailing slash: ``http://127.0.0.1:PORT``.
        simulation: The core, shared with the server's thread.
        callbacks: Its deliveries to webhooks.
    """

    url: str
    token: str = field(repr=False)
    simulation: Simulation
    callbacks: Callbacks = field(repr=False)

    def reset(self, seed: int | None = None) -> None:
        """Restore the initial state; see `Simulation.reset`."""
        self.simulation.reset(seed)

    def advance(self, seconds: float) -> None:
        """Advance the clock; see `Simulation.advance`."""
        self.simulation.advance(seconds)

    def place(self, scenario: str | None = None) -> str:
        """Place a call and return its id; see `Simulation.place`."""
        return self.simulation.place(scenario)

    def go_on(self, identifier: str, *, scenario: str | None = None, status: str | None = None) -> None:
        """Set how a call goes on from now; see `Simulation.go_on`."""
        self.simulation.go_on(identifier, scenario=scenario, status=status)

    def arm(self, *faults: str) -> None:
        """Add faults to the active ones; see `Simulation.arm`."""
        self.simulation.arm(*faults)

    def disarm(self, *faults: str) -> None:
        """Remove faults by name, or all; see `Simulation.disarm`."""
        self.simulation.disarm(*faults)


@contextmanager
def simulator(
    *,
    port: int = 0,
    contract: Contract | str | None = None,
    token: str = DEFAULT_TOKEN,
    variant: Variant = LIKELY,
    faults: tuple[str | Planted, ...] = (),
    clock: Clock = time.time,
    seed: int = 0,
    scenario: str = DEFAULT,
    speed: float = 1.0,
    retries: RetryPolicy | str = ONCE,
    allowed_hosts: Collection[str] = (),
) -> Iterator[Running]:
    """Serve a simulation from a thread while the block runs.

    Args:
        port: TCP port on 127.0.0.1; 0 for any free port.
        contract: A contract or its date; the default contract if None.
        token: See `Simulation`, as for ``variant``, ``faults``, ``clock``, ``seed``, ``scenario`` and ``speed``.
        variant: The conforming server to simulate.
        faults: The faults to plant.
        clock: Returns seconds since the epoch.
        seed: Random seed for ids, call histories and faults.
        scenario: Default scenario for calls whose number selects none.
        speed: Simulated seconds per second of the clock.
        retries: Retry policy for webhook deliveries that fail, or its name in `POLICIES`.
        allowed_hosts: Exact names of hosts beyond loopback that may receive deliveries.

    Raises:
        InvalidOption: The port is taken, the token is empty, there is no such fault, scenario or
            policy, or the speed is negative.
        UnknownContract: There is no contract of that date.
    """
    simulation = Simulation(
        contract if isinstance(contract, Contract) else Contract.load(contract),
        token=token,
        clock=clock,
        seed=seed,
        variant=variant,
        faults=faults,
        scenario=scenario,
        speed=speed,
    )
    callbacks = Callbacks(simulation, policy=retries, allowed_hosts=allowed_hosts)
    listener = bind(LOOPBACK, port)
    accepting = threading.Event()
    server = _Server(simulation, accepting.set)
    thread = threading.Thread(target=_run, args=(server, listener, accepting), name="simulator", daemon=True)
    url = url_of(listener)
    thread.start()
    try:
        accepting.wait()
        with callbacks:
            yield Running(url=url, token=token, simulation=simulation, callbacks=callbacks)
    finally:
        server.should_exit = True
        thread.join()


def serve(
    simulation: Simulation,
    host: str = LOOPBACK,
    port: int = 0,
    *,
    accepting: Callable[[str], None] = lambda _: None,
    show: Show = lambda *_: None,
    callbacks: Callbacks | None = None,
) -> None:
    """Serve a simulation until a signal stops it, which then has its usual effect.

    Args:
        simulation: The core.
        host: A loopback address, or another one of this machine, such as 0.0.0.0 for all of them. Other machines can
            reach the latter, so the token must not be the default one and have 16 characters or more; the control
            plane then needs it too.
        port: TCP port; 0 for any free port.
        accepting: Called with the URL as soon as connections are accepted.
        show: Called with each request to the API, and the seconds until its response was sent.
        callbacks: Sends the deliveries; by default one attempt each, to loopback only.

    Raises:
        InvalidOption: The port is taken, the host is no address of this machine, or the token can be guessed.
        KeyboardInterrupt: Ctrl-C stopped it.
    """
    is_exposed = _is_address(host) and not _is_loopback(host)
    if is_exposed and not simulation.is_exposable:
        raise InvalidOption("host", f"other machines can reach {host}: {TOKEN_REMEDY}")
    listener = bind(host, port, is_exposed=is_exposed)
    url = url_of(listener)
    with listener, callbacks or Callbacks(simulation):
        _Server(simulation, lambda: accepting(url), show, is_exposed=is_exposed).run(sockets=[listener])


def _run(server: "_Server", listener: socket.socket, accepting: threading.Event) -> None:
    try:
        with listener:
            server.run(sockets=[listener])
    finally:
        accepting.set()  # nobody must wait for a server that failed to start


class _Server(uvicorn.Server):
    """A uvicorn server that reports when it accepts connections."""

    def __init__(
        self,
        simulation: Simulation,
        accepting: Callable[[], None],
        show: Show = lambda *_: None,
        *,
        is_exposed: bool = False,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                Service(  # type: ignore[arg-type]  # for `Connection`
                    answer=partial(answer, simulation, is_exposed=is_exposed), show=show, is_exposed=is_exposed
                ),
                http=Connection,
                ws="none",
                loop="auto",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._accepting = accepting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        clock.keep_time(asyncio.get_running_loop())
        await super().startup(sockets)
        self._accepting()


def bind(host: str, port: int, name: str = "the simulator", *, is_exposed: bool = False) -> socket.socket:
    """Return a socket that is bound to an address.

    Args:
        host: A loopback address, or localhost.
        port: TCP port; 0 for any free one.
        name: What is served there, for messages.
        is_exposed: Whether the host may be any address of this machine.

    Raises:
        InvalidOption: The host is not a loopback address, or the port cannot be used.
        Inconclusive: The network is blocked in this process.
    """
    if not (_is_loopback(host) or (is_exposed and _is_address(host))):
        raise InvalidOption("host", f"{name} serves this machine only; use {LOOPBACK} or ::1")
    if not 0 <= port <= 65_535:
        raise InvalidOption("port", f"{port} is not a TCP port; use 1 to 65535, or 0 for any free one")
    # asyncio disables Nagle's algorithm only for sockets with an explicit protocol; with it, every request
    # would wait for some 45 ms (uvicorn issue 3149).
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with find_block():
            listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except Blocked as block:
        what = f"{name} cannot be served, since the network is blocked by {block.by}"
        raise Inconclusive("blocked", what, NOTHING_SENT) from None
    except OSError:
        raise InvalidOption("host", f"this machine has no IPv6; use {LOOPBACK}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK if host == "localhost" else host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise InvalidOption("host", f"this machine does not have the address {host}; use {LOOPBACK}") from None
        reason = "is taken" if error.errno == errno.EADDRINUSE else "cannot be used"
        raise InvalidOption("port", f"{port} {reason}; choose another, or 0 for any free one") from None
    return listener


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        if ":" in host:  # not `is_loopback`, which some versions of Python also give ::ffff:127.0.0.1
            return ipaddress.IPv6Address(host) == ipaddress.IPv6Address("::1")
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def url_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port, *_ = listener.getsockname()
    return f"http://{bracket(host)}:{port}"
