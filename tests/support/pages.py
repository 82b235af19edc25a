"""Follow a page of the documentation: write its files, run its commands and code, and compare what they print.

Blocks are followed in their order, in one directory, which is also the current one:

- a block with a title is written to the file of that name;
- a ``python`` block without one runs, all of a page in one namespace. What it prints is what the following ``text``
  block shows, or else the comments behind its calls of ``print``;
- in a ``console`` block, lines that start with ``$ `` are commands, and those below one are all that it prints. A
  command that shows nothing has to succeed; ``echo $?`` shows the exit code of the one before it;
- ``yaml``, ``toml`` and ``json`` blocks are parsed.

``...`` stands for anything, and durations and ids of runs differ. A command ``vocode-contract simulate`` starts a
simulator, whose address stands in for the one that the page names; a test can pass other servers.
"""

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import plugins
from vocode_contract.cli import main
from vocode_contract.http import checks
from vocode_contract.http.client.timing import Timing

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_BASH = shutil.which("bash") or ""
_BLOCK = re.compile(
    r'^(?P<indent> *)```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^(?P=indent)```$',
    re.DOTALL | re.MULTILINE,
)
_PRINTED = re.compile(r"^ *print\(.*\)  # (.*)$", re.MULTILINE)
#: What differs from run to run: durations, and the ids of runs.
_VARYING = re.compile(r"\b\d+(\.\d+)? (?=m?s\b)|\b(?<=calls of this run \()[0-9a-f]{12}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page."""

    language: str
    title: str
    text: str
    line: int


def read_blocks(page: str) -> tuple[Block, ...]:
    """Return the fenced blocks of a page, named by its path in docs."""
    text = (DOCS / page).read_text("utf-8")
    return tuple(
        Block(
            language=found["language"],
            title=found["title"] or "",
            text=re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            line=text.count("\n", 0, found.start()) + 1,
        )
        for found in _BLOCK.finditer(text)
    )


def matches(shown: str, printed: str) -> bool:
    """Return whether a text is what a page shows, in which ``...`` stands for anything."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in _lines(shown)
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(printed))) is not None


def _lines(text: str) -> list[str]:
    """Return the lines of a text, without what varies."""
    return [_VARYING.sub("", line).rstrip() for line in text.strip("\n").split("\n")]


@dataclass(slots=True, kw_only=True)
class Follower:
    """Follows the blocks of a page in a directory.

    Attributes:
        directory: Where the page's files are written, and its commands run.
        patch: Sets environment variables until the end of the page.
        servers: Addresses on the page, host and port, and those of the servers that stand in for them.
        stack: Keeps the page's simulators running.
        narrow: Options that are added to each command ``check``, so that it is quick.
        names: The namespace of the page's code.
        code: Exit code of the last command.
    """

    directory: Path
    patch: pytest.MonkeyPatch
    servers: dict[str, str]
    stack: contextlib.ExitStack
    narrow: tuple[str, ...] = ()
    names: dict[str, object] = field(default_factory=dict)
    code: int = 0

    def follow(self, page: str) -> None:
        """Follow all blocks of a page."""
        blocks = read_blocks(page)
        for block, following in zip(blocks, (*blocks[1:], None), strict=True):
            if block.title:
                path = self.directory / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self._real(block.text), "utf-8")
            if block.language in _PARSERS:
                _PARSERS[block.language](block.text)
            elif block.language == "console":
                self._run_commands(block)
            elif block.language == "python" and not block.title:
                self._run_code(block, following)

    def _real(self, text: str) -> str:
        for shown, real in self.servers.items():
            text = text.replace(shown, real)
        return text

    def _shown(self, text: str) -> str:
        for shown, real in self.servers.items():
            text = text.replace(real, shown).replace(" port ".join(real.split(":")), " port ".join(shown.split(":")))
        return text.replace(f"{self.directory}{os.sep}", "")

    def _run_code(self, block: Block, following: Block | None) -> None:
        output = io.StringIO()
        # The name is that of a module, since dataclasses and pydantic look theirs up.
        self.names.setdefault("__name__", "__main__")
        with contextlib.redirect_stdout(output):
            exec(compile(self._real(block.text), f"block in line {block.line}", "exec"), self.names)  # noqa: S102 - our own page
        is_shown = following is not None and following.language == "text" and not following.title
        shown = following.text if following and is_shown else "\n".join(_PRINTED.findall(block.text))
        _compare(shown, self._shown(output.getvalue()), block)

    def _run_commands(self, block: Block) -> None:
        for command in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            line, shown = _split_command(command)
            if shown:
                _compare(shown, self._print(line), block)
            else:
                self.run(line)

    def run(self, line: str) -> None:
        """Run a command that has to succeed."""
        printed = self._print(line)
        assert self.code == 0, f"{line}\n{printed}"

    def _print(self, line: str) -> str:
        """Run one command and return what it prints, with the addresses of the page."""
        return self._shown(self._run(self._real(line)))

    def _run(self, line: str) -> str:
        if line == "echo $?":
            return str(self.code)
        self.code = 0
        if start := re.fullmatch(r"vocode-contract simulate --port (\d+)(.*?)&?", line):
            self._serve(start[1], shlex.split(start[2]))
            return ""
        if line.startswith("export "):
            for word in shlex.split(line)[1:]:
                name, _, value = word.partition("=")
                self.patch.setenv(name, os.path.expandvars(value))
            return ""
        if line.startswith("unset "):
            self.patch.delenv(line.removeprefix("unset "), raising=False)
            return ""
        line = re.sub(r"\bvocode-contract check\b", shlex.join(("vocode-contract", "check", *self.narrow)), line)
        assignments, words = {}, shlex.split(line)
        while re.match(r"[A-Z_]+=", words[0]):
            name, _, assignments[name] = words.pop(0).partition("=")
        is_plain = words[0] in _INSIDE and not re.search(r"[|<>&$*`;]", line.replace("'", ""))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in assignments.items():
                patch.setenv(name, value)
            return self._run_inside(words) if is_plain else self._run_apart(line)

    def _run_inside(self, words: list[str]) -> str:
        """Run a command in this process, which is quicker."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            self.code = _INSIDE[words[0]](words[1:])
        return output.getvalue()

    def _run_apart(self, line: str) -> str:
        python = f"{shlex.quote(sys.executable)} -m"
        line = re.sub(r"\bvocode-contract(?= [a-z])", f"{python} vocode_contract", line)
        line = re.sub(r"^((?:[A-Z_]+=\S+ )*)pytest\b", rf"\1{python} pytest {' '.join(plugins.APART)}", line)
        line = re.sub(r"\bpython3\b", shlex.quote(sys.executable), line)
        done = subprocess.run(
            [_BASH, "-c", line],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(self.directory), str(ROOT)]), "COLUMNS": "120"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        self.code = done.returncode
        return done.stdout

    def _serve(self, port: str, words: list[str]) -> None:
        """Start a simulator with the options of a command, in place of the one that listened there."""
        from vocode_contract.simulator import simulator, variant_of

        options: dict[str, list[Any]] = {}
        for name, value in zip(words[::2], words[1::2], strict=True):
            options.setdefault(name, []).append(value)
        running = self.stack.enter_context(
            simulator(
                token=options.pop("--token", ["simulator-token"])[0],
                faults=tuple(options.pop("--fault", ())),
                contract=options.pop("--contract", [None])[0],
                variant=variant_of(options.pop("--variant", [])),
            )
        )
        assert not options, f"the test does not know {', '.join(options)}"
        self.servers[f"127.0.0.1:{port}"] = running.url.removeprefix("http://")


