"""Hypothesis: stories and the ways in which they arrive, which shrink to the shortest that breaks a receiver."""

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
    """Events as they arrive; its text is the line of their kinds.

    Attributes:
        events: In the order of arrival, some of them twice, some not at all.
        in_order: Those that arrive, each once, in the order in which they happened.
    """

    events: tuple[Event, ...] = field(repr=False)
    in_order: tuple[Event, ...] = field(repr=False)

    @property
    def call_id(self) -> str:
        """The call; a new one in each example, for a receiver remembers."""
        return self.events[0].call_id

    @property
    def bodies(self) -> tuple[bytes, ...]:
        """The events as they are sent."""
        return tuple(event_body(content(event)) for event in self.events)

    def about(self, call_id: str) -> "Deliveries":
        """Return the same of another call."""
        return replace(
            self,
            events=tuple(replace(event, call_id=call_id) for event in self.events),
            in_order=tuple(replace(event, call_id=call_id) for event in self.in_order),
        )

    def __repr__(self) -> str:
        return ARROW.join(event.type for event in self.events)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - the signature is Hypothesis's
        """Show it so in a falsifying example, where Hypothesis else lists the fields of a dataclass."""
        printer.text(repr(self))


def stories(names: Sequence[str] = tuple(STORIES)) -> st.SearchStrategy[tuple[Event, ...]]:
    """Return a strategy of whole stories, in order; each of a call with a new id.

    Args:
        names: Of `STORIES`.

    Raises:
        InvalidOption: There is no story of such a name.
    """
    return st.sampled_from([story(name, "") for name in names]).map(_of_a_new_call)


def deliveries(told: Sequence[Event] | None = None) -> st.SearchStrategy[Deliveries]:
    """Return a strategy of what arrives of a scenario: reordered, repeated, with gaps.

    Events of one kind keep their order, since nothing tells a receiver which was first. An example
    shrinks to the fewest events that break a receiver, in the scenario's order as far as that does.

    Args:
        told: The story; any of `STORIES` without.
    """
    if told is not None:
        return _arriving(tuple(told))
    return st.sampled_from([story(name, "") for name in STORIES]).flatmap(_arriving)


def _arriving(told: tuple[Event, ...]) -> st.SearchStrategy[Deliveries]:
    parts = st.sampled_from([Arrival(0, index) for index in range(len(told))])
    kinds = [event.type for event in told]

    def arrived(drawn: list[Arrival]) -> Deliveries:
        arriving = fair(drawn, kinds)
        new = _of_a_new_call(told)
        return Deliveries(
            events=tuple(new[part.place] for part in arriving),
            in_order=tuple(new[part.place] for part in in_order(arriving)),
        )

    return st.lists(parts, min_size=1, max_size=2 * len(told)).map(arrived)


def _of_a_new_call(told: Sequence[Event]) -> tuple[Event, ...]:
    # Not drawn: an id is no part of an example, and must not be the same in the next.
    call_id = str(uuid4())
    return tuple(replace(event, call_id=call_id) for event in told)
