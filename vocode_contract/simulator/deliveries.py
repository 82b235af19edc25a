"""Make the deliveries that are due: events for webhooks, and external actions of agents."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from vocode_contract.contract.fit import fit
from vocode_contract.contract.model import Contract
from vocode_contract.errors import InvalidOption
from vocode_contract.simulator.account import State
from vocode_contract.simulator.lifecycle.life import CallEvent
from vocode_contract.webhooks.sending.delivery import JSON, METHODS, Delivery, event_delivery

if TYPE_CHECKING:
    from vocode_contract.webhooks.sending.delivery import DeliveryResult


#: The scenario in which an agent takes an action, and the event that triggers it, once in a call.
_SCENARIO = "human"
_TRIGGER = ("event_human_detection", {"result": "human"})
#: Properties of an action's input at most.
_MAX_PROPERTIES = 100

_VALUES: Mapping[str, Any] = {
    "array": [],
    "boolean": True,
    "integer": 1,
    "null": None,
    "number": 1.5,
    "object": {},
    "string": "text",
}


def _make_action(state: State, event: CallEvent) -> Delivery | None:
    """Return the first external action of the agent if the event triggers it, signed if it has a usable secret.

    It is sent once, whatever the retry policy, and the log says whether the response is valid.
    """
    life, call = state.lives.get(event.call_id), state.calls[event.call_id]
    if life is None or life.scenario != _SCENARIO or (event.type, event.payload) != _TRIGGER:
        return None
    actions = call["agent"].get("actions") or ()
    config = next((action["config"] for action in actions if action["type"] == "action_external"), None)
    return _make_delivery(config, event.call_id, state.contract) if config else None


def _make_delivery(config: Mapping[str, Any], call_id: str, contract: Contract) -> Delivery:
    from vocode_contract.webhooks.external_actions import ExternalAction, action_body, signed_request

    action = ExternalAction(call_id=call_id, payload=_make_payload(config["input_schema"]))
    signed = ""
    try:
        body, headers = signed_request(action, config.get("signature_secret") or "")
    except InvalidOption:
        body, headers, signed = action_body(action), dict((JSON,)), "not signed; "

    def describe(result: "DeliveryResult") -> str:
        from vocode_contract.webhooks.sending.external_actions import check_action_response

        report = check_action_response(result, contract=contract)
        codes = dict.fromkeys(violation.code for violation in report.violations if violation.severity == "error")
        return signed + (report.reason or ", ".join(codes) or "the answer conforms")

    return Delivery(
        url=config["url"],
        body=body,
        headers=tuple(headers.items()),
        label="external_action",
        call_id=call_id,
        again=False,
        describe=describe,
    )


def _make_payload(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return an input for a schema, which may be anything: only simple types and enumerations are understood."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {name: _make_value(child) for name, child in islice(properties.items(), _MAX_PROPERTIES)}


def _make_value(schema: object) -> Any:
    if not isinstance(schema, Mapping):
        return None
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    kind = schema.get("type")
    return _VALUES.get(kind) if isinstance(kind, str) else None


def _fit_event(contract: Contract, event: CallEvent) -> Mapping[str, Any]:
    """Return an event as the contract declares it, which may be one of a user's own."""
    if contract.is_shipped:
        return event.content()
    content: Mapping[str, Any] = fit(contract, "WebhookEvent", dict(event.content()))
    return content


def make_deliveries(state: State, events: Iterable[CallEvent]) -> Iterator[Delivery]:
    """Yield for each event its delivery to a subscribed webhook, then the external action that it triggers."""
    for event in events:
        webhook = state.calls[event.call_id]["agent"].get("webhook")
        if webhook and event.type in webhook["subscriptions"]:
            method = webhook.get("method")
            yield event_delivery(
                _fit_event(state.contract, event), webhook["url"], method=method if method in METHODS else "POST"
            )
        if (action := _make_action(state, event)) is not None:
            yield action
