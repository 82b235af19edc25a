"""Cold starts: import, first verdict, the command on one file, a pytest run that does not use the plugin."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

from benchmarks import corpus
from benchmarks.measuring import Figure, Reading, paired_commands
from benchmarks.verdict import plain_schema

_OURS = "import sys; from vocode_contract import conforms; conforms(open(sys.argv[1], 'rb').read())"
_RIVAL = (
    "import sys, orjson, jsonschema_rs; read = lambda path: orjson.loads(open(path, 'rb').read());"
    "validator = jsonschema_rs.Draft202012Validator(read(sys.argv[2]), validate_formats=True, offline=True);"
    "validator.is_valid(read(sys.argv[1]))"
)
#: The difference of two runs is small beside the runs.
_PYTEST_ROUNDS = 30


def figures() -> Iterator[Figure | Reading]:
    """Measure; check-jsonschema takes part where it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        call, schema = Path(folder, "call.json"), Path(folder, "schema.json")
        call.write_bytes(corpus.payloads(1, invalid=0)[0])
        schema.write_text(json.dumps(plain_schema()), encoding="utf-8")
        python = sys.executable
        yield paired_commands(
            "import vocode_contract",
            [python, "-c", "import vocode_contract"],
            [python, "-c", "pass"],
            rival="a bare interpreter",
        )
        yield paired_commands(
            "first verdict in a new process",
            [python, "-c", _OURS, str(call)],
            [python, "-c", _RIVAL, str(call), str(schema)],
            rival="orjson and jsonschema-rs",
            goal=1.6,
        )
        rival = shutil.which("check-jsonschema", path=str(Path(python).parent))
        if rival:
            yield paired_commands(
                "vocode-contract validate FILE",
                [python, "-m", "vocode_contract", "validate", str(call)],
                [rival, "--schemafile", str(schema), str(call)],
                rival="check-jsonschema",
                goal=0.5,
            )
        yield _measure_plugin(folder)


def _measure_plugin(folder: str) -> Reading:
    """Measure what the plugin adds to a pytest run of one test that does not use it, and that loads no other plugin."""
    Path(folder, "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    others = {point.name for point in entry_points(group="pytest11")} - {"vocode_contract"}
    blocked = (argument for name in sorted(others) for argument in ("-p", f"no:{name}"))
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *blocked, folder]
    figure = paired_commands("", run, [*run, "-p", "no:vocode_contract"], rival="", rounds=_PYTEST_ROUNDS)
    name = f"the pytest plugin adds to a run of {figure.theirs * 1e3:.0f} ms that does not use it"
    return Reading(name=name, value=(figure.ours - figure.theirs) * 1e3, unit="ms")
