"""Released versions of the official SDK against the simulator, unchanged but for the base URL.

The tox environment `sdk` installs each version into a directory of its own and names the place in
VOCODE_SDKS.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vocode_contract.simulator import ManualClock, simulator

#: Version of the SDK to the contract that it is nearest to, and whether it needs pydantic 1.
VERSIONS = {
    "0.0.31": ("2023-11-30", True),
    "0.0.34": ("2024-04-19", True),
    "0.0.43": ("2024-04-19", False),
    "0.0.46": ("2024-04-19", False),
}
CURRENT = {"0.0.48": "2024-08-27"}
pytestmark = pytest.mark.slow

PLACE = os.environ.get("VOCODE_SDKS")

SESSION = """
import json, sys, warnings
warnings.simplefilter("ignore")  # the SDK's own, of newer Pythons and of pydantic 2
import httpx
import vocode
from vocode.client import Vocode

url, token = sys.argv[1:]
calls = Vocode(base_url=url, token=token).calls

def wait(seconds):
    httpx.post(f"{url}/_simulator/clock", json={"advance": seconds}, trust_env=False).raise_for_status()

known = calls.list_calls(page=1, size=3)
agent = calls.get_call(id=known.items[0].id).agent
created = calls.create_call(from_number="12025550150", to_number="12025550101", agent=agent.id)
seen = [created]
for seconds in (3, 5):
    wait(seconds)
    seen.append(calls.get_call(id=created.id))
seen.append(calls.end_call(id=created.id))
wait(2)
seen.append(calls.get_call(id=created.id))
sound = calls.get_recording(id=created.id)
print(json.dumps({
    "file": vocode.__file__,
    "items": len(known.items), "more": known.has_more, "numbers": [created.from_number, created.to_number],
    "agent": created.agent.id == agent.id, "ids": len({call.id for call in seen}),
    "statuses": [getattr(call.status, "value", call.status) for call in seen],
    "lasted": str(seen[-1].end_time) >= str(seen[-1].start_time), "transcript": seen[-1].transcript,
    "sound": len(b"".join(sound)) if sound is not None else None,
}))
"""


def session(date: str, *places: str) -> dict[str, object]:
    """What a version of the SDK sees of one call."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places), "NO_PROXY": "127.0.0.1"}
    with simulator(contract=date, speed=0, clock=ManualClock()) as running:
        command = [sys.executable, "-c", SESSION, running.url, running.token]
        result = subprocess.run(command, capture_output=True, check=False, env=environment, text=True)
    assert result.returncode == 0, result.stderr
    seen: dict[str, object] = json.loads(result.stdout)
    assert str(seen.pop("file")).startswith(places[0] if places else "")
    return seen


def check(seen: dict[str, object]) -> None:
    assert str(seen.pop("transcript")).partition("BOT: ")[2].startswith("Hello.")
    assert seen.pop("sound") in (None, 4 * 417)  # up to 0.0.31 the recording is fetched and thrown away
    assert seen == {
        "items": 3,
        "more": True,
        "numbers": ["12025550150", "12025550101"],
        "agent": True,
        "ids": 1,
        "statuses": ["not_started", "in_progress", "in_progress", "ended", "ended"],
        "lasted": True,
    }


@pytest.mark.skipif(PLACE is None, reason="needs the SDK's versions: run the tox environment sdk")
@pytest.mark.parametrize("version", VERSIONS)
def test_released_sdk_leads_a_call_from_create_to_recording(version):
    place = Path(PLACE or "")
    assert (place / version / "vocode").is_dir()
    date, needs_pydantic_1 = VERSIONS[version]
    check(session(date, str(place / version), *([str(place / "pydantic1")] if needs_pydantic_1 else ())))


@pytest.mark.parametrize("date", CURRENT.values())
def test_current_sdk_leads_a_call_from_create_to_recording(date):
    check(session(date))
