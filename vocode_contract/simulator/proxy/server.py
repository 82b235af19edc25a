"""Serve the proxy on a loopback address: in the foreground, or from a thread for tests."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from vocode_contract.simulator.proxy.inspector import Inspector
from vocode_contract.simulator.proxy.relay import Relay
from vocode_contract.simulator.server.server import LOOPBACK, bind, url_of

_NAME = "the proxy"
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningProxy:
    """A proxy that accepts connections.

    Attributes:
        url: Its URL without a trailing slash, to use in place of the server's.
        inspector: What it has seen.
    """

    url: str
    inspector: Inspector


@contextmanager
def proxy(relay: Relay, *, port: int = 0) -> Iterator[RunningProxy]:
    """Serve a proxy from a thread while the block runs.

    Args:
        relay: What it passes on, and how.
        port: TCP port on 127.0.0.1; 0 for any free port.

    Raises:
        InvalidOption: The port is taken.
    """
    listener = bind(LOOPBACK, port, _NAME)
    url = url_of(listener)
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    accepting = threading.Event()

    def run() -> None:
        async def accept() -> None:
            stop = asyncio.Event()
            loops.append((asyncio.get_running_loop(), stop))
            await _serve(relay, listener, accepting.set, stop)

        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(accept())
        finally:
            accepting.set()

    thread = threading.Thread(target=run, name="proxy", daemon=True)
    thread.start()
    try:
        accepting.wait()
        yield RunningProxy(url=url, inspector=relay.inspector)
    finally:
        for loop, stop in loops:
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(stop.set)
        thread.join()


def serve_proxy(
    relay: Relay,
    host: str = LOOPBACK,
    port: int = 0,
    *,
    accepting: Callable[[str], None] = lambda _: None,
    duration: float | None = None,
) -> None:
    """Serve a proxy until a signal comes or the time is over, and return.

    Args:
        relay: What it passes on, and how.
        host: A loopback address.
        port: TCP port; 0 for any free port.
        accepting: Called with the URL as soon as connections are accepted.
        duration: Seconds; ``None`` for no end.

    Raises:
        InvalidOption: The port is taken, or the host is not a loopback address.
    """
    listener = bind(host, port, _NAME)
    url = url_of(listener)
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    handlers = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}  # as by nohup

    async def run() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        with suppress(NotImplementedError):  # on Windows, Ctrl-C raises KeyboardInterrupt
            for number in handlers:
                loop.add_signal_handler(number, stop.set)
        if duration is not None:
            loop.call_later(duration, stop.set)
        await _serve(relay, listener, lambda: accepting(url), stop)

    try:
        with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run())
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


async def _serve(relay: Relay, listener: socket.socket, accepting: Callable[[], None], stop: asyncio.Event) -> None:
    bugs: list[BaseException] = []

    def stop_at_bug(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None and not isinstance(error, OSError):  # a transport reports OSError before it closes
            bugs.append(error)
            stop.set()

    asyncio.get_running_loop().set_exception_handler(stop_at_bug)
    server = await asyncio.start_server(relay.serve, sock=listener)
    accepting()
    await stop.wait()
    server.close()
    await relay.stop()
    for bug in bugs:
        raise bug


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # on Windows
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
