"""Assertions about the pages of the list; each raises `ContractViolated` if it does not hold."""

from collections.abc import Iterable
from typing import NoReturn

from vocode_contract.conformance.assertions.responses import fail_with
from vocode_contract.conformance.scenario.lists import (
    Pages,
    exact_totals,
    get_requested,
    group_values,
    half_size,
    has_more,
    is_page,
    is_whole_list,
    list_ids,
    list_whole,
    missing_ids,
    slice_ids,
)
from vocode_contract.conformance.scenario.scenario import ScenarioRunner
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.fictional_call import is_marked
from vocode_contract.http.inconclusive import Inconclusive
from vocode_contract.validation.scalars import canonical_id, uuid_of


def assert_numbered(page: CheckedExchange, *, number: int, size: int | None = None) -> None:
    """Assert that a page states the requested number and size, and holds no more calls.

    Args:
        page: A page of the list.
        number: The requested number.
        size: The default size, if none was requested.
    """
    __tracebackhide__ = True
    if not is_page(page):
        return
    size = get_requested(page, "size") if size is None else size
    if page.members["page"] != number:
        fail_with(page, "page-not-obeyed", "/page", expected="the number asked for", actual="another number")
    if page.members["size"] != size:
        fail_with(page, "size-not-obeyed", "/size", expected="the size asked for", actual="another size")
    if len(page.items) > size:
        fail_with(
            page, "size-not-obeyed", "/items", expected=f"{size} calls at most", actual=f"{len(page.items)} calls"
        )


def assert_turned(first: CheckedExchange, second: CheckedExchange) -> None:
    """Assert that two consecutive pages hold different calls, each once."""
    __tracebackhide__ = True
    if not (is_page(first) and is_page(second)):
        return
    one, two = first.item_ids, second.item_ids
    if two and one == two:
        fail_with(second, "page-not-obeyed", "/items", expected="other calls than the first", actual="the same calls")
    if len({*one, *two}) < len(one) + len(two):
        _fail_for_repeated(second)


def assert_filled(whole: CheckedExchange, first: CheckedExchange, second: CheckedExchange) -> None:
    """Assert that a page is full if another one follows, and that the two pages of a list hold all of it."""
    __tracebackhide__ = True
    if not (is_page(first) and is_page(second)) or first.item_ids == second.item_ids:
        return
    size = get_requested(first, "size")
    if second.items and len(first.items) < size:
        actual = f"{len(first.items)}, though another page follows"
        fail_with(first, "item-missing", "/items", expected=f"{size} calls", actual=actual)
    lacking = {*whole.item_ids} - {*first.item_ids, *second.item_ids} if half_size(whole) == size else ()
    if lacking:
        _fail_for_missing(second, len(lacking))


def assert_agrees(pages: Pages) -> None:
    """Assert that the last page holds the calls that the list has at its place, and says rightly whether more follow.

    Args:
        pages: The pages of the whole list, and that page.
    """
    __tracebackhide__ = True
    *whole, page = pages
    if not is_page(page):
        return
    number, size = get_requested(page, "page"), get_requested(page, "size")
    ids = list_ids((*whole,))
    wanted, shown = {*slice_ids(ids, page)}, {*page.item_ids}
    if shown != wanted:
        is_first = number > 1 and shown == {*ids[:size]}
        code = "page-not-obeyed" if is_first else "item-twice" if shown - wanted else "item-missing"
        expected = "the calls that follow those of the pages before"
        fail_with(page, code, "/items", expected=expected, actual="others")
    if number * size >= len(ids) and has_more(page):
        fail_with(page, "has-more-wrong", "/has_more", expected="false, since every call was shown", actual="true")


