"""Steps that need time, or that look at what the run has left: calls in progress, late ends, pages of the list."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from vocode_contract.conformance.scenario.calls import BYSTANDER, SECOND, TALKING, NoCall
from vocode_contract.conformance.scenario.lists import (
    LEAF,
    Pages,
    get_requested,
    group_values,
    half_size,
    has_sorting,
    is_consistent,
    is_part_of,
    is_whole_list,
    list_before,
    list_ids,
    list_page,
    walk_pages,
)
from vocode_contract.conformance.scenario.more_steps import (
    end_of,
    get_available_recording,
    get_both_calls,
    get_unavailable_recording,
    wait_for_not_started,
)
from vocode_contract.conformance.scenario.scenario import SharedScenario
from vocode_contract.conformance.scenario.steps import (
    create_talking,
    get_call,
    list_up_to_date,
    wait_for_subject,
    wait_until_over,
)
from vocode_contract.http import clock
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.lifecycle.call_life import FINAL
from vocode_contract.validation.scalars import uuid_of


def get_second_after_talking(scenario: SharedScenario) -> CheckedExchange:
    """Get the second of two ids, which may be in progress, after the end of the call in progress."""
    scenario.run(end_talking)
    scenario.run(get_both_calls)
    return get_call(scenario, scenario.calls.endable_id(SECOND))


def end_with_null(scenario: SharedScenario) -> CheckedExchange:
    """End that call with the JSON text null for a body."""
    scenario.try_run(get_both_calls)
    scenario.try_run(get_second_after_talking)
    call = scenario.calls.endable_id(SECOND)
    return _end(scenario, call, media_type="application/json", body=b"null")


def _end(scenario: SharedScenario, call: str, *, media_type: str = "", body: bytes = b"") -> CheckedExchange:
    answer = scenario.send("end_call", {"id": call}, body=body, media_type=media_type)
    if media_type and answer.status == 422 and answer.is_valid:
        bare = scenario.send("end_call", {"id": call})
        answer = bare if bare.is_success else answer
    # A remote host's status 200 alone does not prove the end.
    if answer.call_status in FINAL and scenario.calls.is_here:
        scenario.calls.record_end(call)
    return answer


def end_twice_at_once(scenario: SharedScenario) -> tuple[CheckedExchange, ...]:
    """End the bystander twice at the same time, once nothing else needs it."""
    scenario.try_run(get_both_calls)
    call = scenario.calls.endable_id(BYSTANDER)

    def end(_: int) -> CheckedExchange:
        return replace(_end(scenario, call), is_ordered=False)

    with ThreadPoolExecutor(2) as threads:
        return tuple(threads.map(end, range(2)))


def wait_after_race(scenario: SharedScenario) -> CheckedExchange:
    """Get the call that was ended twice at the same time until it is over."""
    scenario.run(end_twice_at_once)
    return wait_until_over(scenario, scenario.calls.endable_id(BYSTANDER))


def list_created_calls(scenario: SharedScenario) -> Iterator[tuple[Mapping[str, Any], CheckedExchange]]:
    """Yield the requests that have created calls so far, each with its response, unless that shows another's call."""
    before = scenario.try_run(list_before)
    created = dict(scenario.calls.created)  # who reads them may run steps that create more
    times = Counter((*(answer.call_id for answer in created.values()), *(before.item_ids if before else ())))
    yield from (
        (scenario.calls.request(role), answer) for role, answer in created.items() if times[answer.call_id] == 1
    )


def list_looks(scenario: SharedScenario, call: str | None) -> Iterator[CheckedExchange]:
    """Yield the responses of the run so far that are about a created call, and show it with its agent."""
    asked = (answer for answer in scenario.answers if call and uuid_of(answer.requested_id or call) == uuid_of(call))
    yield from (answer for answer in asked if answer.call_id == call)  # last: it parses the body


# --- what takes time ---

