"""Find the calls that occur more than once in an archive, by 16 bytes of each, in bounded memory."""

import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from vocode_contract.audit.examine import ShardResult
from vocode_contract.audit.recognize import ID_BYTES
from vocode_contract.audit.summary import Summary

#: Maximum bytes of packed ids in memory at once; a `Counter` of them takes ten times as much.
MOST_IDS = 32 * 1024 * 1024
_RECORD = struct.Struct(f">{ID_BYTES}sQQ")  # a call, a shard, and the number of a payload in it


def pack_ids(examined: ShardResult) -> bytes:
    """Return the ids of a shard and the numbers of their payloads, for `find_repeated`."""
    rows = [*chain.from_iterable(examined.numbers)]
    return struct.pack(f">Q{len(rows)}Q", len(rows), *rows) + examined.ids


def find_repeated(
    shards: Sequence[int], read: Callable[[int], bytes], size: int, scratch: Path
) -> tuple[Summary, dict[int, list[int]]]:
    """Find the calls that occur more than once in an archive.

    Args:
        shards: The numbers of the shards.
        read: Returns the packed ids of a shard.
        size: Bytes of the packed ids of all shards.
        scratch: A directory for files that are needed if there are many ids.

    Returns:
        A summary with the number of calls; and shard to the numbers of its payloads that show repeated calls.
    """
    if size <= MOST_IDS:
        groups: Iterator[_Group] = iter((_Unpacked(shards, read),))
    else:
        files = [scratch / f"ids-{byte:02x}" for byte in range(256)]
        records = (_Unpacked((shard,), read).records() for shard in shards)
        spread((((record[0][0], _RECORD.pack(*record)) for record in part) for part in records), files)
        groups = map(_Spread, files)
    calls = repeated = 0
    wanted: dict[int, set[int]] = defaultdict(set)
    for group in groups:
        counts = group.count()
        several = {found for found, count in counts.items() if count > 1} if len(counts) < counts.total() else set()
        calls, repeated = calls + len(counts), repeated + len(several)
        for found, shard, number in group.records() if several else ():
            if found in several:
                wanted[shard].add(number)
    return Summary(calls=calls, repeated=repeated), {shard: sorted(found) for shard, found in wanted.items()}


class _Unpacked:
    """The ids of some shards, as `pack_ids` returned them."""

    def __init__(self, shards: Iterable[int], read: Callable[[int], bytes]) -> None:
        self._shards = shards
        self._read = read

    def count(self) -> Counter[bytes]:
        counts: Counter[bytes] = Counter()
        for shard in self._shards:
            counts.update(_unpack(self._read(shard))[0])
        return counts

    def records(self) -> Iterator[tuple[bytes, int, int]]:
        for shard in self._shards:
            ids, rows = _unpack(self._read(shard))
            numbers = chain.from_iterable(range(first, first + many) for first, many in rows)
            yield from ((found, shard, number) for found, number in zip(ids, numbers, strict=True))


class _Spread:
    """The ids of all shards that start with the same byte, read from one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def count(self) -> Counter[bytes]:
        return Counter(found for found, _, _ in self.records())

    def records(self) -> Iterator[tuple[bytes, int, int]]:
        return _RECORD.iter_unpack(self._path.read_bytes())


_Group = _Unpacked | _Spread


def _unpack(data: bytes) -> tuple[tuple[bytes, ...], list[tuple[int, int]]]:
    """Return the ids of a shard, and `ShardResult.numbers`."""
    [count] = struct.unpack_from(">Q", data)
    start = 8 + 8 * count
    rows = [*struct.iter_unpack(">QQ", data[8:start])]
    ids = struct.Struct(f"{ID_BYTES}s" * ((len(data) - start) // ID_BYTES))  # faster than slices, and not cached
    return ids.unpack_from(data, start), rows


def spread(parts: Iterable[Iterable[tuple[int, bytes]]], files: Sequence[Path]) -> None:
    """Spread records over files by the first byte of the id of their call.

    Args:
        parts: Pairs of the first byte of an id and a record; one part at a time is in memory.
        files: At most 256.
    """
    for file in files:
        file.write_bytes(b"")
    for part in parts:
        found: dict[int, bytearray] = defaultdict(bytearray)
        for byte, record in part:
            found[byte * len(files) // 256] += record
        for number, data in found.items():
            with files[number].open("ab") as opened:
                opened.write(data)
