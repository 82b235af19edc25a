"""The directory of a checkpoint: the plan of an audit, and the results of its finished shards."""

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from vocode_contract._version import __version__
from vocode_contract.audit.examine import Task
from vocode_contract.audit.sources import SHARD_BYTES, Source, is_url
from vocode_contract.audit.summary import VERSION
from vocode_contract.errors import InvalidOption
from vocode_contract.http.lock import open_private

#: The names of files here must not end like those of payloads: an audit of a parent directory would read them.
_PLAN = "audit.plan"
#: Bytes of the digest before each result.
_DIGEST = 16
#: Rounds of the digest of URLs: makes it slow to guess a password in one.
_ROUNDS = 100_000


class Checkpoint:
    """The results of one audit, each in a file that is replaced atomically.

    A file starts with a digest of the result, keyed with the plan. A result that is damaged or belongs to another audit
    counts as missing, so that it is computed again.
    """

    def __init__(self, directory: Path, option: str) -> None:
        """Use a directory, which errors name by the option or environment variable that sets it."""
        self._directory = directory
        self._option = option
        self._key = b""

    def start(self, task: Task) -> Task:
        """Create the directory, and return the task with the sources as they were when the audit began.

        Raises:
            InvalidOption: The directory belongs to another audit, or cannot be written.
        """
        plan = _describe(task)
        before = self._load(_PLAN)
        if before:  # it is empty if the system crashed after creating it
            earlier = self._parse(before)
            if earlier["version"] != plan["version"]:
                reason = f"belongs to an audit with version {earlier['version'][1]} of this package"
                raise InvalidOption(self._option, f"{reason}; use that version, or name another directory")
            if not _is_continued(earlier, plan):
                reason = "belongs to an audit of other files, or with other options; name another directory"
                raise InvalidOption(self._option, reason)
            task = replace(task, sources=_restore(earlier, task))
        else:
            before = json.dumps(_seal(plan), indent=2).encode()
            self._write(_PLAN, before)
        self._key = hashlib.blake2b(before).digest()
        return task

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self._directory / name

    def read(self, name: str) -> bytes | None:
        """Return a result; ``None`` if there is none, or it is damaged."""
        stored = self._load(name) or b""
        result = stored[_DIGEST:]
        return result if hmac.compare_digest(stored[:_DIGEST], self._digest(result)) else None

    def require(self, name: str) -> bytes:
        """Return a result that was stored before.

        Raises:
            InvalidOption: It is missing or damaged.
        """
        result = self.read(name)
        if result is None:
            reason = f"{self.path(name)} was changed or removed during the audit; run the same command again"
            raise InvalidOption(self._option, reason)
        return result

    def size(self, name: str) -> int:
        """Return the size of a stored result in bytes."""
        with self.report("read", self.path(name)):
            return self.path(name).stat().st_size

    def write(self, name: str, result: bytes) -> None:
        """Store a result."""
        self._write(name, self._digest(result) + result)

    def _digest(self, result: bytes) -> bytes:
        return hashlib.blake2b(result, digest_size=_DIGEST, key=self._key).digest()

    def _load(self, name: str) -> bytes | None:
        path = self.path(name)
        with self.report("read", path):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def _write(self, name: str, data: bytes) -> None:
        path, partial = self.path(name), self.path(f"{name}.part")
        with self.report("written", path):
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(open_private(partial, os.O_WRONLY | os.O_TRUNC), "wb") as file:
                file.write(data)
            os.replace(partial, path)

    def _parse(self, data: bytes) -> dict[str, Any]:
        """Return the plan that `_seal` sealed.

        Raises:
            InvalidOption: It is damaged.
        """
        try:
            plan: object = json.loads(data)
            if isinstance(plan, dict) and plan == _seal({key: plan[key] for key in plan if key != "digest"}):
                return plan
        except (ValueError, RecursionError):
            pass
        reason = f"{self.path(_PLAN)} is damaged or not the plan of an audit; remove the directory, or name another one"
        raise InvalidOption(self._option, reason)

    def report(self, verb: str, path: Path) -> AbstractContextManager[None]:
        """Return `report_failure` of this directory."""
        return report_failure(self._option, verb, path)


@contextmanager
def report_failure(option: str, verb: str, path: Path | str) -> Iterator[None]:
    """Name the option and the file in an error if it cannot be read or written in the body.

    Raises:
        InvalidOption: It cannot.
    """
    try:
        yield
    except OSError as error:
        reason = f"{(error.strerror or type(error).__name__).lower()}{f' ({path})' if path else ''}"
        raise InvalidOption(option, f"intermediate results cannot be {verb}: {reason}") from None


def _seal(plan: dict[str, Any]) -> dict[str, Any]:
    """Return a plan with a digest that reveals damage."""
    return {**plan, "digest": hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()}


def _describe(task: Task) -> dict[str, Any]:
    """Return what two runs must have in common to be the same audit, as JSON without secrets."""
    document = orjson.dumps(task.contract.document, option=orjson.OPT_SORT_KEYS)
    return {
        "version": [VERSION, __version__],
        "contract": [task.contract.date, task.contract.profile, hashlib.sha256(document).hexdigest()],
        "schema": task.schema,
        "every": task.every,
        "most": task.most,
        "strict": task.strict,
        "shard": SHARD_BYTES,
        "paths": _digest_paths([source.path for source in task.sources]),
        "sources": [{name: getattr(source, name) for name in _MEMBERS} for source in task.sources],
    }


#: What a plan contains of each source; not its path, which may contain credentials.
_MEMBERS = ("name", "form", "coding", "size", "modified")


def _digest_paths(paths: list[str]) -> str:
    rounds = _ROUNDS if any(map(is_url, paths)) else 1
    return hashlib.pbkdf2_hmac("sha256", b"\0".join(map(os.fsencode, paths)), b"paths of an audit", rounds).hex()


def _is_continued(earlier: dict[str, Any], plan: dict[str, Any]) -> bool:
    """Return whether two plans describe the same audit; JSON Lines may have grown since."""
    others = earlier.keys() - {"sources", "digest"}
    return (
        others == plan.keys() - {"sources"}
        and all(earlier[name] == plan[name] for name in others)
        and all(map(_is_same, earlier["sources"], plan["sources"]))
    )


def _is_same(then: dict[str, Any], now: dict[str, Any]) -> bool:
    has_grown = now["form"] == "lines" and not now["coding"] and now["size"] > then["size"]
    return then == ({**now, "size": then["size"], "modified": then["modified"]} if has_grown else now)


def _restore(earlier: dict[str, Any], task: Task) -> tuple[Source, ...]:
    """Return the sources of a task as they were when its audit began."""
    pairs = zip(task.sources, earlier["sources"], strict=True)
    return tuple(replace(source, size=then["size"], modified=then["modified"]) for source, then in pairs)