def _run_pytest(words: list[str]) -> int:
    """Run pytest in this process."""
    ours = [] if plugins.APART[0] in words else plugins.APART[:3]
    with _modules_of(os.getcwd()):
        return int(pytest.main([*ours, "-p", "no:cacheprovider", *words]))


@contextlib.contextmanager
def _modules_of(directory: str) -> Iterator[None]:
    """Forget the modules of a directory at the end, so that the next page imports its own."""
    try:
        yield
    finally:
        for name, module in [*sys.modules.items()]:
            if str(getattr(module, "__file__", "")).startswith(directory):
                del sys.modules[name]


_INSIDE: Mapping[str, Callable[[list[str]], int]] = {"vocode-contract": main.run, "pytest": _run_pytest}


def _parse_yaml(text: str) -> None:
    pytest.importorskip("yaml").safe_load(text)


_PARSERS: Mapping[str, Callable[[str], object]] = {"yaml": _parse_yaml, "toml": tomllib.loads, "json": json.loads}


def _split_command(text: str) -> tuple[str, str]:
    """Return a command, whose lines may be continued with a backslash, and what is shown below it."""
    lines = text.split("\n")
    end = next(number for number, line in enumerate(lines) if not line.endswith("\\"))
    command = " ".join(line.removesuffix("\\").strip() for line in lines[: end + 1])
    return command.partition("  #")[0].rstrip(), "\n".join(lines[end + 1 :]).strip("\n")


def _compare(shown: str, printed: str, block: Block) -> None:
    assert matches(shown, printed), f"line {block.line}: the page shows\n{shown}\nbut this is printed:\n{printed}"


@contextlib.contextmanager
def following(directory: Path, servers: Mapping[str, str] = {}) -> Iterator[Follower]:
    """Prepare to follow a page in a directory, without the settings of the user who runs the tests."""
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as stack, _modules_of(str(directory)):
        for name in list(os.environ):
            if name.startswith("VOCODE_") or name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"):
                patch.delenv(name)
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
            patch.setenv(name, str(directory / ".home"))
        patch.setenv("NO_COLOR", "1")
        for name, value in (("pauses", (0.01, 0.01)), ("interval", 0)):  # between attempts, and remote requests
            patch.setitem(Timing.__init__.__kwdefaults__ or {}, name, value)
        patch.setattr(checks, "SLOW", 600)  # a busy machine is no slow server
        patch.chdir(directory)
        patch.syspath_prepend(directory)
        yield Follower(directory=directory, patch=patch, servers=dict(servers), stack=stack)