#: Seconds after its creation at which a call is looked at first, and until which it may be answered.
_FIRST_LOOK, _UNTIL_ANSWERED = 0.2, 2.5
#: Seconds for which an answered call is read again if it has no transcript, which not every server writes in a call.
_UNTIL_HEARD = 0.4


#: Requests about other calls that are sent meanwhile: none of them may end this one.
_MEANWHILE: tuple[Callable[[SharedScenario], CheckedExchange], ...] = (
    get_available_recording,
    get_unavailable_recording,
    end_of("error"),
)


def wait_for_talking(scenario: SharedScenario) -> CheckedExchange:
    """Get the call that is given time until it is in progress, or time runs out."""
    created = scenario.run(create_talking)
    call = scenario.calls.endable_id(TALKING)
    for step in _MEANWHILE:
        scenario.try_run(step)
    time.sleep(max(0.0, created.at + _FIRST_LOOK - clock.wall_time()))
    left = max(0.0, created.at + _UNTIL_ANSWERED - clock.wall_time())
    look = scenario.client.poll(lambda: get_call(scenario, call), _is_unanswered, within=left)
    if not look.is_simulated and _is_unheard(look):  # simulated calls have a transcript at their end
        look = scenario.client.poll(lambda: get_call(scenario, call), _is_unheard, within=_UNTIL_HEARD)
    return look


def end_talking(scenario: SharedScenario) -> CheckedExchange:
    """End the call in progress with an empty form for a body; or as it is, if it was not answered in time."""
    scenario.try_run(wait_for_talking)
    call = scenario.calls.endable_id(TALKING)
    return _end(scenario, call, media_type="application/x-www-form-urlencoded", body=b"")


def end_talking_again(scenario: SharedScenario) -> CheckedExchange:
    """End that call a second time, after it was read."""
    scenario.run(wait_after_talking)
    return _end(scenario, scenario.calls.endable_id(TALKING))


def wait_after_talking(scenario: SharedScenario) -> CheckedExchange:
    """Get that call until it is over, as late as the run allows, and by its id in upper case."""
    scenario.run(end_talking)
    scenario.try_run(list_sorted_both_ways)
    call = scenario.calls.endable_id(TALKING)
    answer = scenario.client.wait_until_over(call.upper())
    if answer.call_status in FINAL:
        scenario.calls.record_end(call)
    return answer


#: The last looks at calls that the run has ended, after which nothing acts on these calls.
ENDS: tuple[Callable[[SharedScenario], CheckedExchange], ...] = (
    wait_for_subject,
    wait_after_race,
    wait_after_talking,
    end_talking_again,
)


def finish(scenario: SharedScenario) -> None:
    """Run what acts on calls or looks at them, as far as it can run."""
    for step in ENDS:
        scenario.try_run(step)
    scenario.try_run(get_both_calls)
    scenario.try_run(get_second_after_talking)


def list_at_the_end(scenario: SharedScenario) -> Pages:
    """List the calls again, once all other steps that act have run."""
    for step in (wait_for_not_started, end_with_null, wait_after_race, end_talking):
        scenario.try_run(step)
    return list_up_to_date(scenario, scenario.calls.created_ids())


# --- pages ---

#: How often pages are read if others change the list meanwhile.
_READINGS = 4


def _read_unchanged(
    scenario: SharedScenario,
    whole: Pages,
    read: Callable[[Pages], Pages],
    is_consistent: Callable[[Pages, Pages], bool],
) -> Pages:
    """Read pages of a list that was read before; read both again if they disagree because the list changed meanwhile.

    Returns:
        The whole list and the pages, which disagree only if the list is the same before and after them.

    Raises:
        Inconclusive: The list changes each time.
    """
    for _ in range(_READINGS):
        pages = read(whole)
        if is_consistent(whole, pages):
            return *whole, *pages
        before, whole = whole, walk_pages(scenario, len(whole))
        if _states(before) == _states(whole):
            return *before, *pages
    raise Inconclusive("list-changed", f"{_READINGS} times in a row")


