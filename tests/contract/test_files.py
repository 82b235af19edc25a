import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vocode_contract.contract import files
from vocode_contract.errors import SchemasNotFound, UnknownSchema

PACKAGE = Path(files.__file__).parents[1]
READ_MARKER = """
import sys
sys.path.insert(0, sys.argv[1])
from vocode_contract.contract import files
sys.stdout.buffer.write(files.read_bytes("contract.json"))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the modules that find the schemas, with no schemas in sight."""
    copy = tmp_path / "vocode_contract"
    (copy / "contract").mkdir(parents=True)
    for name in ("__init__.py", "_lazy.py", "errors.py", "contract/__init__.py", "contract/files.py"):
        shutil.copy(PACKAGE / name, copy / name)
    return copy


def mark(directory: Path, content: str) -> None:
    directory.mkdir()
    (directory / "contract.json").write_text(content)


def read_marker(entry: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-c", READ_MARKER, str(entry)]
    return subprocess.run(command, capture_output=True, check=False, text=True)


def test_schemas_directory_holds_the_marker():
    assert json.loads(files.read_bytes("contract.json"))
    assert (Path(files.schemas_directory()) / "contract.json").is_file()


def test_schemas_inside_the_package_come_first(package):
    mark(package / "schemas", "inside")
    mark(package.parent / "schemas", "beside")
    assert read_marker(package.parent).stdout == "inside"


def test_schemas_beside_the_package_come_second(package):
    mark(package.parent / "schemas", "beside")
    assert read_marker(package.parent).stdout == "beside"


def test_schemas_in_a_zipped_package_are_read(package, tmp_path):
    mark(package / "schemas", "zipped")
    archive = shutil.make_archive(str(tmp_path / "archive"), "zip", tmp_path, "vocode_contract")
    assert read_marker(Path(archive)).stdout == "zipped"


def test_missing_schemas_name_both_places(package):
    result = read_marker(package.parent)
    [line] = [line for line in result.stderr.splitlines() if "SchemasNotFound: " in line]
    assert f"{str(package / 'schemas')!r} or {str(package.parent / 'schemas')!r}" in line


def test_schemas_not_found_holds_the_places(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "_PLACES", (str(tmp_path),))
    monkeypatch.setattr(files, "_found", [])
    with pytest.raises(SchemasNotFound) as caught:
        files.read_bytes("contract.json")
    assert caught.value == SchemasNotFound((str(tmp_path),))


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("",),
        (".", "contract.json"),
        ("..", "vocode_contract", "errors.py"),
        ("../errors.py",),
        ("..\\errors.py",),
        ("/etc/passwd",),
        ("C:contract.json",),
        ("contract.json\0",),
        ("no-such-file.json",),
    ],
)
def test_read_bytes_refuses_what_is_not_a_file_of_the_schemas(parts):
    with pytest.raises(UnknownSchema) as caught:
        files.read_bytes(*parts)
    assert caught.value == UnknownSchema("/".join(parts))
