"""The page about contracts of one's own: its blocks run, and print what they say."""

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "use-your-own-contract.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PRINTED = [["True", "False"], ["True"], ["['end_call']", "rings"]]


@pytest.mark.parametrize(
    ("block", "printed"), [*zip(BLOCKS, PRINTED, strict=True)], ids=["overlay", "event", "openapi"]
)
def test_block_prints_what_it_says(block, printed):
    if "openapi:" in block:
        pytest.importorskip("yaml")
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(block, "page", "exec"), {})  # noqa: S102 - it is our own page
    assert output.getvalue().split("\n")[:-1] == printed
