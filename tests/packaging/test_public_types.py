"""Every class that a public name takes, returns or holds is public too, so that users can annotate with it."""

import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import vocode_contract
from vocode_contract.contract import types

PUBLIC = {name: getattr(vocode_contract, name) for name in vocode_contract.__all__}
#: What annotations name that is imported for type checkers only.
NAMES = {"types": types, **vars(types)}


def annotated(value: object) -> Iterator[object]:
    """Every annotation of a function, or of a class and its public members."""
    if inspect.isfunction(value):
        yield from get_type_hints(value, localns=NAMES).values()
    elif inspect.isclass(value):
        yield from get_type_hints(value, localns=NAMES).values()
        for name, member in vars(value).items():
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            function = getattr(function, "func", function)  # of a cached property
            if not name.startswith("_") or name == "__init__":
                yield from annotated(function) if inspect.isfunction(function) else ()


def own_classes(annotation: Any) -> Iterator[type]:
    """The classes of this package in an annotation, except the generated types, which have a module of their own."""
    for part in annotation if isinstance(annotation, list) else get_args(annotation):
        yield from own_classes(part)
    module = annotation.__module__ if inspect.isclass(annotation) else ""
    if module.startswith("vocode_contract.") and not module.startswith(types.__name__):
        yield annotation


def test_every_class_of_a_public_annotation_is_public():
    public = list(PUBLIC.values())
    missing = {
        f"{found.__name__} of {name}"
        for name, value in PUBLIC.items()
        for annotation in annotated(value)
        for found in own_classes(annotation)
        if not any(found is each for each in public)
    }
    assert sorted(missing) == []