def assert_has_more(
    whole: CheckedExchange, first: CheckedExchange, second: CheckedExchange, *, beyond: CheckedExchange
) -> None:
    """Assert that ``has_more`` is true if calls follow, and false otherwise, also beyond the last page."""
    __tracebackhide__ = True
    follows = bool(second.items)
    if is_page(first) and is_page(second) and first.members["has_more"] is not follows:
        expected = "true, since another page follows" if follows else "false, since no page follows"
        fail_with(first, "has-more-wrong", "/has_more", expected=expected, actual=str(not follows).lower())
    if is_page(second) and has_more(second) and {*first.item_ids, *second.item_ids} == {*whole.item_ids} != set():
        fail_with(second, "has-more-wrong", "/has_more", expected="false, since every call was shown", actual="true")
    if not is_page(beyond) or (is_page(second) and first.item_ids == second.item_ids):
        return
    if beyond.items:
        actual = "the first ones" if beyond.item_ids == first.item_ids else f"{len(beyond.items)} calls"
        fail_with(beyond, "has-more-wrong", "/items", expected="no calls behind the last page", actual=actual)
    if has_more(beyond):
        fail_with(beyond, "has-more-wrong", "/has_more", expected="false behind the last page", actual="true")


def assert_lists_known(scenario: ScenarioRunner, pages: Pages, known: tuple[str, ...]) -> None:
    """Assert that the list holds the known calls, and each call once.

    Args:
        scenario: Lists the first page again if a call stands on two pages, since the list may have changed meanwhile.
        pages: Pages that were read in a row.
        known: IDs of calls that must be there.

    Raises:
        Inconclusive: The list is longer than what was read of it, or it changed.
    """
    __tracebackhide__ = True
    seen: set[str] = set()
    for page in filter(is_page, pages):
        if len(set(page.item_ids)) < len(page.item_ids) or not seen.isdisjoint(page.item_ids):
            _require_unchanged(scenario, pages)
            _fail_for_repeated(page)
        seen.update(page.item_ids)
    lacking = missing_ids(pages, known)
    if lacking and has_more(pages[-1]):
        raise Inconclusive("list-changed", f"the list is longer than the {len(pages)} pages that were read")
    if lacking and all(map(is_page, pages)):
        _require_unchanged(scenario, pages)
        _fail_for_missing(pages[-1], len(lacking))


def _fail_for_repeated(page: CheckedExchange) -> NoReturn:
    __tracebackhide__ = True
    fail_with(page, "item-twice", "/items", expected="each call once", actual="a call again")


def _fail_for_missing(page: CheckedExchange, count: int) -> NoReturn:
    __tracebackhide__ = True
    fail_with(page, "item-missing", "/items", expected="every call that exists", actual=f"{count} too few")


def _require_unchanged(scenario: ScenarioRunner, pages: Pages) -> None:
    """Require that the list did not change while its pages were read.

    Raises:
        Inconclusive: It did.
    """
    __tracebackhide__ = True
    if list_whole(scenario.shared).item_ids != pages[0].item_ids:
        raise Inconclusive("list-changed", "while its pages were read")


def assert_total(pages: Pages) -> None:
    """Assert that ``total`` is the number of calls, unless it is unset or an estimate."""
    __tracebackhide__ = True
    count = sum(len(page.items) for page in pages)
    last = pages[-1]
    is_all = is_whole_list(pages) and len(last.items) < last.members["size"]
    totals = {*exact_totals(*pages)}
    if is_all and len(totals) == 1 and totals != {count}:
        fail_with(last, "total-wrong", "/total", expected="the number of calls", actual="another number")


def assert_same_total(whole: CheckedExchange, *others: CheckedExchange) -> None:
    """Assert that every page has the same ``total``, unless it is an estimate."""
    __tracebackhide__ = True
    for page in others:
        if is_page(whole) and is_page(page) and len({*exact_totals(whole, page)}) > 1:
            fail_with(page, "total-wrong", "/total", expected="the total of every other page", actual="another number")


