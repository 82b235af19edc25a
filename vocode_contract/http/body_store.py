"""Store large bodies compressed: a run keeps its responses, and a body may have 8 MiB."""

import zlib
from collections import deque
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from weakref import WeakValueDictionary

from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.http.message import Document, Exchange, Headers, Response

#: Bytes of a body that is kept as it came.
SMALL = 1_048_576
#: Bytes of packed bodies in one process, and of bodies that are searched for what came from the API.
MOST_PACKED, MOST_SEEN = 67_108_864, 16_777_216
_FAST = 1


class _Blob:
    """Packed bytes, once for all bodies that are the same."""

    __slots__ = ("__weakref__", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data

    def unpack(self) -> bytes:
        return zlib.decompress(self.data)


class _Packed(Response):
    """A response whose body is unpacked each time that it is asked for."""

    blob: _Blob

    def __init__(
        self,
        *,
        status: int,
        headers: Headers = (),
        body: bytes | _Blob = b"",
        oddities: tuple[str, ...] = (),
        is_decoded: bool = False,
        undecodable: str = "",
    ) -> None:
        blob = body if isinstance(body, _Blob) else _Blob(zlib.compress(body, _FAST))
        self.__dict__.update(status=status, headers=headers, oddities=oddities, blob=blob)
        self.__dict__.update(is_decoded=is_decoded, undecodable=undecodable)

    @property
    def body(self) -> bytes:
        """The raw bytes as received."""
        return self.blob.unpack()

    @property
    def document(self) -> Document:
        """The body parsed as JSON; only that of the last body asked for is held in memory."""
        return _document(self.blob)


@lru_cache(maxsize=1)
def _document(blob: _Blob) -> Document:
    return Document.from_bytes(blob.unpack())


@dataclass(slots=True)
class Store:
    """What a run keeps of the bodies that came."""

    _blobs: WeakValueDictionary[bytes, _Blob] = field(default_factory=WeakValueDictionary)
    _seen: deque[bytes] = field(default_factory=deque)
    _size: int = 0
    _is_complete: bool = True

    def pack(self, exchange: Exchange) -> Exchange:
        """Return an exchange with a large body packed.

        Raises:
            Inconclusive: There is no room for it.
        """
        response = exchange.response
        if len(response.body) <= SMALL:
            return exchange
        digest = sha256(response.body).digest()
        blob = self._blobs.get(digest)
        if blob is None:
            blob = _Blob(zlib.compress(response.body, _FAST))
            if sum(len(other.data) for other in self._blobs.values()) + len(blob.data) > MOST_PACKED:
                raise Inconclusive("too-large", f"the answers of this run need more than {MOST_PACKED} bytes, packed")
            self._blobs[digest] = blob
        packed = _Packed(
            status=response.status,
            headers=response.headers,
            body=blob,
            oddities=response.oddities,
            is_decoded=response.is_decoded,
            undecodable=response.undecodable,
        )
        return replace(exchange, response=packed)

    def see(self, body: bytes) -> None:
        """Note what came, as far as there is room."""
        if len(body) > SMALL:
            self._is_complete = False
            return
        self._seen.append(body)
        self._size += len(body)
        while self._size > MOST_SEEN:
            self._size -= len(self._seen.popleft())
            self._is_complete = False

    def may_hold(self, *forms: bytes) -> bool:
        """Return whether one of these may have come from the API in any answer of the run."""
        return not self._is_complete or any(form in body for body in self._seen for form in forms)
