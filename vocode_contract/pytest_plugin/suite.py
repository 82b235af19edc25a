"""Which tests belong to the suite, and which send requests to the endpoint."""

from collections.abc import Sequence
from pathlib import Path

import pytest

_DIRECTORY = Path(__file__).parents[1] / "conformance"
#: Fixtures of tests that send requests to the endpoint.
_SENDERS = frozenset(("_sender", "_vocode_sender"))


def is_suite_test(item: pytest.Item) -> bool:
    """Return whether a test is one of the suite, not a user's own."""
    return item.path.parent == _DIRECTORY


def list_modules() -> set[str]:
    """Return the names of the suite's modules."""
    return {path.stem for path in _DIRECTORY.glob("test_*.py")}


def is_sending(item: pytest.Item) -> bool:
    """Return whether a test sends requests to the endpoint, or to the built-in simulator in place of one."""
    return bool(_SENDERS & {*get_fixture_names(item)})


def get_fixture_names(item: pytest.Item) -> Sequence[str]:
    """Return the names of all fixtures of a test; none for a test of another kind, such as a doctest."""
    return getattr(item, "fixturenames", ())
