"""The command ``webhook``: what it sends, what it prints, how it ends, and that it shows no secret."""

import base64
import gzip
import json
import re

import pytest

from tests.support.contracts import saved_contract
from tests.support.receivers import receiver, served
from vocode_contract.cli import main
from vocode_contract.contract.model import Contract
from vocode_contract.validation.validator import violations

SECRET = base64.b64encode(b"0123456789abcdef" * 2).decode()
CALL = "37bf8eef-d71f-474f-877f-cdaf1d3e2103"


@pytest.fixture
def run(capsys):
    def run(*arguments):
        capsys.readouterr()
        code = main.run(["webhook", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def test_send_sends_one_event(run):
    shop = receiver()
    with served(shop) as url:
        code, out, _ = run("send", "event_human_detection", "--to", url, "--call-id", CALL)
    assert (code, out.split("  ")[:2]) == (0, ["event_human_detection", "200"])
    assert json.loads(shop.bodies[0])["call_id"] == CALL


def test_send_sends_a_story(run):
    shop = receiver()
    with served(shop) as url:
        assert run("send", "all", "--scenario", "hang-up", "--to", url)[0] == 0
    assert len({json.loads(body)["call_id"] for body in shop.bodies}) == 1
    assert len(shop.bodies) == 3


def test_send_sends_a_file_byte_for_byte(run, tmp_path):
    shop = receiver()
    (tmp_path / "event.json").write_bytes(b'{"type":')
    with served(shop) as url:
        code, out, _ = run("send", "event_message", "--to", url, "--file", tmp_path / "event.json")
    assert (code, shop.bodies) == (1, [b'{"type":'])
    assert "400" in out


def test_send_does_not_decompress_a_file(run, tmp_path):
    shop, raw = receiver(), gzip.compress(b"{}")
    (tmp_path / "event.json.gz").write_bytes(raw)
    with served(shop) as url:
        run("send", "event_message", "--to", url, "--file", tmp_path / "event.json.gz")
    assert shop.bodies == [raw]


def test_send_of_a_file_that_is_not_json_names_the_place(run, monkeypatch, tmp_path):
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    (tmp_path / "order.json").write_bytes(b'{"order": 1,}')
    arguments = ("--secret-env", "WEBHOOK_SECRET", "--file", tmp_path / "order.json")
    code, _, err = run("send", "external_action", "--to", "http://127.0.0.1:9/", *arguments)
    assert code == 2
    assert "--file: is not JSON: line 1, column 12: expected JSON, got a trailing comma [json-syntax]" in err


@pytest.mark.parametrize("source", ["--secret-env", "--secret-file"])
def test_send_signs_an_action(run, monkeypatch, tmp_path, source):
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    (tmp_path / "secret").write_text(SECRET + "\n")
    shop = receiver(secret=SECRET)
    with served(shop) as url:
        given = "WEBHOOK_SECRET" if source == "--secret-env" else tmp_path / "secret"
        code, out, err = run("send", "external_action", "--to", url, source, given)
    assert (code, len(shop.calls)) == (0, 1)
    assert SECRET not in out + err


def test_send_names_what_is_wrong_with_an_answer(run, monkeypatch):
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    shop = receiver()
    shop.receive = lambda *_: (200, b"{}")
    with served(shop) as url:
        code, out, _ = run("send", "external_action", "--to", url, "--secret-env", "WEBHOOK_SECRET")
    assert code == 1
    assert "/result: required property is missing" in out


def test_send_to_nobody_could_not_be_judged(run):
    with served(receiver()) as url:
        pass
    code, _, err = run("send", "event_message", "--to", f"{url}/events/T0KEN")
    assert (code, err) == (3, f"vocode-contract: {url}/events/*: no connection; nothing was sent\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("send", "event_unheard_of", "--to", "http://127.0.0.1:9/"),
        ("send", "event_message", "--to", "http://hooks.example.com/x?key=T0KEN"),
        ("send", "event_message", "--to", "http://127.0.0.1:9/", "--scenario", "unanswered"),
        ("send", "event_message", "--to", "http://127.0.0.1:9/", "--file", "/nowhere"),
        ("send", "event_message", "--to", "http://127.0.0.1:9/", "--secret-env", "WEBHOOK_SECRET"),
        ("send", "external_action", "--to", "http://127.0.0.1:9/"),
        ("send", "external_action", "--to", "http://127.0.0.1:9/", "--secret-env", "WEBHOOK_NO_SECRET"),
        ("attack", "--to", "http://hooks.example.com/x?key=T0KEN"),
        ("attack", "--to", "http://127.0.0.1:9/", "--scenario", "unheard-of"),
        ("attack", "--to", "http://127.0.0.1:9/", "--state", "file:///etc/passwd"),
    ],
)
def test_wrong_usage_is_2_in_one_line(run, monkeypatch, arguments):
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    code, out, err = run(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "T0KEN" not in err


def test_attack_of_a_sound_receiver_is_0(run):
    with served(receiver()) as url:
        code, out, _ = run("attack", "--to", url, "--state", f"{url}/calls/{{call_id}}", "--scenario", "unanswered")
    assert (code, out) == (0, "")


def test_attack_prints_one_line_a_violation(run):
    shop = receiver()
    shop.is_new = lambda _: True
    with served(shop) as url:
        code, out, err = run("attack", "--to", url, "--state", f"{url}/calls/{{call_id}}", "--scenario", "unanswered")
    assert code == 1
    assert "[receiver-repeat] (event_phone_call_ended > event_phone_call_ended)\n" in out
    count = len(out.splitlines())
    assert re.search(rf"deliver(y|ies) answered, {count} violation{'s' if count != 1 else ''}$", err.strip())


def test_attack_of_nobody_could_not_be_judged(run):
    with served(receiver()) as url:
        pass
    code, _, err = run("attack", "--to", url)
    assert (code, f"{url}: no connection; nothing more was sent" in err) == (3, True)


@pytest.fixture
def own():
    """A contract with an event type more, and with a property that every event must have."""
    shipped = Contract.load("2024-08-27")
    kinds = [*shipped.schemas["EventType"]["enum"], "event_queued"]
    detection, other = (shipped.schemas[name] for name in ("HumanDetectionEvent", "OtherEvent"))
    fields = {"properties": {"sent_by": {"type": "string", "examples": ["eu-1"]}}}
    return shipped.with_overlay(
        {
            "EventType": {"enum": kinds},
            "HumanDetectionEvent": {**fields, "required": [*detection.get("required", ()), "sent_by"]},
            "OtherEvent": {
                "properties": {**fields["properties"], "type": {"enum": [*kinds]}},
                "required": [*other.get("required", ()), "sent_by"],
            },
            "WebhookEvent": {"discriminator": {"mapping": {"event_queued": "#/components/schemas/OtherEvent"}}},
        }
    )


@pytest.mark.parametrize("event", ["event_queued", "event_human_detection"])
def test_send_sends_what_an_own_contract_declares(run, tmp_path, own, event):
    shop = receiver()
    with served(shop) as url:
        code, _, error = run("send", event, "--to", url, "--contract", saved_contract(tmp_path, own))
    assert (code, error) == (0, "")
    assert json.loads(shop.bodies[0])["sent_by"] == "eu-1"
    assert not [*violations(shop.bodies[0], "WebhookEvent", contract=own)]


def test_attack_delivers_what_an_own_contract_declares(run, tmp_path, own):
    shop = receiver()
    with served(shop) as url:
        code, out, _ = run("attack", "--to", url, "--contract", saved_contract(tmp_path, own), "--max", 5, "--lenient")
    assert code in (0, 1), out
    sent = [body for body in shop.bodies if b"event_human_detection" in body]
    assert sent
    assert all(b'"sent_by":"eu-1"' in body for body in sent)