def _states(pages: Pages) -> list[tuple[object, object]]:
    return [(item.get("id"), item.get("status")) for page in pages for item in page.items]


def list_two_pages(scenario: SharedScenario) -> Pages:
    """Return the first page of the list, and list it on two pages.

    Raises:
        Inconclusive: The list changes each time.
    """

    def read(whole: Pages) -> Pages:
        size = half_size(whole[0]) or LEAF
        return tuple(list_page(scenario, number, size) for number in (1, 2))

    whole = scenario.run(list_at_the_end)[:1]
    return _read_unchanged(scenario, whole, read, lambda whole, pages: is_consistent(whole[0], *pages))


def list_sorted_both_ways(scenario: SharedScenario) -> Pages:
    """List the calls sorted by status, which many calls share: the lowest first, then the highest first on two pages.

    Returns:
        The whole list unsorted, the sorted one, and the two pages.

    Raises:
        Inconclusive: The list changes each time.
        NoCall: The list does not fit on two pages, or the server does not sort, or not by status.
    """
    if not has_sorting(scenario.client.contract):
        raise NoCall("the contract of this date has no sorting")

    def read(whole: Pages) -> Pages:
        size = half_size(whole[0])
        if not size:
            raise NoCall("pages under ties are checked if the list has 3 to 100 calls")
        up = list_page(scenario, 1, get_requested(whole[0], "size"), sort_column="status", sort_desc="false")
        if up.status == 422:
            raise NoCall("the server does not sort by status, and no document states the columns")
        return up, *(list_page(scenario, number, size, sort_column="status", sort_desc="true") for number in (1, 2))

    def is_same(whole: Pages, pages: Pages) -> bool:
        down, order = list_ids(pages[1:]), group_values(pages[1:], "status")
        return sorted(down) == sorted(list_ids(whole)) and len({*order}) == len(order)

    return _read_unchanged(scenario, scenario.run(list_two_pages)[:1], read, is_same)


def list_later_page(scenario: SharedScenario) -> Pages:
    """List a page behind the second: the last one, with a size that it fills, if the length of the list allows.

    Returns:
        The pages of the whole list, and the page.

    Raises:
        Inconclusive: The list changes each time.
        NoCall: The list has fewer than five calls, or is too long to be read.
    """

    def read(whole: Pages) -> Pages:
        count, largest = sum(len(page.items) for page in whole), get_requested(whole[0], "size")
        are_full = is_whole_list(whole) and all(len(page.items) == largest for page in whole[:-1])
        if not are_full or count < 2 * LEAF + 1:
            raise NoCall("the list has fewer than five calls, or is too long")
        size = next((size for size in range(min(count // 3, largest - 1), 1, -1) if count % size == 0), 0)
        return (list_page(scenario, count // size, size) if size else list_page(scenario, 3, LEAF),)

    return _read_unchanged(scenario, scenario.run(list_at_the_end), read, is_part_of)


def list_full_page(scenario: SharedScenario) -> Pages:
    """List all calls on a page that they fill.

    Returns:
        The pages of the whole list, and the page.

    Raises:
        Inconclusive: The list changes each time.
        NoCall: They do not fit on one page, or another step has listed a last page that is full.
    """
    *_, later = scenario.try_run(list_later_page) or (None,)

    def read(whole: Pages) -> Pages:
        count = len(whole[0].items)
        is_read = later is None or get_requested(later, "page") * get_requested(later, "size") == count
        if len(whole) > 1 or not count or is_read:
            raise NoCall("the list is long, or its last page was full")
        return (list_page(scenario, 1, count),)

    return _read_unchanged(scenario, scenario.run(list_at_the_end), read, is_part_of)


def _is_unanswered(answer: CheckedExchange) -> bool:
    return answer.is_valid and answer.call_status == "not_started"


def _is_unheard(answer: CheckedExchange) -> bool:
    return answer.is_valid and answer.call_status == "in_progress" and not answer.members.get("transcript")
