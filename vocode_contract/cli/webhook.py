"""``webhook send`` and ``webhook attack``: send test webhooks to a receiver, or stress-test it."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

import click

from vocode_contract.audit.files import MOST_BYTES, Unusable
from vocode_contract.cli.completion import complete_events, complete_scenarios
from vocode_contract.cli.options import NumberRange, contract_of, contract_option, examples, resolve_name
from vocode_contract.cli.output import CONFORMS, INCONCLUSIVE, VIOLATES, Output
from vocode_contract.cli.payloads import read_payloads
from vocode_contract.errors import InvalidOption

if TYPE_CHECKING:
    from vocode_contract.contract.model import Contract
    from vocode_contract.validation.masking import Secret
    from vocode_contract.webhooks import Event
    from vocode_contract.webhooks.sending import Delivery, DeliveryResult, Target

ACTION = "external_action"
#: All events of a scenario, in place of one.
ALL = "all"

Command = TypeVar("Command", bound=Callable[..., object])


def _receiver_options(command: Command) -> Command:
    for option in (
        click.option(
            "--timeout",
            "seconds",
            metavar="SECONDS",
            type=NumberRange(0, 600, min_open=True),
            default=10.0,
            show_default=True,
            help="Seconds to wait for a response.",
        ),
        contract_option,
        click.option(
            "--allow-host",
            "allowed_hosts",
            metavar="NAME",
            multiple=True,
            help="Remote host of yours to allow; may be given several times (default: loopback only).",
        ),
        click.option(
            "--secret-file", metavar="FILE", help="File with the signature_secret, as an alternative (default: none)."
        ),
        click.option(
            "--secret-env",
            metavar="NAME",
            help="Environment variable with the signature_secret of an external action (default: none).",
        ),
        click.option("--to", "url", metavar="URL", required=True, help="URL of the receiver."),
    ):
        command = option(command)
    return command


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
@click.argument("event", metavar="EVENT", shell_complete=complete_events)
@_receiver_options
@click.option("--call-id", metavar="ID", type=click.UUID, help="ID of the call (default: a new one).")
@click.option(
    "--scenario",
    metavar="NAME",
    shell_complete=complete_scenarios,
    help="Scenario to take the event from (default: the first that has it).",
)
@click.option(
    "--file",
    metavar="FILE",
    help="File to send unchanged as the body, or as the payload of an external action (default: an example).",
)
@click.option("--method", type=click.Choice(["POST", "GET"]), default="POST", show_default=True, help="HTTP method.")
@click.pass_context
def send(
    ctx: click.Context,
    /,
    *,
    event: str,
    url: str,
    secret_env: str | None,
    secret_file: str | None,
    allowed_hosts: tuple[str, ...],
    seconds: float,
    date: str | None,
    **options: Any,
) -> None:
    """Send EVENT: an event type, "all" for every event of a scenario, or external_action.

    Prints one line per delivery: event, status, seconds and result. Exit codes: 0 if every delivery was
    accepted, 1 if not, 3 if no response came.
    """
    from vocode_contract.webhooks.sending import Deliverer, Target

    target = Target.from_url(url, allowed_hosts=allowed_hosts, option="--to")
    secret = _read_secret(secret_env, secret_file)
    contract = None if date is None else contract_of(date, "tolerant")
    output = ctx.ensure_object(Output)
    with Deliverer(allowed_hosts=allowed_hosts, seconds=seconds, at_once=1) as deliverer:
        deliveries = _build_deliveries(event, url, secret, contract, **options)
        codes = [
            _report(delivery, deliverer.send(delivery), target, output, contract=contract) for delivery in deliveries
        ]
    ctx.exit(next((code for code in (VIOLATES, INCONCLUSIVE) if code in codes), CONFORMS))


@webhook.command(
    short_help="Stress-test a receiver with duplicate, late, malformed and forged deliveries.",
    epilog=examples(
        "vocode-contract webhook attack --to http://localhost:8000/events",
        "vocode-contract webhook attack --to http://localhost:8000/events "
        "--state 'http://localhost:8000/calls/{call_id}'",
        "vocode-contract webhook attack --to http://localhost:8000/actions --secret-env SECRET",
    ),
)
@_receiver_options
@click.option(
    "--state",
    metavar="URL",
    help="URL of the receiver's state of a call as JSON; {call_id} is replaced (default: check only responses).",
)
@click.option(
    "--scenario",
    "scenarios",
    metavar="NAME",
    multiple=True,
    shell_complete=complete_scenarios,
    help="Scenario to replay; may be given several times (default: all).",
)
@click.option("--file", metavar="FILE", help="File with the payload of the external action (default: an empty object).")
@click.option(
    "--lenient",
    is_flag=True,
    help="Accept a 2xx response to malformed deliveries, provided that they are ignored (default: no).",
)
@click.option(
    "--settle",
    metavar="SECONDS",
    type=NumberRange(0, 60),
    default=0.0,
    show_default=True,
    help="Seconds to wait before reading the state, for receivers with a queue.",
)
@click.option("--seed", metavar="N", type=int, default=0, show_default=True, help="Random seed.")
@click.option(
    "--max",
    "most",
    metavar="N",
    type=click.IntRange(1, 1_000_000),
    default=200,
    show_default=True,
    help="Maximum number of attempts.",
)
@click.pass_context
def attack(
    ctx: click.Context,
    /,
    *,
    url: str,
    scenarios: tuple[str, ...],
    file: str | None,
    secret_env: str | None,
    secret_file: str | None,
    date: str | None,
    **options: Any,
) -> None:
    """Replay call events twice, late, out of order, malformed, forged and oversized, and check the receiver.

    Sends events, or external actions if a secret is given. Prints one line per violation with the
    shortest sequence that shows it. Exit codes: 0 if the receiver passes, 1 if not, 3 if the result is
    inconclusive.
    """
    from vocode_contract.report.payload_results import format_count
    from vocode_contract.validation.masking import printable
    from vocode_contract.validation.violation import has_error
    from vocode_contract.webhooks.sending import Target
    from vocode_contract.webhooks.stress import STORIES
    from vocode_contract.webhooks.stress import attack as stress_test

    Target.from_url(url, allowed_hosts=options["allowed_hosts"], option="--to")
    report = stress_test(
        url,
        secret=_read_secret(secret_env, secret_file),
        payload=None if file is None else _read_object(file),
        contract=None if date is None else contract_of(date, "tolerant"),
        scenarios=tuple(resolve_name(name, STORIES, "scenario") for name in scenarios) or tuple(STORIES),
        **options,
    )
    output = ctx.ensure_object(Output)
    for violation in report.violations:
        output.write(f"{printable(str(violation))}\n")
    for reason in report.unjudged:
        output.say(reason)
    answered, violations = (
        format_count(report.delivered, "delivery", "deliveries"),
        format_count(len(report.violations), "violation", "violations"),
    )
    output.say(f"{answered} answered, {violations}")
    ctx.exit(VIOLATES if has_error(report.violations) else CONFORMS if report.conforms else INCONCLUSIVE)


def _build_deliveries(
    event: str,
    url: str,
    secret: "Secret | None",
    contract: "Contract | None",
    *,
    call_id: UUID | None,
    scenario: str | None,
    file: str | None,
    method: str,
) -> "list[Delivery]":
    """Return the deliveries that the options of ``send`` describe."""
    from vocode_contract.contract.model import Contract, dates
    from vocode_contract.webhooks.sending import Delivery, event_delivery
    from vocode_contract.webhooks.sending.external_actions import action_delivery
    from vocode_contract.webhooks.stress import STORIES
    from vocode_contract.webhooks.stress.call_events import content

    known_contracts = (contract,) if contract else map(Contract.load, dates())
    types = [kind for each in known_contracts for kind in each.schemas.get("EventType", {}).get("enum", ())]
    kind = resolve_name(event, (*dict.fromkeys(types), ACTION, ALL), "event")
    call = str(call_id or uuid4())
    if kind == ACTION:
        if secret is None:
            raise InvalidOption("--secret-env", "required: an external action is signed with its signature_secret")
        return [action_delivery(url, secret, {"order": "1234"} if file is None else _read_object(file), call)]
    if secret is not None:
        raise InvalidOption("--secret-env", "events are unsigned; use it only for external_action")
    if file is not None:
        return [Delivery(url=url, body=_read_file(file), method=method, label=kind, call_id=call)]
    known = None if scenario is None else resolve_name(scenario, STORIES, "scenario")
    return [event_delivery(content(each, contract), url, method=method) for each in _find_events(kind, known, call)]


def _find_events(kind: str, scenario: str | None, call_id: str) -> "tuple[Event, ...]":
    from vocode_contract.webhooks import Event
    from vocode_contract.webhooks.stress import STORIES, story

    names = tuple(STORIES) if scenario is None else (scenario,)
    if kind == ALL:
        return story(names[0], call_id)
    first = next((event for name in names for event in story(name, call_id) if event.type == kind), None)
    if first is None and scenario is not None:
        raise InvalidOption("--scenario", f"{scenario} has no {kind}")
    return (first or Event(type=kind, call_id=call_id),)


def _report(
    delivery: "Delivery", answer: "DeliveryResult", target: "Target", output: Output, *, contract: "Contract | None"
) -> int:
    from vocode_contract.validation.masking import printable
    from vocode_contract.webhooks.sending.external_actions import LABEL, NO_RESPONSE, check_action_response

    status = "-" if answer.status is None else answer.status
    output.write(f"{delivery.label}  {status}  {answer.seconds:.3f} s  {answer.outcome}\n")
    if reason := NO_RESPONSE.get(answer.outcome):
        output.say(f"{target}: {reason}")
        return INCONCLUSIVE
    if delivery.label != LABEL:
        return CONFORMS if answer.outcome == "delivered" else VIOLATES
    report = check_action_response(answer, contract=contract)
    for violation in report.violations:
        output.write(f"{printable(str(violation))}\n")
    if report.reason:
        output.say(report.reason)
    return CONFORMS if report.conforms else VIOLATES


def _read_secret(variable: str | None, file: str | None) -> "Secret | None":
    """Return the secret from the environment or a file; never from the command line, which other users can see."""
    from vocode_contract.validation.masking import Secret
    from vocode_contract.webhooks.signature import decode_secrets

    if variable is None and file is None:
        return None
    if variable is not None and file is not None:
        raise InvalidOption("--secret-file", "cannot be combined with --secret-env")
    text = (
        _read_file(file, "--secret-file").decode("utf-8", "replace").strip()
        if file is not None
        else os.environ.get(variable or "")
    )
    option = "--secret-env" if variable is not None else "--secret-file"
    if not text:
        raise InvalidOption(option, "holds no secret")
    secret = Secret(text)
    try:
        decode_secrets(secret)
    except InvalidOption as error:
        raise InvalidOption(option, error.reason) from None
    return secret


def _read_object(file: str) -> dict[str, Any]:
    from vocode_contract.validation.json_text import describe_defect, read
    from vocode_contract.validation.json_value import Unreadable

    raw = _read_file(file)
    try:
        value = read(raw)
    except Unreadable as error:
        raise InvalidOption("--file", f"is not JSON: {describe_defect(raw, error.defect)}") from None
    if not isinstance(value, dict):
        raise InvalidOption("--file", "must hold a JSON object")
    return value


def _read_file(file: str, option: str = "--file") -> bytes:
    try:
        [payload] = read_payloads(file, MOST_BYTES, lines=False, decompress=False)
    except Unusable as error:
        raise InvalidOption(option, str(error)) from None
    if len(payload.raw) > MOST_BYTES:
        raise InvalidOption(option, f"has more than {MOST_BYTES} bytes")
    return payload.raw
