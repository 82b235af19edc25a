import json
import math
import re
import subprocess
import sys
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vocode_contract
from vocode_contract.errors import InvalidOption
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.json_text import find_line, read
from vocode_contract.validation.json_value import Limits, Unreadable, survey

DEEP = 100_000

# What is sent -> the code and the byte offset of the violation.
HOSTILE = {
    "invalid byte": (b'{"a": "\xff"}', "json-encoding", 7),
    "overlong form": (b'"\xc0\xaf"', "json-encoding", 1),
    "character cut off": (b'"\xe2\x82', "json-encoding", 1),
    "surrogate as UTF-8": (b'"\xed\xa0\x80"', "json-encoding", 1),
    "beyond Unicode": (b'"\xf4\x90\x80\x80"', "json-encoding", 1),
    "Latin-1": ('{"a": "\xe9"}'.encode("latin-1"), "json-encoding", 7),
    "gzip": (b"\x1f\x8b\x08\x00\x00", "json-encoding", 1),
    "byte order mark": (b"\xef\xbb\xbf{}", "json-bom", 0),
    "byte order mark alone": (b"\xef\xbb\xbf", "json-bom", 0),
    "UTF-16": ("{}".encode("utf-16"), "json-encoding", 0),
    "UTF-16 little": ("{}".encode("utf-16-le"), "json-encoding", 0),
    "UTF-16 big": ("{}".encode("utf-16-be"), "json-encoding", 0),
    "UTF-32": ("{}".encode("utf-32"), "json-encoding", 0),
    "UTF-32 little": ("{}".encode("utf-32-le"), "json-encoding", 0),
    "UTF-32 big": ("{}".encode("utf-32-be"), "json-encoding", 0),
    "NUL": (b"\x00", "json-encoding", 0),
    "NUL in a string": (b'"a\x00b"', "json-syntax", 2),
    "NaN": (b'{"a": NaN}', "json-constant", 6),
    "NaN behind characters of two bytes": ('{"éé": NaN}'.encode(), "json-constant", 9),
    "Infinity": (b"[Infinity]", "json-constant", 1),
    "negative Infinity": (b"[-Infinity]", "json-constant", 1),
    "nan as C writes it": (b"[nan]", "json-constant", 1),
    "a word that starts like inf": (b'{"a": information}', "json-syntax", 6),
    "NaN in a string that is cut": (b'"NaN', "json-syntax", 4),
    "duplicate key": (b'{"a":1,"a":2}', "json-duplicate-key", None),
    "duplicate key, same value": (b'{"a":1,"a":1}', "json-duplicate-key", None),
    "duplicate key, escaped": (rb'{"id":1,"\u0069d":2}', "json-duplicate-key", None),
    "duplicate key, escaped colon": (rb'{"a\u003a":1,"a:":2}', "json-duplicate-key", None),
    "duplicate key beside an escaped colon": (rb'{"a":"\u003A","a":1}', "json-duplicate-key", None),
    "duplicate key in depth": (b'[[{"x":[{"b":0,"a":1,"a":2}]}]]', "json-duplicate-key", None),
    "duplicate empty key": (b'{"":1,"":2}', "json-duplicate-key", None),
    "lone high surrogate": (rb'"\ud83d"', "json-surrogate", 1),
    "lone low surrogate": (rb'["\ude00"]', "json-surrogate", 2),
    "two high surrogates": (rb'"\ud83d\ud83d"', "json-surrogate", 1),
    "lone surrogate in a key": (rb'{"\udc00": 1}', "json-surrogate", 2),
    "2**64": (b"[18446744073709551616]", "json-number", 1),
    "-2**63 - 1": (b"-9223372036854775809", "json-number", 0),
    "integer of 5,000 digits": (b"1" * 5_000, "json-number", 0),
    "wide integer behind digits in a string": (b'["' + b"1" * 30 + b'",' + b"1" * 30 + b"]", "json-number", 34),
    "1e999": (b"[1e999]", "json-number", 1),
    "-1e999": (b"-1e999", "json-number", 0),
    "string of 50 MB": (b'"' + b"x" * 50_000_000 + b'"', "json-too-large", None),
    "arrays, open": (b"[" * DEEP, "json-too-deep", None),
    "arrays": (b"[" * DEEP + b"]" * DEEP, "json-too-deep", None),
    "objects, open": (b'{"a":' * DEEP, "json-too-deep", None),
    "objects": (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "json-too-deep", None),
    "1,025 levels": (b"[" * 1_025 + b"]" * 1_025, "json-too-deep", None),
    "1,024 levels": (b"[" * 1_024 + b"]" * 1_024, "json-too-deep", None),
    "65 levels": (b"[" * 65 + b"]" * 65, "json-too-deep", None),
    "too many values": (b"[" + b"0," * 500_000 + b"0]", "json-too-many-values", None),
    "empty": (b"", "json-empty", 0),
    "blank": (b" \r\n\t", "json-empty", 0),
    "form feed": (b"\x0c", "json-syntax", 0),
    "no-break space": (b"\xc2\xa0", "json-syntax", 0),
    "trailing garbage": (b"{} x", "json-trailing", 3),
    "trailing brace": (b"{}}", "json-trailing", 2),
    "trailing comment": (b"{} // x", "json-trailing", 3),
    "two values in a line": (b"{}{}", "json-trailing", 2),
    "JSON Lines": (b'{"a":1}\n{"a":2}\n', "json-lines", 8),
    "JSON Lines with a blank one": (b"{}\r\n\r\n{}", "json-lines", 6),
    "JSON Lines of arrays": (b"[1]\n[2]", "json-lines", 4),
    "HTML": (b"<html><title>502</title>", "json-html", 0),
    "HTML with doctype": (b"\n <!DOCTYPE html>", "json-html", 0),
    "XML": (b'<?xml version="1.0"?><a/>', "json-syntax", 0),
    "line feed in a string": (b'"a\nb"', "json-syntax", 2),
    "comment": (b"/* x */ {}", "json-syntax", 0),
    "single quotes": (b"{'a': 1}", "json-syntax", 1),
    "trailing comma": (b"[1,]", "json-syntax", None),
    "leading zero": (b"[01]", "json-syntax", None),
    "plus sign": (b"[+1]", "json-syntax", 1),
    "unclosed string": (b'{"id": "3c90', "json-syntax", 12),
    "form": (b"id=1&x=2", "json-syntax", 0),
    "Python": (b"{'a': None}", "json-syntax", 1),
}

