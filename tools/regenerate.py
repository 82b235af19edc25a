"""Write every generated file of the repository again, but ``docs/reference/found.md``, which takes half an hour.

Run ``python tools/regenerate.py`` from the project's root and commit what it writes. Tests fail where a file is stale.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run the generators one after the other; stop at the first that fails."""
    for name in ("types", "tables"):
        subprocess.run([sys.executable, ROOT / "tools" / f"generate_{name}.py"], check=True)  # noqa: S603 - our own
    command = [sys.executable, "-m", "vocode_contract", "config", "--schema"]
    schema = subprocess.run(command, check=True, capture_output=True, cwd=ROOT)  # noqa: S603 - our own
    (ROOT / "docs" / "reference" / "config.schema.json").write_bytes(schema.stdout)


if __name__ == "__main__":
    main()
