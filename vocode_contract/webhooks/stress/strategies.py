"""Hypothesis strategies of events as they may arrive, which shrink to the shortest sequence that breaks a receiver."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from hypothesis import strategies as st

from vocode_contract.webhooks import Event
from vocode_contract.webhooks.sending.delivery import event_body
from vocode_contract.webhooks.stress.arrival_orders import Arrival, fair, in_order
from vocode_contract.webhooks.stress.call_events import STORIES, content, story
from vocode_contract.webhooks.stress.findings import ARROW


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Events as they arrive; its representation lists their types.

    Attributes:
        events: In the order of arrival; some are repeated, some missing.
        in_order: Those that arrive, each once, in the order in which they happened.
    """

    events: tuple[Event, ...] = field(repr=False)
    in_order: tuple[Event, ...] = field(repr=False)

    @property
    def call_id(self) -> str:
        """The id of the call, new in each example, since a receiver remembers calls."""
        return self.events[0].call_id

    @property
    def bodies(self) -> tuple[bytes, ...]:
        """The bodies of the events."""
        return tuple(event_body(content(event)) for event in self.events)

    def about(self, call_id: str) -> "Deliveries":
        """Return the same deliveries for another call."""
        return Deliveries(events=_for_call(self.events, call_id), in_order=_for_call(self.in_order, call_id))

    def __repr__(self) -> str:
        return ARROW.join(event.type for event in self.events)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - the signature is Hypothesis's
        """Show the representation in a falsifying example, where Hypothesis lists the fields of a dataclass."""
        printer.text(repr(self))


def stories(names: Sequence[str] = tuple(STORIES)) -> st.SearchStrategy[tuple[Event, ...]]:
    """Return a strategy of the events of whole scenarios (keys of `STORIES`), in order, each for a call with a new id.

    Raises:
        InvalidOption: There is no such scenario.
    """
    return st.sampled_from([story(name, "") for name in names]).map(_for_call)


def deliveries(events: Sequence[Event] | None = None) -> st.SearchStrategy[Deliveries]:
    """Return a strategy of the deliveries of some events of one call: reordered, repeated, with gaps.

    By default, the events are those of any scenario in `STORIES`. Events of one type keep their order, since nothing
    shows a receiver which was first. An example shrinks to the fewest events that break a receiver.
    """
    if events is not None:
        return _arrivals(tuple(events))
    return st.sampled_from([story(name, "") for name in STORIES]).flatmap(_arrivals)


def _arrivals(events: tuple[Event, ...]) -> st.SearchStrategy[Deliveries]:
    parts = st.sampled_from([Arrival(0, index) for index in range(len(events))])
    kinds = [event.type for event in events]

    def build(drawn: list[Arrival]) -> Deliveries:
        arriving = fair(drawn, kinds)
        new = _for_call(events)
        return Deliveries(
            events=tuple(new[part.place] for part in arriving),
            in_order=tuple(new[part.place] for part in in_order(arriving)),
        )

    return st.lists(parts, min_size=1, max_size=2 * len(events)).map(build)


def _for_call(events: Sequence[Event], call_id: str = "") -> tuple[Event, ...]:
    """Return the events for another call, by default a new one."""
    # A new id is not drawn: it is no part of an example, and must differ in the next one.
    call_id = call_id or str(uuid4())
    return tuple(replace(event, call_id=call_id) for event in events)
