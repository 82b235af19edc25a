"""The page about contracts of one's own: its blocks run, and print what they say."""

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "use-your-own-contract.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SHELL = shutil.which("bash") or ""
PRINTED = [["True", "False"], ["queued", "False"], ["True"], ["['end_call']", "rings"]]


@pytest.mark.parametrize(
    ("block", "printed"), [*zip(BLOCKS, PRINTED, strict=True)], ids=["patch", "overlay", "event", "openapi"]
)
def test_block_prints_what_it_says(block, printed):
    if "overlay:" in block:
        pytest.importorskip("jsonpath")
    if '"""' in block:
        pytest.importorskip("yaml")
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(block, "page", "exec"), {})  # noqa: S102 - it is our own page
    assert output.getvalue().split("\n")[:-1] == printed


@pytest.mark.skipif(not SHELL, reason="needs bash")
def test_commands_of_a_fourth_date_run(tmp_path):
    [block] = re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for line in block.replace("$ vocode-contract", f"$ {sys.executable} -m vocode_contract").splitlines():
        words = [SHELL, "-c", line.removeprefix("$ ")]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    statuses = json.loads((tmp_path / "contracts" / "2031-01-01" / "Call.json").read_bytes())["$defs"]["CallStatus"]
    assert "queued" in statuses["enum"]
