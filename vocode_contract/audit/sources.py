"""Find what to audit, detect its form, and cut it into shards.

A source is a file, compressed or not: JSON Lines, one JSON array, one JSON value, an HTTP Archive (HAR), or a cassette
of vcrpy. A shard is a range of bytes of JSON Lines that are not compressed, or any other source as a whole.
"""

import io
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from importlib import import_module
from typing import Any, BinaryIO, Literal, cast

import orjson

from vocode_contract.audit.files import Unusable, describe_failure, find_files, open_file
from vocode_contract.errors import InvalidOption, MissingExtra
from vocode_contract.http.url import hide_credentials

Form = Literal["lines", "array", "value", "har", "cassette"]
Coding = Literal["", "gzip", "zstd"]

#: Extensions of the files that are read in a directory, and their forms; ``None`` if the content determines it.
SUFFIXES: dict[str, Form | None] = {
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".json": None,
    ".har": "har",
    ".yaml": "cassette",
    ".yml": "cassette",
}
_COMPRESSED_SUFFIXES = tuple(suffix + coding for suffix in SUFFIXES for coding in ("", ".gz", ".zst"))
#: Bytes of a shard: less than a second of work, so that little has to be repeated if a worker dies.
SHARD_BYTES = 32 * 1024 * 1024
#: The part of what is left that is cut off as a shard near the end, and the part of `SHARD_BYTES` that is the smallest.
_LAST = 8
_GZIP, _ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_HEAD = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of an archive.

    Attributes:
        path: Path or URL.
        form: What it holds.
        coding: How it is compressed.
        size: Size in bytes as stored, when the audit began; what is appended later is not read.
        modified: Time of the last change in nanoseconds, by which a resumed audit notices a change; 0 if unknown.
        name: Its name in reports: the path, or the URL without its parts that may be credentials.
    """

    path: str
    form: Form
    coding: Coding
    size: int
    modified: int = 0
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A part of a source: the lines that start at the byte `start` or after it, and before the byte `end`."""

    number: int
    source: int
    start: int
    end: int


def is_url(path: str) -> bool:
    """Return whether a path is one that fsspec opens."""
    return "://" in path


def find_sources(paths: Iterable[str]) -> tuple[tuple[Source, ...], dict[str, str]]:
    """Return the sources at some paths, each file once, and the reason for each path that cannot be read.

    Args:
        paths: Files, directories, glob patterns, or URLs that fsspec opens, which may be patterns too.
    """
    found: dict[str, Source] = {}
    reasons: dict[str, str] = {}
    for path in paths:
        try:
            for file in _expand(path):
                try:
                    source = detect_source(file)
                    found.setdefault(file if is_url(file) else os.path.realpath(file), source)
                except Unusable as error:
                    reasons[_show_path(file)] = str(error)
        except Unusable as error:
            reasons[_show_path(path)] = str(error)
    return tuple(found.values()), reasons


