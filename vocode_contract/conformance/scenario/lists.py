"""Steps that list calls, and what can be said of the pages."""

from collections.abc import Iterator
from urllib.parse import parse_qsl
from uuid import UUID

from vocode_contract.conformance.scenario.scenario import SharedScenario
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.validation.scalars import uuid_of


def half_size(whole: CheckedExchange) -> int:
    """Return the page size that splits a list into two pages; 0 if the list is longer than one page, or too short."""
    return (len(whole.items) + 1) // 2 if _is_whole(whole) and len(whole.items) > 2 else 0


def is_consistent(whole: CheckedExchange, first: CheckedExchange, second: CheckedExchange) -> bool:
    """Return whether the list and its first two pages agree, as they must if the list did not change meanwhile."""
    if not all(map(is_page, (whole, first, second))):
        return True
    follows, size = bool(second.items), requested_size(first)
    repeats = len({*first.item_ids, *second.item_ids}) < len(first.item_ids) + len(second.item_ids)
    if repeats or first.members["has_more"] is not follows or (follows and len(first.items) < size):
        return False
    if len({*exact_totals(whole, first, second)}) > 1:
        return False
    return half_size(whole) != size or (
        {*first.item_ids, *second.item_ids} == {*whole.item_ids} and not has_more(second)
    )


def is_missing_calls(page: CheckedExchange, known: tuple[str, ...]) -> bool:
    """Return whether known calls are missing on a page that has room for them."""
    return is_page(page) and page.members["has_more"] is False and bool(missing_ids(page, known))


def missing_ids(page: CheckedExchange, known: tuple[str, ...]) -> set[UUID | None]:
    """Return the ids of known calls that are not on a page."""
    return {uuid_of(one) for one in known} - {uuid_of(one) for one in page.item_ids}


def _is_whole(page: CheckedExchange) -> bool:
    return is_page(page) and not has_more(page) and len(page.items) <= page.members["size"]


def has_more(page: CheckedExchange) -> bool:
    """Return whether a page says that another one follows."""
    return page.members.get("has_more") is True


def exact_totals(*pages: CheckedExchange) -> Iterator[object]:
    """Yield the totals of pages, without unset ones and estimates."""
    for page in pages:
        if page.members.get("total") is not None and not page.members.get("total_is_estimated"):
            yield page.members["total"]


def requested_size(page: CheckedExchange) -> int:
    """Return the requested size."""
    return int(dict(parse_qsl(page.exchange.request.query))["size"])


def is_page(page: CheckedExchange) -> bool:
    """Return whether a response is a valid page."""
    return page.status == 200 and page.is_valid and "has_more" in page.members


#: Sizes to try for a page with the whole list, and the size of single pages.
WHOLE, LEAF = (100, 50, 10), 2
#: The number of a page that no list has.
BEYOND = 100_000


# --- lists ---


def list_before(scenario: SharedScenario) -> CheckedExchange:
    """List the calls that exist before any is created."""
    return list_whole(scenario)


def list_whole(scenario: SharedScenario) -> CheckedExchange:
    """List as many calls as one page can hold; no document states the maximum."""
    for size in WHOLE:
        answer = scenario.send("list_calls", {"page": 1, "size": size})
        if answer.status != 422:
            break
    return answer


def list_by_default(scenario: SharedScenario) -> CheckedExchange:
    """List calls without a page number and size."""
    return scenario.send("list_calls")


def list_page(scenario: SharedScenario, number: int, size: int) -> CheckedExchange:
    """List one page."""
    return scenario.send("list_calls", {"page": number, "size": size})


def list_page_beyond_end(scenario: SharedScenario) -> CheckedExchange:
    """List a page far beyond the last one."""
    return scenario.send("list_calls", {"page": BEYOND, "size": LEAF})


def list_sorted(scenario: SharedScenario) -> CheckedExchange:
    """List calls sorted by the number called, the lowest first."""
    before = scenario.try_run(list_before)
    size = before.members.get("size", WHOLE[-1]) if before else WHOLE[-1]
    return scenario.send("list_calls", {"page": 1, "size": size, "sort_column": "to_number", "sort_desc": "false"})
