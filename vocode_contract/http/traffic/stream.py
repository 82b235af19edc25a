"""A response's stream that is listened to while its client reads it."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from vocode_contract.http import clock

_END = object()
#: Bytes that are decoded at once: the best packed ones become 1 MiB.
_PIECE = 1_024


class Recording:
    """Hands on what a stream carries, and keeps a copy of it until it is closed.

    Nothing is read that the client does not read, so a stream may be raw, be left alone, or never end.

    Attributes:
        size: Bytes that went by.
    """

    def __init__(self, inner: Any, *, most: int, closed: "Callable[[Recording], object]") -> None:
        """Start with nothing.

        Args:
            inner: The stream of a response, of either library, synchronous or not.
            most: Bytes that are kept; of a longer body, none.
            closed: Called once, when the stream is closed.
        """
        self.size = 0
        self._inner = inner
        self._most = most
        self._closed: Callable[[Recording], object] | None = closed
        self._kept = bytearray()
        self._is_ended = False
        self._is_reading = False
        self._made = clock.monotonic()
        self._waited = 0.0

    @property  # type: ignore[misc]  # nobody assigns it
    def __class__(self) -> Any:
        """The class of the stream inside: the libraries look at it, and we import neither."""
        return self._inner.__class__

    def __iter__(self) -> Iterator[bytes]:
        chunks = iter(self._inner)
        while True:
            asked = self._begin_read()
            chunk = self._end_read(next(chunks, _END), asked)
            if chunk is None:
                return
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = aiter(self._inner)
        while True:
            asked = self._begin_read()
            chunk = self._end_read(await anext(chunks, _END), asked)
            if chunk is None:
                return
            yield chunk

    def close(self) -> None:
        """Close the stream inside."""
        __tracebackhide__ = True
        self._inner.close()
        self._end()

    async def aclose(self) -> None:
        """Close the stream inside."""
        __tracebackhide__ = True
        await self._inner.aclose()
        self._end()

    @property
    def is_broken(self) -> bool:
        """Whether the stream inside failed, so that there is no response."""
        return self._is_reading

    def body(self, length: str | None) -> bytes | None:
        """Return the whole body, no content coding undone; ``None`` if it was not read to its end, or is too long.

        Args:
            length: What the header Content-Length says: who reads so much need not look for more.
        """
        is_whole = self._is_ended or length == str(self.size)
        return bytes(self._kept) if is_whole and self.size <= self._most else None

    def seconds(self, before: float | None, elapsed: float | None) -> float | None:
        """Return how long the server took, without the time in which the client did something else.

        Args:
            before: Seconds until the stream was there, where somebody measured.
            elapsed: Seconds until it was closed, where somebody measured; used where nobody knows the former.
        """
        if before is not None:
            return before + self._waited
        return None if elapsed is None else max(0.0, elapsed - (clock.monotonic() - self._made) + self._waited)

    def _begin_read(self) -> float:
        self._is_reading = True
        return clock.monotonic()

    def _end_read(self, chunk: Any, asked: float) -> bytes | None:
        self._is_reading = False
        self._waited += clock.monotonic() - asked
        if chunk is _END:
            self._is_ended = True
            return None
        self.size += len(chunk)
        if self.size <= self._most:
            self._kept += chunk
        else:
            self._kept.clear()
        return bytes(chunk)

    def _end(self) -> None:
        __tracebackhide__ = True
        closed, self._closed = self._closed, None
        if closed is not None:
            closed(self)
        self._kept.clear()


def decode(response: Any, raw: bytes, most: int) -> bytes | None:
    """Undo the content coding of a body, as the response's own library does it.

    Returns:
        ``None`` where it would be more, several codings lie in each other, or the library cannot undo it.
    """
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return raw
    if "," in coding:
        return None
    made_by = next(kind for kind in type(response).__mro__ if "iter_raw" in vars(kind))
    library = sys.modules[made_by.__module__.partition(".")[0]]
    pieces = (raw[start : start + _PIECE] for start in range(0, len(raw), _PIECE))
    fresh = made_by(200, headers={"content-encoding": coding}, content=pieces)
    body = bytearray()
    try:
        for chunk in fresh.iter_bytes():
            body += chunk
            if len(body) > most:
                return None
    except library.DecodingError:
        return None
    return bytes(body)
