"""Steps that list calls, and what can be said of the pages."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Literal
from urllib.parse import parse_qsl
from uuid import UUID

from vocode_contract.conformance.scenario.scenario import SharedScenario
from vocode_contract.contract.model import Contract
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.validation.scalars import uuid_of

#: Pages that were read in a row.
Pages = tuple[CheckedExchange, ...]


def half_size(whole: CheckedExchange) -> int:
    """Return the page size that splits a list into two pages; 0 if the list is longer than one page, or too short."""
    return (len(whole.items) + 1) // 2 if _is_whole(whole) and len(whole.items) > 2 else 0


def is_consistent(whole: CheckedExchange, first: CheckedExchange, second: CheckedExchange) -> bool:
    """Return whether the list and its first two pages agree, as they must if the list did not change meanwhile."""
    if not all(map(is_page, (whole, first, second))):
        return True
    follows, size = bool(second.items), get_requested(first, "size")
    repeats = len({*first.item_ids, *second.item_ids}) < len(first.item_ids) + len(second.item_ids)
    if repeats or first.members["has_more"] is not follows or (follows and len(first.items) < size):
        return False
    if len({*exact_totals(whole, first, second)}) > 1:
        return False
    return half_size(whole) != size or (
        {*first.item_ids, *second.item_ids} == {*whole.item_ids} and not has_more(second)
    )


def list_ids(pages: Pages) -> list[str]:
    """Return the ids of the calls on some pages, in order."""
    return [one for page in pages for one in page.item_ids]


def slice_ids(ids: list[str], page: CheckedExchange) -> list[str]:
    """Return the ids that a list has at the place of a page."""
    number, size = get_requested(page, "page"), get_requested(page, "size")
    return ids[(number - 1) * size : number * size]


def is_part_of(whole: Pages, pages: Pages) -> bool:
    """Return whether the last of some pages holds the calls that the whole list has at its place."""
    return not is_page(pages[-1]) or {*pages[-1].item_ids} == {*slice_ids(list_ids(whole), pages[-1])}


def group_values(pages: Pages, key: str) -> list[str]:
    """Return the values of a key in some pages, in order; equal ones that stand together once."""
    return [value for value, _ in groupby(str(item.get(key)) for page in pages for item in page.items)]


def is_whole_list(pages: Pages) -> bool:
    """Return whether pages that were read in a row hold the whole list."""
    return all(map(is_page, pages)) and not has_more(pages[-1])


def is_missing_calls(pages: Pages, known: tuple[str, ...]) -> bool:
    """Return whether known calls are missing in the whole list."""
    return is_whole_list(pages) and bool(missing_ids(pages, known))


def is_repeating(pages: Pages) -> bool:
    """Return whether a call is on two of several pages."""
    return len(pages) > 1 and sum(len({*page.item_ids}) for page in pages) > len({*list_ids(pages)})


def missing_ids(pages: Pages, known: tuple[str, ...]) -> set[UUID | None]:
    """Return the ids of known calls that are on none of the pages."""
    return {uuid_of(one) for one in known} - {uuid_of(one) for page in pages for one in page.item_ids}


def find_item(pages: Pages, call: str | None) -> tuple[CheckedExchange, Mapping[str, Any]]:
    """Return the page that holds a call, and the call; the first page and an empty call if none does."""
    found = ((page, item) for page in pages if call and (item := page.item(call)))
    return next(found, (pages[0], {}))


def _is_whole(page: CheckedExchange) -> bool:
    return is_page(page) and not has_more(page) and len(page.items) <= page.members["size"]


def has_more(page: CheckedExchange) -> bool:
    """Return whether a page says that another one follows."""
    return page.members.get("has_more") is True


def exact_totals(*pages: CheckedExchange) -> Iterator[int]:
    """Yield the totals of pages, without unset ones and estimates."""
    for page in pages:
        total = page.members.get("total")
        if isinstance(total, int) and not page.members.get("total_is_estimated"):
            yield total


def get_requested(page: CheckedExchange, name: Literal["page", "size"]) -> int:
    """Return the requested number or size of a page."""
    return int(dict(parse_qsl(page.exchange.request.query))[name])


def is_page(page: CheckedExchange) -> bool:
    """Return whether a response is a valid page."""
    return page.status == 200 and page.is_valid and "has_more" in page.members


#: Sizes to try for a page with the whole list, and the size of single pages.
WHOLE, LEAF = (100, 50, 10), 2
#: How many pages of a long list are read.
MOST_PAGES = 30
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


def walk_pages(scenario: SharedScenario, most: int = MOST_PAGES) -> Pages:
    """List the calls page after page, until none follows or so many were read."""
    pages = [list_whole(scenario)]
    while is_page(pages[-1]) and has_more(pages[-1]) and pages[-1].items and len(pages) < most:
        page = list_page(scenario, len(pages) + 1, get_requested(pages[0], "size"))
        if page.item_ids == pages[-1].item_ids:
            break  # the server does not turn the page, which another test reports
        pages.append(page)
    return tuple(pages)


def list_by_default(scenario: SharedScenario) -> CheckedExchange:
    """List calls without a page number and size."""
    return scenario.send("list_calls")


def list_page(scenario: SharedScenario, number: int, size: int, **others: str) -> CheckedExchange:
    """List one page, with other parameters if any are given."""
    return scenario.send("list_calls", {"page": number, "size": size, **others})


def list_page_beyond_end(scenario: SharedScenario) -> CheckedExchange:
    """List a page far beyond the last one."""
    return scenario.send("list_calls", {"page": BEYOND, "size": LEAF})


#: Pages that no list has, by name.
ODD_PAGES: Mapping[str, Mapping[str, int]] = {
    "size_zero": {"page": 1, "size": 0},
    "negative_size": {"page": 1, "size": -1},
    "negative_page": {"page": -1, "size": LEAF},
    "huge_size": {"page": 1, "size": 2**40},
}


def has_sorting(contract: Contract) -> bool:
    """Return whether the contract declares a list that can be sorted."""
    listing = contract.operations.get("list_calls")
    return listing is not None and any(parameter.name == "sort_column" for parameter in listing.parameters)


def list_sorted(scenario: SharedScenario) -> CheckedExchange:
    """List calls sorted by the number called, the lowest first."""
    before = scenario.try_run(list_before)
    size = before.members.get("size", WHOLE[-1]) if before else WHOLE[-1]
    return list_page(scenario, 1, size, sort_column="to_number", sort_desc="false")