def cut_sources(sources: Sequence[Source], size: int = SHARD_BYTES) -> tuple[Shard, ...]:
    """Cut sources into shards of at most `size` bytes; a source that is not uncompressed JSON Lines is one shard.

    The last ones are smaller, so that all workers finish at about the same time.
    """
    shards: list[Shard] = []
    left = sum(source.size for source in sources)
    for number, source in enumerate(sources):
        start, is_whole = 0, source.form != "lines" or bool(source.coding)
        while start < source.size or not start:
            step = source.size if is_whole else max(min(size, left // _LAST), size // _LAST)
            end = min(start + max(step, 1), source.size)
            shards.append(Shard(number=len(shards), source=number, start=start, end=end))
            left -= end - start
            start = max(end, 1)  # an empty source is one shard
    return tuple(shards)


def _expand(path: str) -> list[str]:
    if is_url(path):
        return _expand_url(path)
    listed = f"{', '.join(SUFFIXES)}, with or without .gz or .zst"
    return find_files(path, _COMPRESSED_SUFFIXES, listed=listed)


def _expand_url(url: str) -> list[str]:
    filesystem, path = _find_filesystem(url)
    with _report_failures():
        if filesystem.isdir(path):
            found = [each for each in filesystem.find(path) if each.lower().endswith(_COMPRESSED_SUFFIXES)]
        elif any(sign in path for sign in "*?["):
            found = filesystem.glob(path)
        else:
            return [url]
    if not found:
        raise Unusable("there is no file that can be read")
    links = url.split("::")
    place = next(number for number, link in enumerate(links) if is_url(link))
    names = sorted(map(filesystem.unstrip_protocol, found))
    return ["::".join([*links[:place], name, *links[place + 1 :]]) for name in names]


def _find_filesystem(url: str) -> Any:
    try:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # it has no types
    except ImportError:
        raise MissingExtra("audit", "reading from URLs") from None
    with _report_failures():
        return url_to_fs(url)


@contextmanager
def _report_failures() -> Iterator[None]:
    """Turn what fsspec and its backends raise into a reason that contains no credentials of a URL."""
    try:
        yield
    except (Unusable, MissingExtra):
        raise
    except OSError as error:
        raise Unusable(_describe(error)) from None
    except ImportError as error:
        raise Unusable(f"fsspec cannot open it: {error}") from None  # it names the package to install
    except Exception as error:  # noqa: BLE001 - each backend raises errors of its own, with URLs in their texts
        status = getattr(error, "status", None)
        shown = f", HTTP status {status}" if isinstance(status, int) else ""
        raise Unusable(f"it cannot be read ({type(error).__name__}{shown})") from None


def _describe(error: OSError) -> str:
    return describe_failure(error, "no such file" if isinstance(error, FileNotFoundError) else "it cannot be read")


def detect_source(path: str) -> Source:
    """Return the source at a path; detect its form from its name or content.

    Raises:
        Unusable: It cannot be read.
        MissingExtra: A library that it needs is not installed.
    """
    with open_bytes(path) as (stream, size, modified):
        start = stream.read(len(_ZSTANDARD))
    coding: Coding = "gzip" if start.startswith(_GZIP) else "zstd" if start == _ZSTANDARD else ""
    name = path.partition("?")[0] if is_url(path) else path
    name = name.lower().removesuffix(".gz").removesuffix(".zst")
    form = next((form for suffix, form in SUFFIXES.items() if name.endswith(suffix)), None)
    if form is None:
        with open_bytes(path) as (stream, _, _), _decompress(stream, coding) as content:
            form = _detect_form(content.read(_HEAD))
    if start and not size and form == "lines" and not coding:
        raise Unusable("its size is unknown; pass its content on standard input, as -")
    return Source(path=path, form=form, coding=coding, size=size, modified=modified, name=_show_path(path))


def _show_path(path: str) -> str:
    """Return the name of a path in reports: UTF-8, and of a URL without what may be a credential."""
    shown = hide_credentials(path) if is_url(path) else path
    return shown.encode("utf-8", "backslashreplace").decode()


def _detect_form(head: bytes) -> Form:
    text = head.lstrip()
    if text.startswith(b"["):
        return "array"
    first, newline, rest = text.partition(b"\n")
    if newline and rest.strip():
        with suppress(orjson.JSONDecodeError):
            orjson.loads(first)
            return "lines"
    start = text[:_HEAD].replace(b" ", b"").replace(b"\n", b"").replace(b"\r", b"").replace(b"\t", b"")
    if start.startswith(b'{"log":'):
        return "har"
    return "cassette" if start.startswith((b'{"interactions":', b'{"version":')) or text.startswith(_YAML) else "value"


_YAML = (b"interactions:", b"version:", b"---")


@contextmanager
def open_bytes(path: str, tick: Callable[[int], None] | None = None) -> Iterator[tuple[BinaryIO, int, int]]:
    """Open a file without decompressing it; yield its stream, size, and time of the last change in nanoseconds.

    Args:
        path: Path or URL.
        tick: Called with the number of bytes that were read.

    Raises:
        Unusable: It cannot be opened, is not a regular file, or reading it in the body fails.
    """
    with ExitStack() as stack:
        with _report_failures():
            # An archive closes its file as soon as nothing refers to its file system.
            filesystem, name = _find_filesystem(path) if is_url(path) else (None, path)
            raw, size, modified = _open_remote(filesystem, name) if filesystem else _open_file(path)
            stack.callback(raw.close)
        yield cast("BinaryIO", io.BufferedReader(_CountedStream(raw, tick), 1 << 17)), size, modified


def _open_file(path: str) -> tuple[BinaryIO, int, int]:
    stream, status = open_file(path)
    return stream, status.st_size, status.st_mtime_ns


def _open_remote(filesystem: Any, path: str) -> tuple[BinaryIO, int, int]:
    return filesystem.open(path, "rb"), filesystem.size(path) or 0, 0


class _CountedStream(io.RawIOBase):
    """A stream that reports how many bytes are read from it, and why it cannot be read."""

    def __init__(self, stream: BinaryIO, tick: Callable[[int], None] | None) -> None:
        self._stream = stream
        self._tick = tick

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        with _report_failures():
            return self._stream.seek(offset, whence)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # any writable buffer
        with _report_failures():
            size: int = self._stream.readinto(buffer)  # type: ignore[attr-defined]  # but every file has it
        if self._tick:
            self._tick(size)
        return size


@contextmanager
def open_content(source: Source, tick: Callable[[int], None] | None = None) -> Iterator[BinaryIO]:
    """Open a source decompressed; see `open_bytes`.

    Raises:
        Unusable: It cannot be opened, or reading it in the body fails, for example because its data is damaged.
    """
    with (
        open_bytes(source.path, tick) as (stream, _, _),
        _decompress(stream, source.coding) as content,
    ):
        yield content


@contextmanager
def _decompress(stream: BinaryIO, coding: Coding) -> Iterator[BinaryIO]:
    """Yield the content of a stream; damaged data raises `Unusable` in the body."""
    if not coding:
        yield stream
        return
    failures: tuple[type[Exception], ...]
    if coding == "gzip":
        name, failures = "gzip", (zlib.error, BadGzipFile)
        opened: Any = GzipFile(fileobj=stream)
    else:
        zstd = _import_zstd()
        name, opened, failures = "Zstandard", zstd.ZstdFile(stream), (zstd.ZstdError,)
    try:
        yield cast("BinaryIO", opened)
    except (EOFError, *failures):
        raise Unusable(f"its {name} data is damaged or truncated") from None


def _import_zstd() -> Any:
    try:
        return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    except ImportError:
        raise MissingExtra("audit", "reading Zstandard files") from None


def spool(stream: BinaryIO, path: str, tick: Callable[[int], None]) -> None:
    """Copy a stream that can be read only once into a file.

    Args:
        stream: The stream.
        path: Path of the file.
        tick: Called with the number of bytes copied so far.

    Raises:
        InvalidOption: The file cannot be written.
    """
    done = 0
    try:
        with open(path, "xb") as file:
            while data := stream.read(1 << 20):
                file.write(data)
                tick(done := done + len(data))
    except OSError as error:
        raise InvalidOption("-", f"standard input cannot be stored in a temporary file: {_describe(error)}") from None
