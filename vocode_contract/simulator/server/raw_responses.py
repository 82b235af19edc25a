"""Send the steps of a network fault on a connection of the server, bypassing the HTTP library."""

import asyncio
import socket
import struct
from collections.abc import Iterator

from vocode_contract.simulator.faults.fault import Step
from vocode_contract.simulator.faults.network import LONGEST
from vocode_contract.simulator.server.limits import ImpatientProtocol, Receive

#: Seconds until a connection is closed whose client reads nothing.
_PATIENCE = LONGEST + 1.0
#: SO_LINGER on with no timeout: closing the socket then resets the connection.
_ABRUPTLY = struct.pack("ii", 1, 0)


async def play(steps: Iterator[Step], connection: ImpatientProtocol, receive: Receive) -> None:
    """Take the steps one by one, then close the connection; stop as soon as the client disconnects.

    The request was received completely, so the only message left on the ASGI channel is the end of the connection.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            for step in steps:
                await _take(step, connection, receive)
                if connection.transport.is_closing():
                    break
            connection.transport.close()
            await _wait_for_end(receive)
    except TimeoutError:
        return
    finally:  # also if the server stops, or the client reads nothing
        connection.transport.abort()
        await _wait_for_end(receive)


async def _take(step: Step, connection: ImpatientProtocol, receive: Receive) -> None:
    if isinstance(step, bytes):
        connection.transport.write(step)
        await connection.flow.drain()
        await asyncio.sleep(0)  # let other connections run, and notice if the client disconnects
    elif isinstance(step, float):
        try:
            async with asyncio.timeout(step):
                await _wait_for_end(receive)
        except TimeoutError:
            return
    else:
        peer: socket.socket | None = connection.transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPTLY)
        connection.transport.abort()


async def _wait_for_end(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
