"""JSON Pointer: the address of one value inside a JSON document.

Source: RFC 6901.
"""

import re
from collections.abc import Iterable

#: Longer indices are beyond any array, and beyond what int() accepts.
_INDEX = re.compile("0|[1-9][0-9]{0,18}")


def from_tokens(tokens: Iterable[str | int]) -> str:
    """Write reference tokens as a JSON Pointer; no tokens give the empty one, the whole document.

    Source: RFC 6901, section 3.
    """
    return "".join(f"/{token}" if isinstance(token, int) else "/" + escape(token) for token in tokens)


def escape(token: str) -> str:
    """Escape one reference token.

    Source: RFC 6901, section 3.
    """
    return token.replace("~", "~0").replace("/", "~1")


def tokens_of(pointer: str) -> tuple[str, ...]:
    """Split a JSON Pointer into unescaped reference tokens.

    Source: RFC 6901, section 4.
    """
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


def resolve(document: object, pointer: str) -> object:
    """Return the value that a pointer addresses in a document.

    Raises:
        LookupError: The document has no value there.

    Source: RFC 6901, section 4.
    """
    value = document
    for token in tokens_of(pointer):
        if isinstance(value, list):
            if not _INDEX.fullmatch(token):
                raise LookupError(pointer)
            value = value[int(token)]
        elif isinstance(value, dict):
            value = value[token]
        else:
            raise LookupError(pointer)
    return value
