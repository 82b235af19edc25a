"""What is shipped holds the schemas of the checkout, byte for byte, in every form it can be shipped in."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import vocode_contract

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
PROBE = """
import hashlib, json, site, sys
site.addsitedir(sys.argv[1])
from vocode_contract.contract.files import read_bytes
names = json.load(sys.stdin)
print(json.dumps({name: hashlib.sha256(read_bytes(*name.split("/"))).hexdigest() for name in names}))
"""


def build(source: Path, target: str, directory: Path) -> Path:
    """Build one distribution, without the network, into a directory of its own."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(directory)]
    subprocess.run(command, check=True, cwd=source, stdout=subprocess.DEVNULL)
    [built] = directory.iterdir()
    return built


def build_editable(directory: Path) -> Path:
    code = "import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])"
    directory.mkdir()
    subprocess.run([sys.executable, "-c", code, str(directory)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    [built] = directory.iterdir()
    return built


def members(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def digests(read: Callable[[str], bytes]) -> dict[str, str]:
    names = sorted(path.relative_to(SCHEMAS).as_posix() for path in SCHEMAS.rglob("*") if path.is_file())
    return {name: hashlib.sha256(read(name)).hexdigest() for name in names}


def digests_read_from(entry: Path) -> dict[str, str]:
    """What an interpreter that has nothing but this entry of its search path reads."""
    command = [sys.executable, "-I", "-S", "-c", PROBE, str(entry)]
    names = json.dumps([*digests_in_checkout()])
    result = subprocess.run(command, capture_output=True, check=True, input=names, text=True)
    read: dict[str, str] = json.loads(result.stdout)
    return read


def digests_in_checkout() -> dict[str, str]:
    return digests(lambda name: (SCHEMAS / name).read_bytes())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def unpacked_sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling")
    sdist = build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))
    directory = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as opened:
        opened.extractall(directory, filter="data")
    [unpacked] = directory.iterdir()
    return unpacked


def test_checkout_has_schemas():
    assert "contract.json" in digests_in_checkout()


def test_wheel_holds_the_schemas_and_no_others(wheel):
    prefix = "vocode_contract/schemas/"
    shipped = {name.removeprefix(prefix): member for name, member in members(wheel).items() if name.startswith(prefix)}
    assert digests_in_checkout() == digests(shipped.__getitem__)
    assert set(shipped) == set(digests_in_checkout())


def test_wheel_holds_nothing_but_the_package(wheel):
    tops = {name.split("/")[0] for name in members(wheel)}
    assert tops == {"vocode_contract", f"vocode_contract-{wheel.name.split('-')[1]}.dist-info"}
    assert "vocode_contract/py.typed" in members(wheel)


def test_wheel_from_the_sdist_is_the_wheel(wheel, unpacked_sdist, tmp_path):
    assert members(build(unpacked_sdist, "wheel", tmp_path)) == members(wheel)


def test_sdist_holds_what_its_tests_need(unpacked_sdist):
    needed = {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", "schemas", "tests", "tox.ini"}
    assert needed <= {path.name for path in unpacked_sdist.iterdir()}


def test_unpacked_wheel_reads_the_schemas(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path)
    assert digests_read_from(tmp_path) == digests_in_checkout()


def test_zipped_wheel_reads_the_schemas(wheel):
    assert digests_read_from(wheel) == digests_in_checkout()


def test_editable_wheel_reads_the_schemas(tmp_path):
    pytest.importorskip("editables")
    editable = build_editable(tmp_path / "built")
    with zipfile.ZipFile(editable) as opened:
        opened.extractall(tmp_path / "site")
    assert digests_read_from(tmp_path / "site") == digests_in_checkout()
    assert not list((tmp_path / "site").rglob("contract.json"))


def test_bare_checkout_reads_the_schemas():
    assert digests_read_from(ROOT) == digests_in_checkout()


@pytest.mark.skipif(
    not os.environ.get("TOX_ENV_NAME", "").startswith("py"), reason="only tox says what is installed here"
)
def test_tests_run_against_the_installed_wheel():
    assert not Path(vocode_contract.__file__).is_relative_to(ROOT / "vocode_contract")
