"""Compare the tag of a release with the version in `pyproject.toml`, and with the newest release in `CHANGELOG.md`.

Run ``python tools/check_release.py v1.2.3`` from anywhere. The workflow of releases does, before it builds anything.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def find_mistakes(tag: str, root: Path = ROOT) -> Iterator[str]:
    """Yield what must be changed before the release."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    if tag != f"v{project['version']}":
        yield f"pyproject.toml: the version is {project['version']}, and the tag {tag}"
    headings = re.findall(r"^## (.*)$", (root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    released = [heading for heading in headings if heading != "[Unreleased]"]
    if not released or not re.fullmatch(rf"\[{re.escape(tag[1:])}\] - \d{{4}}-\d\d-\d\d", released[0]):
        yield f"CHANGELOG.md: the newest release must be headed ## [{tag[1:]}] - YYYY-MM-DD"


def main() -> None:
    """Exit with the mistakes, if there are any."""
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/check_release.py TAG")
    sys.exit("\n".join(find_mistakes(sys.argv[1])) or None)


if __name__ == "__main__":
    main()