# RFC 8259 in short documents, grouped by its sections. Each is taken, and read as json reads it.
ACCEPTED = [
    *["null", "true", "false", "[]", "{}", '""', "0", " 1", "1 ", "\t\n\r 1\n", "[ ]", "{ }", "\n[\n]\n"],
    *["[1,2]", "[1 , 2]", "[null,true,false]", '{"a":1}', '{"a" : 1 , "b":2}', '{"":0}', "[[[[]]]]", "[{},[]]"],
    *["-0", "0.0", "-0.0", "1.5", "-1.5", "1e5", "1E5", "1e+5", "1e-5", "0e1", "0e-1", "1.5e3", "123456789"],
    *["9223372036854775807", "18446744073709551615", "-9223372036854775808", "1e308", "1e-400", "5e-324"],
    *["0.1234567890123456789012345", "1234567890.123456789", "100000000000000000000.0", "1e20"],
    *['"a"', '"é"', '"\u2028"', '"\U0001f600"', '"\x7f"', '"\ufeff"', '"\uffff"', '"\u200b"', '"/"', '"\'"'],
    *[r'"\""', r'"\\"', r'"\/"', r'"\b\f\n\r\t"', r'"\u0041"', r'"\u00e9"', r'"\u0000"', r'"\uFFFF"'],
    *[r'"\ud83d\ude00"', r'"\uD83D\uDE00"', r'"\\u12"', r'"\\\\"', '"//"', '"/*"', '"[[[["', r'{"\u0061":1}'],
]
REFUSED = [
    *["", " ", "nul", "NULL", "True", "None", "undefined", "tru", "truee", "null1", "nullnull", "a", "\\u0031"],
    *["[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1;2]", "[1}", "[)", "[a]", "[[]"],
    *["{1:2}", '{"a"}', '{"a":}', '{"a",1}', '{"a" 1}', '{"a":1,}', '{,"a":1}', '{"a":1 "b":2}', '{"a":1,,"b":2}'],
    *['{"a"::1}', "{a:1}", "{'a':1}", "{null:1}", '{"a":1', '{"a":1]', "{[]:1}", '{"a":1}}', "{}{}", "[][]", "1 2"],
    *["+1", "-", "--1", "- 1", "01", "-01", "00", "1.", ".5", "-.5", "1.e1", "1e", "1e+", "1e1.5", "1ee1", "0x10"],
    *["1_000", "1,000", "1d", "0b1", "1.2.3", "٣", "NaN", "-NaN", "Infinity", "-Infinity", "inf", "1 e5", "1/2"],
    *["'a'", '"', '"a', '"\\', '"\\"', '"\t"', '"\n"', '"\x00"', '"\x1f"', r'"\x41"', r'"\a"', r'"\0"', r'"\u12"'],
    *[r'"\u12g4"', r'"\U00000041"', r'"\ud83d"', r'"\ude00"', r'"\ud83d\u0041"', '"a" "b"', "`a`", "“a”"],
    *["// x\n1", "1 // x", "/* */1", "# x\n1", "[1 /* */]", "\x0b1", "\xa01", "\u20281", "\ufeff1", "1\x00", ";", "!"],
]
# What the standard library takes though RFC 8259 does not, or not safely.
LENIENT = {"NaN", "Infinity", "-Infinity", r'"\ud83d"', r'"\ude00"', r'"\ud83d\u0041"'}

