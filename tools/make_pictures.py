"""Make the pictures in `docs/images` from the program itself.

Run ``python tools/make_pictures.py`` after a change of what they show, look at them, and commit them: a test fails if
one is older than what it shows. The screenshots need Chromium with its driver and Selenium; ``--check``, which lists
the pictures that are out of date, needs neither.
"""

import base64
import hashlib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from html import escape
from io import StringIO
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
MANIFEST = IMAGES / "manifest.json"
sys.path.insert(0, str(ROOT))

#: What the README says that schema validation misses.
FAULTS = ("second-end-moves-end-time", "newest-call-unlisted", "longer-token")
#: What a comparison leaves out: a busy machine would be in it.
SETTINGS = '[tool.vocode-contract]\nignore = ["slow", "clock-skew"]\n'
COLUMNS = 110
#: When the calls on the simulator's page are placed: noon, 1 December 2026, UTC.
NOON = 1_796_126_400.0

#: A terminal as an SVG, with the fonts of the reader's system.
TERMINAL = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono",
  monospace; }}
.{unique_id}-title {{ font: 18px system-ui, "DejaVu Sans", sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def run_check(directory: Path, settings: str, *faults: str) -> tuple[str, str]:
    """Check the simulator with faults, and return what the terminal and the HTML report show."""
    directory.mkdir()
    (directory / "pyproject.toml").write_text(settings, "utf-8")
    planted = [word for fault in faults for word in ("--fault", fault)]
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("VOCODE_", "PYTEST_", "NO_COLOR"))
    }
    places = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"), str(directory))
    run = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "vocode_contract", "check", *planted, "--report", "html=report.html"],
        cwd=directory,
        env=kept | places | {"TERM": "xterm-256color", "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if run.returncode != 1:
        sys.exit(f"the check of {', '.join(faults)} ended with {run.returncode}\n{run.stderr}")
    return run.stdout, (directory / "report.html").read_text("utf-8")


def mask(text: str) -> str:
    """Return a text without what differs from run to run: numbers, ids, times, and where lines are cut or wrapped."""
    text = re.sub(r"\x1b\[[\d;]*m| --ignore (slow|clock-skew)", "", text)
    return " ".join(re.sub(r"\S*\.\.\.\S*|\b[0-9a-f]{8,}\b|\w*\d[\w.:+-]*", "#", text).split())


def read_benchmark() -> list[tuple[str, str, str]]:
    """Return the rows of the README's table: what was measured, what with, and the ratio of the times."""
    section = (ROOT / "README.md").read_text("utf-8").partition("\n## Performance\n")[2].partition("\n## ")[0]
    lines = [line.replace("`", "").strip("|") for line in section.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines[2:]]
    return [(row[0], re.sub(r", [\d,.]+ [mu]?s$", "", row[-2]), row[-1]) for row in rows]


def draw_terminal(command: str, output: str) -> str:
    """Return an SVG of a command and what it prints."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=COLUMNS, file=StringIO())
    console.print(Text(f"$ {command}\n", "bold"))
    for line in Text.from_ansi(output).split(allow_blank=True):
        for part in line.divide(range(COLUMNS, len(line), COLUMNS)):  # terminals do not wrap at words
            console.print(part)
    return console.export_svg(title="", code_format=TERMINAL, unique_id="terminal")


#: What the plot of the benchmark looks like, in both colour schemes.
PLOT_STYLE = """text { font: 14px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
text { fill: #1b2027; }
.soft { fill: #566072; font-size: 13px; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.ground { fill: #fff; }
.line { stroke: #dfe3e8; }
.even { stroke: #566072; stroke-dasharray: 4 3; }
.less { fill: #12703f; stroke: #12703f; }
.more { fill: #b01c2e; stroke: #b01c2e; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6e9ed; } .soft { fill: #9aa5b1; } .ground { fill: #1a2027; } .line { stroke: #2c343d; }
  .even { stroke: #9aa5b1; } .less { fill: #6fd49b; stroke: #6fd49b; } .more { fill: #ff97a1; stroke: #ff97a1; }
}"""
PLOT_WIDTH = 960
ROW_HEIGHT = 46
#: Where the scale starts and ends, in pixels, and what it starts and ends with.
SCALE = (510, 850)
RATIOS = (0.01, 2.0)


def find_place(ratio: float) -> float:
    """Return where a ratio is on the logarithmic scale."""
    share = math.log(ratio / RATIOS[0]) / math.log(RATIOS[1] / RATIOS[0])
    return round(SCALE[0] + share * (SCALE[1] - SCALE[0]), 1)


def draw_plot(rows: list[tuple[str, str, str]]) -> str:
    """Return an SVG of the ratios, each as a bar that starts at 1, on a logarithmic scale; a range has a pale end."""
    height = 76 + ROW_HEIGHT * len(rows)
    content = "\n".join(_draw_plot(rows, height))
    return (
        f'<svg viewBox="0 0 {PLOT_WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">\n'
        f"<style>\n{PLOT_STYLE}\n</style>\n{content}\n</svg>\n"
    )


def _draw_plot(rows: list[tuple[str, str, str]], height: int) -> Iterator[str]:
    even = find_place(1)
    yield f'<rect class="ground" width="{PLOT_WIDTH}" height="{height}" rx="10"/>'
    yield '<text x="24" y="34">CPU time of this package, divided by that of what it is compared with</text>'
    for ratio in (0.01, 0.1, 1, 2):
        place = find_place(ratio)
        yield f'<path class="{"even" if ratio == 1 else "line"}" d="M{place} 52V{height - 34}"/>'
        yield f'<text class="soft middle" x="{place}" y="{height - 14}">{ratio:g}</text>'
    for number, (measured, other, shown) in enumerate(rows):
        places = sorted((find_place(float(end)) for end in shown.split(" to ")), key=lambda place: abs(place - even))
        near, far, middle = places[0], places[-1], 76 + ROW_HEIGHT * number
        tone, side, label = ("less", " end", far - 8) if far < even else ("more", "", far + 8)
        yield f'<text x="24" y="{middle - 3}">{escape(measured)}</text>'
        yield f'<text class="soft" x="24" y="{middle + 14}">{escape(other)}</text>'
        yield f'<path class="{tone}" stroke-width="12" d="M{even} {middle}H{near}"/>'
        yield f'<path class="{tone}" stroke-width="12" stroke-opacity="0.5" d="M{near} {middle}H{far}"/>'
        yield f'<text class="soft{side}" x="{label}" y="{middle + 5}">{shown}</text>'


_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
#: What a picture of the report shows: what is above the violations, and their first lines.
_SHOWN = re.compile(r"\A.*?<details|<summary>.*?</summary>", re.DOTALL)


def make_sources(directory: Path, settings: str = "") -> Mapping[str, str]:
    """Return the name of each picture, without its ending, and the text that it is made from."""
    from vocode_contract.report.page import read_style
    from vocode_contract.simulator.server import server

    _, report = run_check(directory / "report", settings, *FAULTS)
    terminal, _ = run_check(directory / "terminal", settings, FAULTS[0])
    files = Path(server.__file__).with_name("files")
    page = "".join((files / name).read_text("utf-8") for name in ("page.html", "page.js"))
    return {
        "benchmark": draw_plot(read_benchmark()),
        "report": report,
        "simulator": read_style(server.__file__, "files", "page.css") + page,
        "terminal": terminal,
    }


def make_digests(sources: Mapping[str, str]) -> dict[str, str]:
    """Return a digest of what each picture shows, and of this script."""
    report = sources["report"]
    shown = {
        **sources,
        "report": "\n".join((*_STYLE.findall(report), *map(mask, _SHOWN.findall(_STYLE.sub("", report))))),
        "terminal": mask(sources["terminal"]),
    }
    script = Path(__file__).read_text("utf-8")
    return {name: hashlib.sha256(f"{script}{text}".encode()).hexdigest() for name, text in shown.items()}


def list_outdated(directory: Path) -> list[str]:
    """Return the names of the pictures that do not show what they would show now."""
    made = json.loads(MANIFEST.read_text("utf-8"))
    shown = make_digests(make_sources(directory, SETTINGS))
    return [name for name, digest in shown.items() if made.get(name) != digest]


# --- screenshots ---

#: Close all violations of the report, so that the picture shows them all, and return where they end.
FOLD = """
const causes = document.querySelector(".causes");
for (const cause of causes.querySelectorAll(":scope > li > details")) cause.open = false;
return Math.round(causes.getBoundingClientRect().bottom);
"""


def take_screenshots(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each screenshot."""
    import httpx

    from tests.support.browser import open_browser
    from vocode_contract.simulator import simulator

    with open_browser(directory / "profile") as browser:
        browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        for scheme in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": scheme}]
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
            _set_size(browser, 1040, 800)
            browser.get((directory / "report" / "report.html").as_uri())
            bottom = browser.execute_script(FOLD)
            yield f"report-{scheme}", _take_screenshot(browser, 1040, bottom + 24)
            with simulator(clock=lambda: NOON, speed=0, faults=(FAULTS[0],)) as running:
                for scenario in ("human", "voicemail", "transfer", "endless"):
                    call = running.place(scenario)
                    running.advance(40)
                headers = {"Authorization": f"Bearer {running.token}"}
                for path in ("/v1/calls/list", f"/v1/calls?id={call}", f"/v1/calls/recording?id={call}"):
                    httpx.get(f"{running.url}{path}", headers=headers)
                browser.get(running.url)
                yield f"simulator-{scheme}", _take_screenshot(browser, 1200, 760)


def _take_screenshot(browser: "Chrome", width: int, height: int) -> bytes:
    """Return the top of the page as WebP."""
    _set_size(browser, width, height)
    sleep(1)  # the page of the simulator asks for its state
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": 80})
    return base64.b64decode(taken["data"])


def _set_size(browser: "Chrome", width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1500 / width, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def main() -> None:
    """Make all pictures, or with ``--check`` only say which are out of date."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        if sys.argv[1:] == ["--check"]:
            outdated = list_outdated(directory)
            sys.exit(f"run python tools/make_pictures.py: {', '.join(outdated)} out of date" if outdated else None)
        sources = make_sources(directory)
        IMAGES.mkdir(exist_ok=True)
        (IMAGES / "benchmark.svg").write_text(sources["benchmark"], "utf-8")
        command = f"vocode-contract check --fault {FAULTS[0]}"
        (IMAGES / "terminal.svg").write_text(draw_terminal(command, sources["terminal"]), "utf-8")
        for picture, content in take_screenshots(directory):
            (IMAGES / f"{picture}.webp").write_bytes(content)
        MANIFEST.write_text(json.dumps(make_digests(sources), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
