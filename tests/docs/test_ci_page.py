"""The page about CI: its snippets parse, and their commands run, each in the environment that the snippet sets."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pages import ROOT, following, read_blocks

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

from vocode_contract.run_options import OPTIONS
from vocode_contract.simulator import simulator

yaml = pytest.importorskip("yaml")

PAGE = "how-to/check-in-ci.md"
TOKEN = "simulator-token"
#: Keys of a snippet that hold commands.
COMMANDS = ("run", "script", "command")
#: How a command can start that is run here; what installs the package or moves files is not.
OURS = re.compile(r"(?:.*&& )?(?:python3 -m vocode_contract|vocode-contract|pytest) (.*)")


def find_commands(node: Any) -> Iterator[str]:
    """Yield the commands of a parsed snippet."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ()):
        if key in COMMANDS and not isinstance(value, dict):
            yield from [value] if isinstance(value, str) else value
        else:
            yield from find_commands(value)


def commands() -> Iterator[str]:
    """Yield the commands of all snippets, as the shell of a CI server gets them."""
    for block in read_blocks(PAGE):
        if block.language == "yaml":
            yield from find_commands(yaml.safe_load(block.text))
        elif block.language == "groovy":
            yield from (found[1] for found in re.findall(r"""\bsh (['"])(.*)\1$""", block.text, re.MULTILINE))


def test_commands_of_the_snippets_check_a_server(tmp_path):
    run = [f"vocode-contract {found[1].rstrip(chr(34))}" for line in commands() if (found := OURS.fullmatch(line))]
    assert len(run) == 5
    with simulator(token=TOKEN) as running:
        servers = dict.fromkeys(("https://staging.example.com", "http://api:8000"), running.url)
        with following(tmp_path, servers) as follower:
            follower.patch.setenv("VOCODE_API_KEY", TOKEN)
            follower.narrow = ("--only", "test_list_calls_returns")
            for line in run:
                follower.run(line)
    assert {path.name for path in tmp_path.iterdir()} == {"contract.html", "contract.xml", "contract.md"}


def test_commands_of_the_page_check_a_server(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_shop.py").write_text("def test_shop():\n    pass\n", "utf-8")
    with simulator(token=TOKEN) as running, following(tmp_path) as follower:
        follower.servers["https://staging.example.com"] = running.url
        follower.patch.setenv("SECRET_OF_YOUR_CI", TOKEN)
        follower.patch.setenv("PYTEST_ADDOPTS", "-k 'test_list_calls_returns or test_shop'")
        follower.narrow = ("--only", "test_list_calls_returns")
        follower.follow(PAGE)
    assert (tmp_path / "results.xml").exists()


def test_snippets_install_extras_that_there_are():
    from importlib.metadata import metadata

    from packaging.requirements import Requirement

    installed = [Requirement(found) for line in commands() for found in re.findall(r"'(vocode-contract\[.*?)'", line)]
    assert len(installed) == 5
    known = metadata("vocode-contract").get_all("Provides-Extra") or []
    assert {extra for each in installed for extra in each.extras} <= {*known}


def test_step_with_the_action_has_inputs_and_options_that_there_are():
    if not (ROOT / "action.yml").exists():
        pytest.skip("needs the checkout")
    inputs = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"]
    snippets = [yaml.safe_load(block.text) for block in read_blocks(PAGE) if block.language == "yaml"]
    steps = [each for snippet in snippets if isinstance(snippet, list) for each in snippet]
    [step] = [each for each in steps if "/vocode-contract@" in each.get("uses", "")]
    assert step["with"].keys() <= inputs.keys()
    known = {f"--{option.name}" for option in OPTIONS}
    assert {word for word in step["with"]["args"].split() if word.startswith("--")} <= known