def assert_ascending(page: CheckedExchange, key: str) -> None:
    """Assert that calls are sorted by a phone number, the lowest first; unset numbers may be anywhere.

    No document says how numbers are compared, so three orders are accepted: as strings, as numbers, without ``+``.
    """
    __tracebackhide__ = True
    texts = [text for item in page.items if isinstance(text := item.get(key), str)]
    orders = (str, lambda text: (len(text.lstrip("+")), text.lstrip("+")), lambda text: text.lstrip("+"))
    if is_page(page) and not any(texts == sorted(texts, key=order) for order in orders):
        fail_with(page, "sort-not-obeyed", "/items", expected=f"calls by {key}, ascending", actual="another order")


def assert_same_calls(whole: CheckedExchange, first: CheckedExchange, second: CheckedExchange) -> None:
    """Assert that two sorted pages hold the calls of the whole list, each once, whatever its order."""
    __tracebackhide__ = True
    if not all(map(is_page, (whole, first, second))):
        return
    ids = [*first.item_ids, *second.item_ids]
    if len(set(ids)) < len(ids):
        _fail_for_repeated(second)
    if lacking := {*whole.item_ids} - {*ids}:
        _fail_for_missing(second, len(lacking))


def assert_sorted_both_ways(up: CheckedExchange, down: Pages, key: str) -> None:
    """Assert that equal values stand together, and that the two directions differ.

    No document says in which order words are, so nothing else is asserted.
    """
    __tracebackhide__ = True
    if not all(map(is_page, (up, *down))):
        return
    rising, falling = group_values((up,), key), group_values(down, key)
    for page, order in ((up, rising), (down[-1], falling)):
        if len({*order}) < len(order):
            fail_with(page, "sort-not-obeyed", "/items", expected=f"calls by {key}", actual="equal ones apart")
    if rising == falling and len(rising) > 1:
        expected = "the other order with sort_desc=true"
        fail_with(down[-1], "sort-not-obeyed", "/items", expected=expected, actual="the same order")


def assert_one_owner(pages: Pages, owner: object) -> None:
    """Assert that all calls in the list have one owner.

    Args:
        pages: Pages of the list.
        owner: The ``user_id`` of a call that the same token created, if that is known.
    """
    __tracebackhide__ = True
    for page in filter(is_page, pages):
        for index, item in enumerate(page.members["items"]):
            found = item.get("user_id") if isinstance(item, dict) else None
            owner = owner if isinstance(owner, str) else found
            if isinstance(found, str) and canonical_id(found) != canonical_id(owner):
                place = f"/items/{index}/user_id"
                fail_with(page, "foreign-call", place, expected="the owner of the other calls", actual="another owner")


def assert_no_foreign_call(page: CheckedExchange, foreign: Iterable[str]) -> None:
    """Assert that a page holds none of some calls, which belong to another user."""
    __tracebackhide__ = True
    ids = {uuid_of(one) for one in foreign}
    for index, item in enumerate(page.items):
        if uuid_of(item.get("id")) in ids:
            expected = "calls of the user who asks"
            fail_with(page, "foreign-call", f"/items/{index}", expected=expected, actual="a call of another user")


def assert_marked(pages: Pages, mark: str, *, most: int, code: str) -> None:
    """Assert that at most so many calls in the list came from one request.

    Args:
        pages: Pages of the list.
        mark: The mark in the context of that request.
        most: Maximum number of calls.
        code: Code of the violation if there are more.
    """
    __tracebackhide__ = True
    found = [(page, item) for page in pages for item in page.items if is_marked(item, mark)]
    if len({str(item["id"]) for _, item in found if item.get("id")}) > most:
        page, count = found[0][0], len(found)
        asked = tuple(act for act in page.earlier_acts if mark.encode() in act.exchange.request.body)
        expected, actual = f"{most or 'no'} call{'s' * (most != 1)} of one request", f"{count} call{'s' * (count != 1)}"
        fail_with(page, code, "/items", expected=expected, actual=actual, steps=asked[:1])