AT_THE_END_OF_THE_STACK = """
import sys, threading
from vocode_contract.validation.validator import validate
sys.setrecursionlimit(1_000_000)
payloads = [b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"agent":' * 100_000, b"[" * 1_024 + b"]" * 1_024]
payloads += [b'{"agent":' * depth + b"1" + b"}" * depth for depth in (60, 65, 1_024)]
payloads += [b'{"a":1,"a":' + b"[" * 60 + b"]" * 60 + b"}"]
def run():
    print(*(violation.code for payload in payloads for violation in validate(payload).violations))
threading.stack_size(512 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def defect(data, **options):
    with pytest.raises(Unreadable) as caught:
        read(data, **options)
    return caught.value.defect


@pytest.mark.parametrize(("data", "code", "offset"), HOSTILE.values(), ids=HOSTILE)
def test_read_names_what_is_wrong_and_where(data, code, offset):
    found = defect(data)
    assert found.code == code
    assert offset in (None, found.offset)


@pytest.mark.parametrize("data", [data for data, _, _ in HOSTILE.values()], ids=HOSTILE)
def test_unreadable_keeps_no_part_of_the_payload(data):
    with pytest.raises(Unreadable) as caught:
        read(data)
    assert caught.value.__context__ is None
    assert caught.value.args == (caught.value.defect.code,)


def test_every_code_of_bytes_is_in_the_hostile_table():
    assert {code for code in CODES if code.startswith("json-")} == {code for _, code, _ in HOSTILE.values()}


@pytest.mark.parametrize("text", ACCEPTED)
def test_read_takes_what_rfc_8259_allows(text):
    assert repr(read(text.encode())) == repr(json.loads(text))


@pytest.mark.parametrize("text", REFUSED)
def test_read_refuses_what_rfc_8259_does_not_allow(text):
    assert defect(text.encode()).code.startswith("json-")
    if text not in LENIENT:
        with pytest.raises(ValueError):  # noqa: PT011 - whatever json says
            json.loads(text)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_read_takes_every_kind_of_bytes(kind):
    assert read(kind(b'{"a":[1]}')) == {"a": [1]}


def test_plain_reading_takes_duplicates_and_wide_integers():
    assert read(b'{"a":1,"a":100000000000000000000}', strict=False) == {"a": 1e20}


def test_duplicate_key_is_told_with_its_place():
    assert defect(b'{"x":[0,{"b":1,"c":{},"b":2}]}').tokens == ("x", 1, "b")


@pytest.mark.parametrize(
    ("data", "actual"),
    {
        b'{"a": 1\n,\n}': "a trailing comma",
        b"[1, 2,]": "a trailing comma",
        b"/* x */ {}": "a comment",
        b"[1, # x\n2]": "a comment",
        b"{} // x": "a comment",
        b"{'a': 1}": "a single quote; strings need double quotes",
        b"[\xe2\x80\x9ca\xe2\x80\x9d]": "a typographic quote; strings need double quotes",
        b"[None]": "a Python constant",
        b"[Nonesense]": "something else",
        b"[undefined]": "undefined, as in JavaScript",
        b'"a\nb"': "an unescaped control character in a string",
        b"\x1f\x8b\x08\x00": "gzip data",
        "{}".encode("utf-16"): "UTF-16",
        "{}".encode("utf-16-be"): "UTF-16",
        "[1]".encode("utf-32-le"): "UTF-32",
        b"\x00": "binary data",
    }.items(),
)
def test_usual_slips_are_named(data, actual):
    assert defect(data).actual == actual


def test_place_of_a_byte_is_counted_from_1_in_characters():
    assert find_line(b"[1]", 0) == (1, 1)
    assert find_line('[\n"é" x'.encode(), 7) == (2, 5)


def test_cut_document_is_told_from_a_wrong_one():
    assert defect(b'{"id": "3c90').actual == "the end of the document"
    assert defect(b'{"id": 3c90}').actual == "something else"


LIMITED = {
    "size": (Limits(size=4), b'"ab"', b'"abc"', "json-too-large"),
    "depth": (Limits(depth=2), b"[[]]", b"[[[]]]", "json-too-deep"),
    "depth of objects": (Limits(depth=1), b'{"a":1}', b'{"a":{}}', "json-too-deep"),
    "values": (Limits(values=3), b"[1,2]", b"[1,2,3]", "json-too-many-values"),
    "values in objects": (Limits(values=2), b'{"a":1}', b'{"a":1,"b":2}', "json-too-many-values"),
}


@pytest.mark.parametrize(("limits", "fits", "exceeds", "code"), LIMITED.values(), ids=LIMITED)
def test_limit_is_inclusive(limits, fits, exceeds, code):
    assert read(fits, limits) == json.loads(fits)
    assert defect(exceeds, limits=limits).code == code


def test_depth_counts_no_brackets_in_strings():
    assert read(b'"' + b"[" * 1_000 + b'"') == "[" * 1_000


@pytest.mark.parametrize("limit", [{"size": 0}, {"values": -1}, {"violations": 0}, {"depth": 0}, {"depth": 201}])
def test_limits_that_cannot_be_held_are_refused(limit):
    with pytest.raises(InvalidOption):
        Limits(**limit)


def test_deepest_limit_is_within_reach_of_the_parser():
    data = b'{"a":' * 199 + b'{"b":1,"b":2}' + b"}" * 199
    assert defect(data, limits=Limits(depth=200)).code == "json-duplicate-key"
    assert defect(b"[" * 201 + b"]" * 201, limits=Limits(depth=200)).code == "json-too-deep"


def test_small_stack_and_high_recursion_limit_do_no_harm():
    root = Path(vocode_contract.__file__).parents[1]
    code = f"import sys; sys.path[:0] = [{str(root)!r}]\n{AT_THE_END_OF_THE_STACK}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60)
    codes = ["json-too-deep"] * 6 + ["json-duplicate-key"]
    assert [code for code in done.stdout.split() if code != "required"] == codes
    assert done.stderr == ""


@settings(max_examples=300)
@given(st.binary(max_size=60))
def test_read_takes_no_bytes_that_json_refuses(data):
    try:
        value = read(data)
    except Unreadable:
        return
    assert value == json.loads(data)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=15,
)


@settings(max_examples=200)
@given(json_values, st.booleans(), st.sampled_from([None, 1]))
def test_read_gives_back_every_value_that_json_wrote(value, ascii_only, indent):
    written = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert read(written.encode()) == value


@settings(max_examples=200)
@given(json_values, st.data())
def test_read_finds_every_key_that_is_written_twice(value, data):
    text = json.dumps({"k": value, "\u0130:": [value]}, ensure_ascii=data.draw(st.booleans()))
    keys = [match.end() for match in re.finditer(r"\{", text) if is_object_brace(text, match.start())]
    at = data.draw(st.sampled_from(keys))
    repeated = text[:at] + '"\\u0071q": 1, "qq": 2' + (", " if text[at] != "}" else "") + text[at:]
    assert defect(repeated.encode()).code == "json-duplicate-key"


def is_object_brace(text, at):
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', text[:at])) % 2 == 0


#: What a mutation writes into a document: the parts of all that strict reading refuses, and of what hides it.
SPLICES = (
    *(b'"a":1,', b'"a": 1 ,', rb'"\u0061":1,', rb'"\u003a":":",', b'":":1,', b'"":[],', b'{"a":1,"a":2}', b"\\u003a"),
    *(b"18446744073709551616", b"9223372036854775808", b"1" * 19, b"0" * 19, b"-", b".5", b"1e400", b"1E2"),
    *(rb'"\ud83d"', rb"\ude00", b"\xed\xa0\x80", b"NaN", b"-Infinity", b"[" * 5, b"]" * 5, b'{"b":', b"}" * 5),
    *(b":", b'"', b"\\", b",", b" ", b"\n"),
)
mutations = st.lists(st.tuples(st.sampled_from(SPLICES), st.integers(0, 200), st.integers(0, 1)), max_size=2)
small_values = st.recursive(
    st.sampled_from([None, 1, 2**63, -0.5, 1e20, "", "a", ":", 'a"b', "\u00e9"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["", "a", "b", ":"]), inner, max_size=3)
    ),
    max_leaves=6,
)
styles = st.sampled_from([{"separators": (",", ":"), "ensure_ascii": False}, {}, {"indent": 1, "ensure_ascii": False}])


def refusal_by_definition(data, limits):
    """The code with which strict reading has to refuse a document that is JSON, found in the slowest way."""
    codes, depth = set(), 0

    def member_names(pairs):
        if len({key for key, _ in pairs}) < len(pairs):
            codes.add("json-duplicate-key")
        return dict(pairs)

    def integer(digits):
        if not -(2**63) <= int(digits) < 2**64:
            codes.add("json-number")
        return int(digits)

    value = json.loads(data, object_pairs_hook=member_names, parse_int=integer)
    level = [value]
    while level := [node for node in level if isinstance(node, dict | list)]:
        depth += 1
        level = [child for node in level for child in (node.values() if isinstance(node, dict) else node)]
    return "json-too-deep" if depth > limits.depth else max(codes, default=None)


@settings(max_examples=150)
@given(small_values, styles, mutations)
def test_strict_reading_refuses_what_its_definition_refuses(value, style, mutated):
    limits = Limits(depth=6)
    raw = json.dumps([value, {"a": value}], **style).encode()
    for splice, place, replaced in mutated:
        at = place % (len(raw) + 1)
        raw = raw[:at] + splice + raw[at + replaced :]
    plainly = code_of(raw, limits, strict=False)
    assert code_of(raw, limits) == (plainly or refusal_by_definition(raw, limits))


def code_of(raw, limits, *, strict=True):
    try:
        read(raw, limits, strict=strict)
    except Unreadable as error:
        return error.defect.code
    return None


MISFITS = {
    "a date": ({"a": [math.pi, {"b": Path()}]}, "not-json", ("a", 1, "b")),
    "a tuple": ((1, 2), "not-json", ()),
    "bytes": ([b""], "not-json", (0,)),
    "a key that is a number": ({"a": {1: 2}}, "not-json", ("a",)),
    "NaN": ([0.0, math.nan], "json-constant", (1,)),
    "infinity": ({"a": -math.inf}, "json-constant", ("a",)),
    "a lone surrogate": (["\ud83d"], "json-surrogate", (0,)),
    "a lone surrogate as key": ([{"\udc00": 1}], "json-surrogate", (0,)),
}


@pytest.mark.parametrize(("value", "code", "tokens"), MISFITS.values(), ids=MISFITS)
def test_survey_finds_what_json_cannot_hold(value, code, tokens):
    found, _ = survey(value)
    assert found is not None
    assert (found.code, found.tokens) == (code, tokens)


def test_survey_ends_on_a_value_that_holds_itself():
    endless: list[object] = []
    endless.append(endless)
    found, _ = survey(endless)
    assert found is not None
    assert found.code == "json-too-deep"


def test_survey_counts_values_that_are_held_twice():
    doubled: list[object] = [0]
    for _ in range(50):
        doubled = [doubled, doubled]
    found, _ = survey(doubled)
    assert found is not None
    assert found.code == "json-too-many-values"


@settings(max_examples=200)
@given(json_values)
def test_survey_finds_nothing_in_json(value):
    assert survey(value)[0] is None


# Payload -> the multiple of its size that may be taken; orjson alone reserves a hundred times for a long array.
HUNGRY = {
    "duplicate key behind many places": (b"[" * 60 + b"0," * 249_000 + b'{"a":1,"a":2}' + b"]" * 60, 200),
    "digits in a string": (b'"' + b"1" * 1_000_000 + b'" ', 30),
    "escapes in a string": (b'"' + rb"\\" * 500_000 + b'" ', 30),
    "many keys": (b"{" + b",".join(b'"k%d":1' % number for number in range(80_000)) + b',"k1":2}', 100),
}


@pytest.mark.parametrize(("payload", "times"), HUNGRY.values(), ids=HUNGRY)
def test_read_needs_little_memory(payload, times):
    tracemalloc.start()
    with suppress(Unreadable):
        read(payload)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < times * len(payload)
