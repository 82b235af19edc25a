"""Find the calls that an archive holds more than once, by 16 bytes of each, in bounded memory."""

import struct
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from vocode_contract.audit.examine import Examined
from vocode_contract.audit.recognize import ID_BYTES
from vocode_contract.audit.summary import Summary

#: Bytes of ids that are in memory at once, as they are stored; a `Counter` of them takes ten times as much.
MOST_IDS = 32 * 1024 * 1024
_RECORD = struct.Struct(f">{ID_BYTES}sQQ")  # a call, a shard, and the number of a payload in it


def pack_ids(examined: Examined) -> bytes:
    """Return the ids of a shard and the numbers of their payloads, for `find_repeated`."""
    rows = [*chain.from_iterable(examined.numbers)]
    return struct.pack(f">Q{len(rows)}Q", len(rows), *rows) + examined.ids


def find_repeated(paths: Mapping[int, Path], scratch: Path) -> tuple[Summary, dict[int, list[int]]]:
    """Find the calls that an archive holds more than once.

    Args:
        paths: Number of each shard to the file of what `pack_ids` returned.
        scratch: A directory for files that are needed if there are many ids.

    Returns:
        How many calls there are; and the number of each shard that has repeated calls to the numbers of their payloads.
    """
    if sum(path.stat().st_size for path in paths.values()) <= MOST_IDS:
        groups: Iterator[_Group] = iter((_Unpacked(paths),))
    else:
        groups = map(_Spread, _spread(paths, scratch))
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
    """The ids of some shards, read from their files."""

    def __init__(self, paths: Mapping[int, Path]) -> None:
        self._paths = paths

    def count(self) -> Counter[bytes]:
        counts: Counter[bytes] = Counter()
        for path in self._paths.values():
            counts.update(_unpack(path)[0])
        return counts

    def records(self) -> Iterator[tuple[bytes, int, int]]:
        for shard, path in self._paths.items():
            ids, rows = _unpack(path)
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


def _unpack(path: Path) -> tuple[list[bytes], list[tuple[int, int]]]:
    """Return the ids of a shard, and the rows of numbers of their payloads."""
    data = path.read_bytes()
    [count] = struct.unpack_from(">Q", data)
    rows = [*struct.iter_unpack(">QQ", data[8 : 8 + 8 * count])]
    return [data[at : at + ID_BYTES] for at in range(8 + 8 * count, len(data), ID_BYTES)], rows


def _spread(paths: Mapping[int, Path], scratch: Path) -> list[Path]:
    """Write the ids of all shards into a file for each first byte."""
    files = [scratch / f"ids-{byte:02x}" for byte in range(256)]
    for file in files:
        file.write_bytes(b"")
    for shard, path in paths.items():
        found: dict[int, bytearray] = defaultdict(bytearray)
        for record in _Unpacked({shard: path}).records():
            found[record[0][0]] += _RECORD.pack(*record)
        for byte, data in found.items():
            with files[byte].open("ab") as opened:
                opened.write(data)
    return files
