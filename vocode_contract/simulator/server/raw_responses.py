"""Send the steps of a network fault on a connection of the server, bypassing the HTTP library."""

import asyncio
import socket
import struct
from collections.abc import Iterator

from vocode_contract.simulator.faults.fault import Step
from vocode_contract.simulator.faults.network import LONGEST
from vocode_contract.simulator.server.connection import Connection

#: Seconds until a connection is closed whose client reads nothing.
_PATIENCE = LONGEST + 1.0
#: SO_LINGER on with no timeout: closing the socket then resets the connection.
_ABRUPTLY = struct.pack("ii", 1, 0)


async def play(steps: Iterator[Step], connection: Connection) -> None:
    """Take the steps one by one, then close the connection; stop as soon as the client disconnects."""
    try:
        async with asyncio.timeout(_PATIENCE):
            for step in steps:
                await _take(step, connection)
                if connection.transport.is_closing():
                    break
            connection.transport.close()
            await connection.gone.wait()
    except TimeoutError:
        return
    finally:  # also if the server stops, or the client reads nothing
        connection.transport.abort()
        await connection.gone.wait()


async def _take(step: Step, connection: Connection) -> None:
    if isinstance(step, bytes):
        connection.transport.write(step)
        await connection.flow.drain()
        await asyncio.sleep(0)  # let other connections run, and notice if the client disconnects
    elif isinstance(step, float):
        try:
            async with asyncio.timeout(step):
                await connection.gone.wait()
        except TimeoutError:
            return
    else:
        peer: socket.socket | None = connection.transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPTLY)
        connection.transport.abort()
