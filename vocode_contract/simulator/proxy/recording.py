"""Write what goes by to files, masked: as HTTP Archive (HAR) 1.2, or its payloads as JSON Lines, a file per schema."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode

import harfile
import orjson

from vocode_contract._version import __version__
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Headers, Response
from vocode_contract.simulator.proxy.inspector import OpenExchange, SeenExchange, TrafficRecorder
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Limits, Unreadable
from vocode_contract.validation.masking import mask, mask_payload, shown_key

#: Bytes of a body that are recorded; of a longer one, none.
_MOST = 1_048_576
#: Headers whose values are shown, without parameters; those of all others may hold a token.
_SHOWN_HEADERS = frozenset(("content-encoding", "content-length", "content-type"))


class ClosableRecorder(TrafficRecorder, Protocol):
    """Writes exchanges to files, and completes them at the end."""

    def close(self) -> None:
        """Complete the files."""


def open_recorder(path: str, origin: str, contract: Contract, option: str = "record") -> ClosableRecorder:
    """Open a recorder: of a HAR file if the path ends in ``.har``, else of a directory of JSON Lines files.

    Args:
        path: Neither the file nor one of those in the directory is a link.
        origin: Scheme, host and port of the server.
        contract: Says what is masked.
        option: Its name in an error.

    Raises:
        InvalidOption: It cannot be written.
    """
    try:
        if path.lower().endswith(".har"):
            return HarRecorder(_open(Path(path)), origin, contract)
        Path(path).mkdir(mode=0o700, exist_ok=True)
        return PayloadRecorder(Path(path), contract)
    except OSError as error:
        raise InvalidOption(option, f"cannot be written: {error.strerror}") from None


class HarRecorder:
    """Writes every exchange to one HAR file."""

    def __init__(self, file: TextIOWrapper, origin: str, contract: Contract) -> None:
        """Start a file."""
        self._file = file
        self._har = harfile.HarFile(file, creator=harfile.Creator(name="vocode-contract", version=__version__))
        self._origin = origin
        self._contract = contract

    def add(self, seen: SeenExchange, opened: OpenExchange, response: Response | None) -> None:
        """Write an exchange; status 0 stands for no response."""
        request, operation = opened.request, opened.operation
        query = f"?{urlencode(seen.query, quote_via=quote)}" if seen.query else ""
        sent = _render_body(request.body, self._contract, operation.body if operation else None)
        declared = operation.responses.get(response.status, {}) if operation and response else {}
        received = _render_body(response.body, self._contract, declared.get("application/json")) if response else None
        media_type = response.media_type if response else ""
        self._har.add_entry(
            startedDateTime=datetime.fromtimestamp(seen.at - seen.seconds, UTC),
            time=round(seen.seconds * 1000, 3),
            request=harfile.Request(
                method=seen.method,
                url=f"{self._origin}{quote(seen.path, safe='/')}{query}",
                httpVersion="HTTP/1.1",
                headers=_mask_headers(request.headers),
                queryString=[harfile.Record(name=name, value=value) for name, value in seen.query],
                postData=harfile.PostData(mimeType="application/json", text=sent) if sent else None,
                bodySize=len(request.body),
            ),
            response=harfile.Response(
                status=seen.status or 0,
                statusText="",
                httpVersion="HTTP/1.1",
                headers=_mask_headers(response.headers) if response else [],
                content=harfile.Content(size=len(response.body) if response else 0, mimeType=media_type, text=received),
                redirectURL="",
                bodySize=len(response.body) if response else -1,
            ),
            timings=harfile.Timings(send=0, wait=round(seen.seconds * 1000, 3), receive=0),
            comment=seen.mark,
        )
        self._har.flush()

    def close(self) -> None:
        """Complete the file."""
        self._har.close()
        self._file.close()


class PayloadRecorder:
    """Writes the bodies of requests and responses to the file of their schema, such as ``Call.jsonl``."""

    def __init__(self, directory: Path, contract: Contract) -> None:
        """Start in a directory; files are made as they are needed."""
        self._directory = directory
        self._contract = contract
        self._files: dict[str, TextIOWrapper] = {}

    def add(self, _seen: SeenExchange, opened: OpenExchange, response: Response | None) -> None:
        """Write the bodies that have a schema and are JSON."""
        for name, body in _list_bodies(opened, response):
            text = _render_body(body, self._contract, name)
            if text is not None:
                if name not in self._files:
                    self._files[name] = _open(self._directory / f"{name}.jsonl")
                self._files[name].write(f"{text}\n")
                self._files[name].flush()

    def close(self) -> None:
        """Close the files."""
        with ExitStack() as stack:
            for file in self._files.values():
                stack.callback(file.close)


def _list_bodies(opened: OpenExchange, response: Response | None) -> Iterator[tuple[str, bytes]]:
    operation = opened.operation
    if operation is None:
        return
    if operation.body:
        yield operation.body, opened.request.body
    name = operation.responses.get(response.status, {}).get("application/json") if response else None
    if name and response:
        yield name, response.body


def _render_body(body: bytes, contract: Contract, name: str | None) -> str | None:
    """Return a body as JSON, masked; ``None`` if it has no schema, or is no JSON, or is too long."""
    if name is None or not body or len(body) > _MOST:
        return None
    try:
        return orjson.dumps(mask_payload(read(body, Limits(size=_MOST)), contract, name)).decode()
    except (Unreadable, orjson.JSONEncodeError):  # its integers may have any size
        return None


def _mask_headers(headers: Headers) -> list[harfile.Record]:
    return [
        harfile.Record(
            name=shown_key(name.replace("-", "_")).replace("_", "-"),
            value=value.partition(";")[0] if name.lower() in _SHOWN_HEADERS else mask(value, "header"),
        )
        for name, value in headers
    ]


def _open(path: Path) -> TextIOWrapper:
    """Return a new file that only its owner may read, in place of an earlier one.

    Raises:
        OSError: It is a link, or cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    return os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8")
