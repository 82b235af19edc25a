"""Numbers: which are of fiction, and which a request may ring."""

import json

import pytest

from vocode_contract.contract.model import Contract
from vocode_contract.http.guard.phone_numbers import find_numbers, is_fictional

NUMBER = "14155550999"


@pytest.mark.parametrize(
    ("number", "fictional"),
    [
        ("12025550100", True),
        ("+12025550199", True),
        ("18005550199", True),
        ("+18005550199", True),
        ("2025550142", False),
        ("+2025550142", False),
        ("12025550200", False),
        ("12025551100", False),
        ("442025550100", False),
        ("+6565550123", False),
        ("+3225550123", False),
        ("+4525550123", False),
        ("6565550123", False),
        ("18005550100", False),
        ("18885550199", False),
        ("19005550123", False),
        ("19115550123", False),
        ("15225550123", False),
        ("17105550123", False),
        ("11115550123", False),
        ("120255501423", False),
        ("++12025550142", False),
        ("12025550142\n", False),
        (" 12025550142", False),
        ("\u0661\u0662025550142", False),
        ("", False),
    ],
)
def test_is_fictional_knows_the_reserved_range_alone(number, fictional):
    assert is_fictional(number) is fictional


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'{"to_number": 1}', b"{", b"\xff", b"[" * 100_000])
def test_dialled_is_nothing_where_the_number_called_cannot_be_read(body):
    assert find_numbers(body) == ()


def test_dialled_is_nothing_where_one_of_several_numbers_called_cannot_be_read():
    assert find_numbers(b'{"to_number": null, "to_number": "12025550142"}') == ()


def test_dialled_reads_a_key_each_time_it_is_given():
    assert set(find_numbers(b'{"to_number": "14155550999", "to_\\u006eumber": "12025550145"}')) == {
        NUMBER,
        "12025550145",
    }


@pytest.mark.parametrize(
    "beside",
    [
        {"agent": {"actions": [{"type": "action_transfer_call", "config": {"phone_number": NUMBER}}]}},
        {"agent": {"actions": [{"config": {"phone_numbers": [NUMBER]}}]}},
        {"agent": {"actions": [{"config": {"phone_number": int(NUMBER)}}]}},
        {"context": {"Fallback-Phone": NUMBER}},
        {"telephony_params": {"forward": f"tel:{NUMBER}"}},
        {"telephony_params": {"forward": "+1 (415) 555-0999"}},
    ],
)
def test_dialled_finds_what_could_be_rung_besides(beside):
    [other] = {*find_numbers(json.dumps({"to_number": "12025550142", **beside}).encode())} - {"12025550142"}
    assert other.endswith(("0999",))


def test_dialled_reads_the_query_too():
    assert NUMBER in find_numbers(b'{"to_number": "12025550142"}', [("to_number", NUMBER)])


def test_dialled_leaves_out_the_number_that_calls_and_what_is_no_number():
    body = {"from_number": NUMBER, "to_number": "12025550142", "context": {"order": NUMBER, "note": f"not +{NUMBER}"}}
    assert find_numbers(json.dumps(body).encode()) == ("12025550142",)


@pytest.mark.parametrize("date", ["2023-11-30", "2024-04-19", "2024-08-27"])
def test_dialled_finds_the_numbers_of_every_documented_example(date):
    for example in Contract.load(date).schemas["CreateCallRequest"]["examples"]:
        found = find_numbers(json.dumps(example).encode())
        assert example["to_number"] in found
        assert all(map(is_fictional, found))
