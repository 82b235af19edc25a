"""One HTTP/1.1 message as it comes in: its bytes as they are, its parsed head, and its content up to a limit.

h11 finds where the head and the body end, and refuses what it cannot frame without doubt; the bytes that are passed on
are the ones that came, so that the case of names, reason phrases, chunks and trailers stay as they are.
"""

import re
from collections.abc import Awaitable, Callable

import h11

#: Bytes of a head that are accepted.
MOST_HEAD = 102_400
#: Headers that say where the body ends, and what some servers read as one line or one value, others as two.
_FRAMING = re.compile(rb"\n(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)
_UNCLEAR = re.compile(rb"(?<!\r)\n|\n[ \t]|\ncontent-length:[^\r\n]*,", re.IGNORECASE)


class IncomingMessage:
    """A request or a response that is being received.

    Attributes:
        head: The parsed head; ``None`` before `read_head`.
        raw_head: The bytes of the head, with the empty line.
        content: The body without chunks, as far as it came; more than ``most`` bytes are not kept.
        size: Number of bytes of the content so far.
        is_over: Whether the message has ended.
    """

    def __init__(
        self, role: type[h11.CLIENT] | type[h11.SERVER], receive: Callable[[], Awaitable[bytes]], *, most: int
    ) -> None:
        """Prepare to receive a message.

        Args:
            role: Whose side this is: `h11.SERVER` receives requests, `h11.CLIENT` responses.
            receive: Returns the next bytes; none at the end of the connection.
            most: Bytes of the content that are kept.
        """
        self.head: h11.Request | h11.Response | None = None
        self.raw_head = b""
        self.content = bytearray()
        self.size = 0
        self.is_over = False
        self._connection = h11.Connection(role, max_incomplete_event_size=MOST_HEAD)
        self._receive = receive
        self._most = most
        self._raw = bytearray()

    def expect_response(self, method: bytes) -> None:
        """Read the response to a request of this method: one to HEAD has no body."""
        self._connection.send(h11.Request(method=method, target=b"/", headers=[(b"host", b"-")]))
        self._connection.send(h11.EndOfMessage())

    async def read_head(self, pass_on: Callable[[bytes], Awaitable[None]] | None = None) -> bool:
        """Read the head; return false if the connection ended before its first byte.

        Args:
            pass_on: Takes the bytes of each informational response that comes before.

        Raises:
            h11.RemoteProtocolError: It is not HTTP/1.1.
        """
        while True:
            event = self._connection.next_event()
            raw = self._take_raw()
            if isinstance(event, h11.Request | h11.Response):
                self.head, self.raw_head = event, raw
                return True
            if isinstance(event, h11.InformationalResponse):
                if pass_on is not None:
                    await pass_on(raw)
            elif not await self._feed():
                if self._raw:
                    raise h11.RemoteProtocolError("peer closed connection in the head")
                return False

    async def read(self, *, wait: bool = True) -> bytes:
        """Return the next bytes of the body as they came; none at its end.

        Args:
            wait: Whether to wait for some; otherwise none are returned too if none are there yet.

        Raises:
            h11.RemoteProtocolError: Its framing is broken, or the connection ended before it did.
        """
        pieces = []
        while not self.is_over:
            event = self._connection.next_event()
            pieces.append(self._take_raw())
            if isinstance(event, h11.Data):
                self.size += len(event.data)
                if self.size <= self._most:
                    self.content += event.data
            elif isinstance(event, h11.EndOfMessage):
                self.is_over = True
            elif any(pieces) or not wait:
                break
            else:
                await self._feed()
        return b"".join(pieces)

    @property
    def is_ambiguous(self) -> bool:
        """Whether two readers may disagree on where a line of the head or the message ends.

        Source: RFC 9112, sections 2.2, 5.2 and 6.3.
        """
        return len(_FRAMING.findall(self.raw_head)) > 1 or _UNCLEAR.search(self.raw_head) is not None

    @property
    def is_kept(self) -> bool:
        """Whether `content` is all of the content."""
        return self.is_over and self.size <= self._most

    @property
    def keeps_alive(self) -> bool:
        """Whether another message may follow on the connection."""
        return self.is_over and self._connection.their_state is h11.DONE

    @property
    def rest(self) -> bytes:
        """The bytes that came and were not parsed: those of the next message, or what is not HTTP."""
        return bytes(self._raw)

    async def _feed(self) -> bool:
        data = await self._receive()
        self._raw += data
        self._connection.receive_data(data)
        return bool(data)

    def _take_raw(self) -> bytes:
        """Return the bytes that the parser has consumed since the last time."""
        unread, _ = self._connection.trailing_data
        size = len(self._raw) - len(unread)
        raw = bytes(self._raw[:size])
        del self._raw[:size]
        return raw


_HOST = re.compile(rb"^(host[ \t]*:[ \t]*)[^\r\n]*", re.IGNORECASE | re.MULTILINE)
_EXPECT = re.compile(rb"^expect[ \t]*:[^\r\n]*\r?\n", re.IGNORECASE | re.MULTILINE)


def address_head(head: bytes, authority: str, prefix: str, *, expects: bool) -> bytes:
    """Return the head of a request, addressed to another server and otherwise as it is.

    Args:
        head: Its bytes.
        authority: The value of its Host header.
        prefix: What its target starts with on that server.
        expects: Whether it may ask for a ``100 Continue``.
    """
    line, separator, fields = head.partition(b"\n")
    if prefix:
        method, _, others = line.partition(b" ")
        line = b"%s %s%s" % (method, prefix.encode(), others)
    fields, count = _HOST.subn(lambda found: found[1] + authority.encode(), fields, count=1)
    if not count:  # HTTP/1.0
        fields = b"Host: %s\r\n%s" % (authority.encode(), fields)
    return line + separator + (fields if expects else _EXPECT.sub(b"", fields))


def mark_head(head: bytes, name: str, value: str) -> bytes:
    """Return the head of a response with one header more, and otherwise as it is."""
    start = head.rstrip(b"\r\n")
    return b"%s\r\n%s: %s%s" % (start, name.encode(), value.encode(), head[len(start) :])
