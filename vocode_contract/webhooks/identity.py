"""A key by which a receiver knows a delivery again, since the provider sends none."""

import hashlib

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.lifecycle.event_order import digest_of_event
from vocode_contract.webhooks.actions import ExternalAction
from vocode_contract.webhooks.delivery import Body, raw
from vocode_contract.webhooks.events import Event, parse_event


def idempotency_key(received: Event | ExternalAction | Body) -> str:
    """Derive the key: the same for the same delivery, however often and in whatever spelling it comes.

    It is a SHA-256 over kind, call and payload written canonically (keys sorted, no spaces), not over the
    raw body: a proxy or a second sender may order keys, space or escape the same event otherwise, and to
    take one for two does harm, while nothing but the spelling tells such bodies apart. ``null``, ``{}``
    and no payload are one.

    The price: two events that truly say the same, such as "yes" said twice without a time in the
    payload, have one key; so they would by their raw bodies. An external action has neither time nor
    nonce, so the agent that asks twice for the same cannot be told from a replay: answer it again with
    the answer that was kept, do not act again.

    Args:
        received: An event, an action, or the raw body of an event. A body that holds no event has a key
            by its bytes.

    Returns:
        64 hexadecimal digits; they tell nothing of the payload to those who cannot guess it.

    Raises:
        InvalidOption: The payload holds what JSON cannot, or the body is not bytes.
    """
    if isinstance(received, Event | ExternalAction):
        return _digest(received)
    data = raw(received)
    event = parse_event(data).event
    return _digest(event) if event else hashlib.sha256(b"raw:" + data).hexdigest()


def _digest(received: Event | ExternalAction) -> str:
    kind = received.type if isinstance(received, Event) else "external_action"
    try:
        return digest_of_event(kind, received.call_id, dict(received.payload)).hex()
    except TypeError:
        raise InvalidOption("received", "its payload holds what JSON cannot") from None
