"""Journal: which calls a run created, written down before and after, so that a crash leaves no call unknown.

One file for the user, JSON Lines, readable by nobody else; it holds ids and hosts, no number, no
token and no payload. And the lock that keeps two runs from acting on one host at once.
"""

import errno
import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson

from vocode_contract.errors import InvalidOption
from vocode_contract.http import clock
from vocode_contract.http.lock import LockHeld, lock_file, open_private

#: What an event adds to the number of creations without a response.
ANSWERED: Mapping[str, int] = {"creating": 1, "created": -1, "declined": -1, "foreign": 1}

_FILE = "journal.jsonl"
#: Lines that are read at most, the last ones.
_LINES = 10_000


class CallJournal:
    """The journal of one run against one host.

    Attributes:
        path: The file, which all runs share.
    """

    def __init__(self, directory: Path, *, host: str, run_id: str) -> None:
        self.path = directory / _FILE
        self._host = host
        self._run_id = run_id

    def note(self, event: str, identifier: str = "") -> None:
        """Append one event, and see it on the disk.

        Args:
            event: ``creating`` before a call is created, then ``created`` or ``declined``, or ``foreign`` for what was
                taken for created and is somebody else's; ``ended`` or ``left`` in the end.
            identifier: Of the call, where it is known.

        Raises:
            InvalidOption: It cannot be written, so nothing may be sent.
        """
        entry = {
            "at": round(clock.wall_time(), 3),
            "run": self._run_id,
            "host": self._host,
            "event": event,
            "id": identifier,
        }
        self._append(orjson.dumps(entry) + b"\n")

    def prepare(self) -> None:
        """See that it can be written.

        Raises:
            InvalidOption: It cannot.
        """
        self._append(b"")

    def _append(self, line: bytes) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = open_private(self.path, os.O_WRONLY | os.O_APPEND)
            try:
                if os.write(descriptor, line) < len(line):
                    os.write(descriptor, b"\n")  # the next event begins a line of its own
                    raise OSError(errno.ENOSPC, "a part was written")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError:
            raise InvalidOption(str(self.path), "the journal of created calls cannot be written") from None

    def leftovers(self) -> tuple[str, ...]:
        """Return the ids of calls that runs against this host created and did not end, oldest first.

        A creation whose answer never came is listed as ``unknown``, each.
        """
        open_calls: dict[str, None] = {}
        unanswered: Counter[str] = Counter()
        for entry in _entries(self.path):
            if entry.get("host") != self._host:
                continue
            run, event, identifier = (str(entry.get(key, "")) for key in ("run", "event", "id"))
            unanswered[run] += ANSWERED.get(event, 0)
            if event == "created":
                open_calls[identifier] = None
            elif event in ("ended", "foreign"):
                open_calls.pop(identifier, None)
        unanswered.pop(self._run_id, None)
        return (*open_calls, *(["unknown"] * sum(unanswered.values())))


def _entries(path: Path) -> Iterator[dict[str, object]]:
    """Yield the events of a journal; what cannot be read, such as a line cut by a crash, is left out."""
    try:
        lines = path.read_bytes().splitlines()[-_LINES:]
    except OSError:
        return
    for line in lines:
        with suppress(orjson.JSONDecodeError):
            entry = orjson.loads(line)
            if isinstance(entry, dict):
                yield entry


@contextmanager
def sole_actor(directory: Path, host: str) -> Iterator[None]:
    """Hold the lock of a host, as long as the run may act on it.

    Raises:
        InvalidOption: Another run holds it, whose process id is reported; or it cannot be made.
    """
    lock = directory / f"{hashlib.sha256(host.encode()).hexdigest()[:16]}.lock"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = lock_file(lock)
    except OSError:
        raise InvalidOption(str(lock), "the lock of a host cannot be made; XDG_STATE_HOME says where") from None
    except LockHeld as holder:
        raise InvalidOption(host, f"another run acts on this host (process {holder}); wait until it ends") from None
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
