"""Playing the steps of a fault on a connection of the server, past the HTTP library."""

import asyncio
import socket
import struct
from collections.abc import Iterator

from vocode_contract.simulator.faults.fault import Step
from vocode_contract.simulator.faults.network import LONGEST
from vocode_contract.simulator.server.limits import ImpatientProtocol, Receive

#: Seconds until a connection is given up whose client reads nothing.
_PATIENCE = LONGEST + 1.0
#: Makes a socket reset its connection when it is closed: SO_LINGER on, for no time.
_ABRUPTLY = struct.pack("ii", 1, 0)


async def play(steps: Iterator[Step], connection: ImpatientProtocol, receive: Receive) -> None:
    """Take the steps one by one, then close the connection; stop as soon as the client goes away.

    Args:
        steps: Which end by themselves.
        connection: Whose request has come in completely, and was not answered.
        receive: The ASGI channel, on which nothing comes any more but the end of the connection.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            for step in steps:
                await _taken(step, connection, receive)
                if connection.transport.is_closing():
                    break
            connection.transport.close()
            await _end(receive)
    except TimeoutError:
        return
    finally:  # also where the server stops, or the client reads nothing
        connection.transport.abort()
        await _end(receive)


async def _taken(step: Step, connection: ImpatientProtocol, receive: Receive) -> None:
    if isinstance(step, bytes):
        connection.transport.write(step)
        await connection.flow.drain()
        await asyncio.sleep(0)  # others have their turn, and the client may go away
    elif isinstance(step, float):
        try:
            async with asyncio.timeout(step):
                await _end(receive)
        except TimeoutError:
            return
    else:
        _reset(connection.transport)


async def _end(receive: Receive) -> None:
    """Wait for the end of the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _reset(transport: asyncio.Transport) -> None:
    peer: socket.socket | None = transport.get_extra_info("socket")
    if peer is not None:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPTLY)
    transport.abort()
