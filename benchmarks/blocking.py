"""How long one validation of raw bytes blocks an event loop, by itself and in a thread, up to the largest payload."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping

from benchmarks import corpus
from benchmarks.measuring import ROUNDS, Reading
from vocode_contract import Contract, Limits, violations

#: Milliseconds that one validation may take.
_MOST = 1_000


def payloads() -> Mapping[str, tuple[bytes, str]]:
    """Return payloads with the names of their schemas, and what each of them is."""
    size = Limits().size
    call = Contract.load().schemas["Call"]["examples"][0]
    page = Contract.load().schemas["CallPage"]["examples"][0]
    [item, *_] = page["items"]
    words = "a word " * (size // 7 - 2_000)
    return {
        "a Call": (corpus.payloads(1, invalid=0)[0], "Call"),
        "a CallPage with 50 calls": (json.dumps(page | {"items": [item] * 50}).encode(), "CallPage"),
        "a Call with a transcript of 1 MiB": (json.dumps(call | {"transcript": words}).encode(), "Call"),
        "a CallPage of 1 MiB": (_fill(page, item), "CallPage"),
        "1 MiB of invalid calls": (_fill(page, {"id": 1}), "CallPage"),
        "1 MiB of empty arrays": (b"[" + b"[]," * (size // 3 - 1) + b"[]]", "Call"),
    }


def _fill(page: Mapping[str, object], item: object) -> bytes:
    count = (Limits().size - 1_000) // (len(json.dumps(item)) + 2)
    return json.dumps({**page, "items": [item] * count}).encode()


def figures() -> Iterator[Reading]:
    """Measure the list of violations, which includes parsing: the best round, since others run on this machine too."""
    for name, (body, schema) in payloads().items():
        list(violations(body, schema))  # builds the validator
        rounds = [_measure(body, schema) for _ in range(ROUNDS)]
        for what, seconds in zip(("", ", in a thread"), map(min, zip(*rounds, strict=True)), strict=True):
            label = f"{name}, {len(body):,} bytes{what}"
            yield Reading(name=label, value=1_000 * seconds, unit="ms", most=_MOST)


def _measure(body: bytes, schema: str) -> tuple[float, float]:
    """Return the seconds of a validation, and those that a loop waits longest while a thread validates."""
    start = time.process_time()
    list(violations(body, schema))
    return time.process_time() - start, asyncio.run(_wait_for_thread(body, schema))


async def _wait_for_thread(body: bytes, schema: str) -> float:
    work = asyncio.create_task(asyncio.to_thread(lambda: list(violations(body, schema))))
    longest, last = 0.0, time.perf_counter()
    while not work.done():
        await asyncio.sleep(0)
        longest, last = max(longest, (now := time.perf_counter()) - last), now
    return longest
