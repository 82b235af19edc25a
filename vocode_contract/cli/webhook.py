"""``webhook send`` and ``webhook attack``: a receiver, told one thing, or held to everything it has to bear."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import click

from vocode_contract.cli.options import examples, meant
from vocode_contract.cli.output import CONFORMS, UNJUDGED, VIOLATES, Output
from vocode_contract.cli.payloads import MOST_BYTES, NoPayload, payloads
from vocode_contract.errors import InvalidOption

if TYPE_CHECKING:
    from vocode_contract.validation.masking import Secret
    from vocode_contract.webhooks.sending import Delivery, DeliveryResult
    from vocode_contract.webhooks.stress import StressReport

ACTION = "external_action"
#: The whole story in place of one of its events.
ALL = "all"

_to = click.option("--to", "url", metavar="URL", required=True, help="URL of the receiver.")
_hosts = click.option(
    "--allow-host",
    "allowed_hosts",
    metavar="NAME",
    multiple=True,
    help="Remote host of yours that may be sent to (default: loopback only).",
)
_secret_env = click.option(
    "--secret-env", metavar="NAME", help="Environment variable with the signature_secret of the action."
)
_secret_file = click.option("--secret-file", metavar="FILE", help="File with the signature_secret of the action.")
_seconds = click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(min=0, min_open=True, max=600),
    default=10.0,
    show_default=True,
    help="Seconds to wait for a response.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSend:
    """What the options of ``send`` ask for."""

    event: str
    url: str
    call_id: UUID | None
    scenario: str | None
    file: str | None
    method: str
    secret_env: str | None
    secret_file: str | None
    allowed_hosts: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAttack:
    """What the options of ``attack`` ask for."""

    url: str
    state: str | None
    scenarios: tuple[str, ...]
    file: str | None
    lenient: bool
    secret_env: str | None
    secret_file: str | None
    allowed_hosts: tuple[str, ...]
    seconds: float
    settle: float
    seed: int
    most: int


@click.group(
    short_help="Send test webhooks to a receiver, or stress-test it.",
    epilog=examples(
        "vocode-contract webhook send event_recording --to http://localhost:8000/events",
        "vocode-contract webhook attack --to http://localhost:8000/events",
    ),
)
def webhook() -> None:
    """Send test webhooks or external actions to a receiver, or stress-test it.

    Receivers on this machine are always allowed; others must be named with --allow-host.
    """


@webhook.command(
    short_help="Send one event, all events of a call, or a signed external action.",
    epilog=examples(
        "vocode-contract webhook send event_recording --to http://localhost:8000/events",
        "vocode-contract webhook send all --scenario voicemail --to http://localhost:8000/events",
        "vocode-contract webhook send external_action --secret-env SECRET --to http://localhost:8000/actions",
    ),
)
@click.argument("event", metavar="EVENT")
@_to
@click.option("--call-id", metavar="ID", type=click.UUID, help="ID of the call (default: a new one).")
@click.option("--scenario", metavar="NAME", help="Scenario to take the event from.")
@click.option(
    "--file", metavar="FILE", help="File to send unchanged as the body, or as the payload of an external action."
)
@click.option("--method", type=click.Choice(["POST", "GET"]), default="POST", show_default=True, help="HTTP method.")
@_secret_env
@_secret_file
@_hosts
@_seconds
@click.pass_context
def send(ctx: click.Context, /, **options: object) -> None:
    """Send EVENT: an event type, "all" for every event of a scenario, or external_action.

    Prints one line per delivery: event, status, seconds and result. Exit codes: 0 if every delivery was
    accepted, 1 if not, 3 if no response came.
    """
    from vocode_contract.webhooks.sending import Deliverer, Target

    asked = ToSend(**options)  # type: ignore[arg-type]  # click gives each option its type
    Target.from_url(asked.url, allowed_hosts=asked.allowed_hosts, option="--to")
    secret = _secret(asked.secret_env, asked.secret_file)
    output = ctx.ensure_object(Output)
    with Deliverer(allowed_hosts=asked.allowed_hosts, seconds=asked.seconds, at_once=1) as deliverer:
        codes = [_told(delivery, deliverer.send(delivery), output) for delivery in _asked_for(asked, secret)]
    ctx.exit(next((code for code in (VIOLATES, UNJUDGED) if code in codes), CONFORMS))


@webhook.command(
    short_help="Stress-test a receiver with duplicate, late, malformed and forged deliveries.",
    epilog=examples(
        "vocode-contract webhook attack --to http://localhost:8000/events",
        "vocode-contract webhook attack --to http://localhost:8000/events "
        "--state 'http://localhost:8000/calls/{call_id}'",
        "vocode-contract webhook attack --to http://localhost:8000/actions --secret-env SECRET",
    ),
)
@_to
@click.option(
    "--state", metavar="URL", help="URL that returns the receiver's state of a call as JSON; {call_id} is replaced."
)
@click.option(
    "--scenario",
    "scenarios",
    metavar="NAME",
    multiple=True,
    help="Scenario to replay; may be given several times (default: all).",
)
@click.option("--file", metavar="FILE", help="File with the payload of the external action (default: a generated one).")
@click.option(
    "--lenient", is_flag=True, help="Accept a 2xx response to malformed deliveries, provided that they are ignored."
)
@_secret_env
@_secret_file
@_hosts
@_seconds
@click.option(
    "--settle",
    type=click.FloatRange(min=0, max=60),
    default=0.0,
    show_default=True,
    help="Seconds to wait before reading the state, for receivers with a queue.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed.")
@click.option(
    "--max", "most", type=click.IntRange(min=1), default=200, show_default=True, help="Maximum number of attempts."
)
@click.pass_context
def attack(ctx: click.Context, /, **options: object) -> None:
    """Replay call events twice, late, out of order, malformed, forged and oversized, and check the receiver.

    Sends events, or external actions if a secret is given. Prints one line per violation with the
    shortest sequence that shows it. Exit codes: 0 if the receiver passes, 1 if not, 3 if the result is
    inconclusive.
    """
    asked = ToAttack(**options)  # type: ignore[arg-type]  # click gives each option its type
    output = ctx.ensure_object(Output)
    report = _attacked(asked)
    from vocode_contract.validation.masking import printable

    for violation in report.violations:
        output.write(f"{printable(str(violation))}\n")
    for reason in report.unjudged:
        output.say(reason)
    output.say(f"{report.delivered} deliveries answered, {len(report.violations)} violations")
    ctx.exit(_exit_code(report))


def _attacked(asked: ToAttack) -> "StressReport":
    from vocode_contract.webhooks.sending import Target
    from vocode_contract.webhooks.stress import STORIES, attack

    Target.from_url(asked.url, allowed_hosts=asked.allowed_hosts, option="--to")
    return attack(
        asked.url,
        state=asked.state,
        secret=_secret(asked.secret_env, asked.secret_file),
        payload=None if asked.file is None else _object(asked.file),
        scenarios=tuple(meant(name, STORIES, "scenario") for name in asked.scenarios) or tuple(STORIES),
        lenient=asked.lenient,
        allowed_hosts=asked.allowed_hosts,
        seconds=asked.seconds,
        settle=asked.settle,
        seed=asked.seed,
        most=asked.most,
    )


def _exit_code(report: "StressReport") -> int:
    from vocode_contract.validation.violation import has_error

    if has_error(report.violations):
        return VIOLATES
    return CONFORMS if report.conforms else UNJUDGED


def _asked_for(asked: ToSend, secret: "Secret | None") -> "tuple[Delivery, ...]":
    """Return the deliveries that the options of ``send`` ask for."""
    from vocode_contract.contract.model import Contract, dates
    from vocode_contract.webhooks.sending import Delivery
    from vocode_contract.webhooks.stress import STORIES

    kinds = [kind for date in dates() for kind in Contract.load(date).schemas["EventType"]["enum"]]
    kind = meant(asked.event, (*dict.fromkeys(kinds), ACTION, ALL), "event")
    call_id = str(asked.call_id or uuid4())
    if kind == ACTION:
        return (_action(asked, secret, call_id),)
    if secret is not None:
        raise InvalidOption("--secret-env", "events are unsigned; it is for external_action")
    if asked.file is not None:
        return (Delivery(url=asked.url, body=_read(asked.file), method=asked.method, label=kind, call_id=call_id),)
    scenario = None if asked.scenario is None else meant(asked.scenario, STORIES, "scenario")
    return _events(asked, kind, scenario, call_id)


def _events(asked: ToSend, kind: str, scenario: str | None, call_id: str) -> "tuple[Delivery, ...]":
    from vocode_contract.webhooks import Event
    from vocode_contract.webhooks.sending import event_delivery
    from vocode_contract.webhooks.stress import STORIES, story
    from vocode_contract.webhooks.stress.call_events import content

    names = tuple(STORIES) if scenario is None else (scenario,)
    if kind == ALL:
        events = story(names[0], call_id)
    else:
        told = (event for name in names for event in story(name, call_id) if event.type == kind)
        first = next(told, None)
        if first is None and scenario is not None:
            raise InvalidOption("--scenario", f"{scenario} has no {kind}")
        events = (first or Event(type=kind, call_id=call_id),)
    return tuple(event_delivery(content(event), asked.url, method=asked.method) for event in events)


def _action(asked: ToSend, secret: "Secret | None", call_id: str) -> "Delivery":
    from vocode_contract.webhooks.sending.external_actions import action_delivery

    if secret is None:
        raise InvalidOption("--secret-env", "an external action is signed; name the variable that holds its secret")
    payload = {"order": "1234"} if asked.file is None else _object(asked.file)
    return action_delivery(asked.url, secret, payload, call_id)


def _told(delivery: "Delivery", answer: "DeliveryResult", output: Output) -> int:
    """Print the result of a delivery and return the exit code that it asks for."""
    from vocode_contract.validation.masking import printable
    from vocode_contract.webhooks.sending.external_actions import LABEL, check_action_response
    from vocode_contract.webhooks.stress.findings import unanswered

    status = "-" if answer.status is None else answer.status
    output.write(f"{delivery.label}  {status}  {answer.seconds:.3f} s  {answer.outcome}\n")
    if reason := unanswered(answer, "take"):
        output.say(reason)
        return UNJUDGED
    if delivery.label != LABEL:
        return CONFORMS if answer.outcome == "delivered" else VIOLATES
    report = check_action_response(answer)
    for violation in report.violations:
        output.write(f"{printable(str(violation))}\n")
    if report.reason:
        output.say(report.reason)
    return CONFORMS if report.conforms else VIOLATES


def _secret(variable: str | None, file: str | None) -> "Secret | None":
    """Return the secret that is in the environment or in a file; never on the command line, which others see."""
    from vocode_contract.validation.masking import Secret
    from vocode_contract.webhooks.signature import decode_secrets

    if variable is None and file is None:
        return None
    if variable is not None and file is not None:
        raise InvalidOption("--secret-file", "is given beside --secret-env; one is enough")
    text = _read(file).decode("utf-8", "replace").strip() if file is not None else os.environ.get(variable or "", "")
    if not text:
        raise InvalidOption("--secret-env" if variable else "--secret-file", "holds no secret")
    secret = Secret(text)
    decode_secrets(secret)  # refuses one that cannot sign
    return secret


def _object(file: str) -> dict[str, Any]:
    from vocode_contract.validation.json_text import read
    from vocode_contract.validation.json_value import Unreadable

    try:
        value = read(_read(file))
    except Unreadable as error:
        raise InvalidOption("--file", f"holds no JSON: {error.defect.code}") from None
    if not isinstance(value, dict):
        raise InvalidOption("--file", "must hold a JSON object")
    return value


def _read(file: str) -> bytes:
    try:
        [payload] = payloads(file, MOST_BYTES, lines=False)
    except NoPayload as error:
        raise InvalidOption("--file", str(error)) from None
    return payload.raw
