"""The JSON type of a value, and whether the types of a schema allow it.

What a contract is made from needs them, so they stand below it.
"""

from collections.abc import Collection, Mapping


def json_type(value: object) -> str:
    """Return the JSON type of a parsed value; ``unknown`` for what JSON cannot hold."""
    return _TYPES.get(type(value), "unknown")


_TYPES: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def allows_type(types: Collection[str], kind: str) -> bool:
    """Return whether the types of a schema, none for any, allow a JSON type: an integer is a number too."""
    return not types or kind in types or (kind == "integer" and "number" in types)
