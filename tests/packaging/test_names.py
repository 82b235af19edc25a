import ast
from collections import defaultdict
from pathlib import Path

import vocode_contract

PACKAGE = Path(vocode_contract.__file__).parent
GENERATED = PACKAGE / "contract" / "types"


def test_class_name_stands_for_one_thing():
    places = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        if GENERATED in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(PACKAGE)))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}
