"""Send the steps of a network fault on a connection of the server, bypassing the HTTP library."""

import asyncio
import socket
import struct
from collections.abc import Iterator

from uvicorn.protocols.http.flow_control import FlowControl

from vocode_contract.simulator.faults.fault import Step
from vocode_contract.simulator.faults.network import LONGEST

#: Seconds until a connection is closed whose client reads nothing.
_PATIENCE = LONGEST + 1.0
#: SO_LINGER on with no timeout: closing the socket then resets the connection.
_ABRUPTLY = struct.pack("ii", 1, 0)


async def play(steps: Iterator[Step], transport: asyncio.Transport, flow: FlowControl, gone: asyncio.Event) -> None:
    """Take the steps one by one, then close the connection; stop as soon as the client disconnects.

    Args:
        steps: What to do.
        transport: The connection.
        flow: Tells when the client takes what is written.
        gone: Set when the connection is closed.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            for step in steps:
                await _take(step, transport, flow, gone)
                if transport.is_closing():
                    break
            transport.close()
            await gone.wait()
    except TimeoutError:
        return
    finally:  # also if the server stops, or the client reads nothing
        transport.abort()
        await gone.wait()


async def _take(step: Step, transport: asyncio.Transport, flow: FlowControl, gone: asyncio.Event) -> None:
    if isinstance(step, bytes):
        transport.write(step)
        await flow.drain()
        await asyncio.sleep(0)  # let other connections run, and notice if the client disconnects
    elif isinstance(step, float):
        try:
            async with asyncio.timeout(step):
                await gone.wait()
        except TimeoutError:
            return
    else:
        peer: socket.socket | None = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPTLY)
        transport.abort()
