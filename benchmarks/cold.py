"""Cold starts: import, first verdict, the command on one file."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import corpus
from benchmarks.measuring import Figure, paired_commands
from benchmarks.verdict import plain_schema

_OURS = "import sys; from vocode_contract import conforms; conforms(open(sys.argv[1], 'rb').read())"
_RIVAL = (
    "import sys, orjson, jsonschema_rs; read = lambda path: orjson.loads(open(path, 'rb').read());"
    "validator = jsonschema_rs.Draft202012Validator(read(sys.argv[2]), validate_formats=True, offline=True);"
    "validator.is_valid(read(sys.argv[1]))"
)


def figures() -> Iterator[Figure]:
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
