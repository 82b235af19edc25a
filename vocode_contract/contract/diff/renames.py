"""Recognize what only has another name: a property, an enumerated value, a named schema."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from vocode_contract.contract.diff.shape import ANNOTATIONS

#: Where one word of a name ends and the next begins.
_BREAK = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[^\W\d_])(?=\d)")
#: How alike two spellings of a word are, and how long a word is that may have two.
_ALIKE = 0.8
_SHORTEST = 4
#: Pairs of names that are compared: where more come and go, nothing is only renamed.
_MOST_PAIRS = 10_000
#: With one of these before it, a word means something else.
_PREFIXES = ("de", "dis", "in", "non", "re", "un")
_NEGATIONS = frozenset(("no", "non", "not", "never", "un", "without"))


def match_renamed(
    gone: Iterable[str], fresh: Iterable[str], is_same: Callable[[str, str], bool] = lambda _one, _other: True
) -> Mapping[str, str]:
    """Map each name that is gone to the new one that it probably has; leave out what could be several.

    Args:
        gone: Names of the older contract only.
        fresh: Names of the newer contract only.
        is_same: Whether what an older and a newer name stand for is otherwise the same.
    """
    gone, fresh = tuple(gone), tuple(fresh)
    if len(gone) * len(fresh) > _MOST_PAIRS:
        return {}
    rates = {(name, new): rate for name in gone for new in fresh if (rate := _rate(name, new)) and is_same(name, new)}
    by_name: dict[tuple[int, str], list[float]] = {}
    for pair, rate in rates.items():
        for side in enumerate(pair):
            by_name.setdefault(side, []).append(rate)
    return {
        pair[0]: pair[1]
        for pair, rate in rates.items()
        if all(sum(other >= rate for other in by_name[side]) == 1 for side in enumerate(pair))
    }


def _rate(name: str, new: str) -> float:
    """Return how probable it is that one name replaces another, from 0 to 1."""
    one, other = (_split(each) for each in (name, new))
    if (joined := "".join(one)) == "".join(other):
        return 1.0 if joined and not joined.isdigit() else 0
    shared = (Counter(one) & Counter(other)).total()
    left, right = (
        tuple((Counter(words) - Counter(others)).elements()) for words, others in ((one, other), (other, one))
    )
    share = shared / max(len(one), len(other), 1)
    if not left or not right:
        return share if share >= 0.5 and not _NEGATIONS & {*left, *right} else 0
    return _rate_words(left[0], right[0]) if len(left) == len(right) == 1 else 0


def _split(name: str) -> Sequence[str]:
    """Return the words of a name in small letters, however it joins them."""
    return [word.lower() for word in _BREAK.split(name) if word]


def _rate_words(one: str, other: str) -> float:
    short, long = sorted((one, other), key=len)
    if len(short) < _SHORTEST or any(long == prefix + short for prefix in _PREFIXES):
        return 0
    ratio = SequenceMatcher(None, one, other, autojunk=False).ratio()
    return ratio if ratio >= _ALIKE and not short.isdigit() else 0


def strip_annotations(schema: Any) -> str:
    """Return a schema as text without what rules no value out, to compare meanings."""
    return json.dumps(_strip(schema), sort_keys=True)


def _strip(node: Any, *, is_map: bool = False) -> Any:
    """Copy a schema without its annotations; in a map from names to schemas, every name is kept."""
    if isinstance(node, dict):
        return {
            key: _strip(child, is_map=not is_map and key in ("properties", "$defs", "patternProperties"))
            for key, child in node.items()
            if is_map or key not in ANNOTATIONS or key in ("discriminator", "nullable")
        }
    return [_strip(child) for child in node] if isinstance(node, list) else node
