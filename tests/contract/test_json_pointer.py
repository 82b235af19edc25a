import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocode_contract.contract import json_pointer

DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "m~n": 8, " ": 7, 'k"l': 6, "é": 5}
# Source: RFC 6901, section 5.
EXAMPLES = [
    ("", DOCUMENT),
    ("/foo", ["bar", "baz"]),
    ("/foo/0", "bar"),
    ("/", 0),
    ("/a~1b", 1),
    ("/m~0n", 8),
    ("/ ", 7),
    ('/k"l', 6),
    ("/é", 5),
]
NOWHERE = ["/none", "/foo/2", "/foo/-", "/foo/-1", "/foo/01", "/foo/ 1", "/foo/٣", "/foo/0/0", "/foo/" + "9" * 5_000]


@pytest.mark.parametrize(("text", "value"), EXAMPLES)
def test_resolved_returns_what_the_pointer_addresses(text, value):
    assert json_pointer.resolve(DOCUMENT, text) == value


@pytest.mark.parametrize("text", NOWHERE, ids=lambda text: text[:9])
def test_resolved_raises_where_nothing_is(text):
    with pytest.raises(LookupError):
        json_pointer.resolve(DOCUMENT, text)


def test_from_tokens_writes_names_and_indices():
    assert json_pointer.from_tokens(["items", 0, "a/b", "m~n", ""]) == "/items/0/a~1b/m~0n/"


def test_tilde_is_unescaped_last():
    assert json_pointer.tokens_of("/~01") == ("~1",)


@given(st.lists(st.text()))
def test_tokens_survive_being_written(tokens):
    assert json_pointer.tokens_of(json_pointer.from_tokens(tokens)) == tuple(tokens)
