"""Assertions about the pages of the list; each raises `ContractViolated` if it does not hold."""

from vocode_contract.conformance.assertions.responses import fail_with
from vocode_contract.conformance.scenario.lists import (
    exact_totals,
    half_size,
    has_more,
    is_page,
    missing_ids,
    requested_size,
)
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.client.fictional_call import is_marked
from vocode_contract.http.inconclusive import Inconclusive


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
    size = requested_size(page) if size is None else size
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
        fail_with(second, "item-twice", "/items", expected="each call once", actual="a call again")


def assert_filled(whole: CheckedExchange, first: CheckedExchange, second: CheckedExchange) -> None:
    """Assert that a page is full if another one follows, and that the two pages of a list hold all of it."""
    __tracebackhide__ = True
    if not (is_page(first) and is_page(second)) or first.item_ids == second.item_ids:
        return
    size = requested_size(first)
    if second.items and len(first.items) < size:
        actual = f"{len(first.items)}, though another page follows"
        fail_with(first, "item-missing", "/items", expected=f"{size} calls", actual=actual)
    lacking = {*whole.item_ids} - {*first.item_ids, *second.item_ids} if half_size(whole) == size else ()
    if lacking:
        fail_with(second, "item-missing", "/items", expected="every call that exists", actual=f"{len(lacking)} too few")


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


def assert_lists_known(page: CheckedExchange, known: tuple[str, ...]) -> None:
    """Assert that a page with room for all calls holds the known ones, each once.

    Raises:
        Inconclusive: There are more calls than fit on it.
    """
    __tracebackhide__ = True
    if not is_page(page):
        return
    if len(set(page.item_ids)) < len(page.item_ids):
        fail_with(page, "item-twice", "/items", expected="each call once", actual="a call again")
    lacking = missing_ids(page, known)
    if lacking and page.members["has_more"] is True and len(page.items) >= page.members["size"]:
        raise Inconclusive("list-changed", "the list is longer than one page")
    if lacking:
        fail_with(page, "item-missing", "/items", expected="every call that exists", actual=f"{len(lacking)} too few")


def assert_total(page: CheckedExchange) -> None:
    """Assert that ``total`` is the number of calls, unless it is unset or an estimate."""
    __tracebackhide__ = True
    total = page.members.get("total")
    is_all = is_page(page) and len(page.items) < page.members["size"]
    if is_all and isinstance(total, int) and not page.members.get("total_is_estimated") and total != len(page.items):
        fail_with(page, "total-wrong", "/total", expected="the number of calls", actual="another number")


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


def assert_marked(page: CheckedExchange, mark: str, *, most: int, code: str) -> None:
    """Assert that at most so many calls on a page came from one request.

    Args:
        page: A page of the list.
        mark: The mark in the context of that request.
        most: Maximum number of calls.
        code: Code of the violation if there are more.
    """
    __tracebackhide__ = True
    found = sum(is_marked(item, mark) for item in page.items)
    if found > most:
        asked = tuple(act for act in page.earlier_acts if mark.encode() in act.exchange.request.body)
        expected, actual = f"{most or 'no'} call{'s' * (most != 1)} of one request", f"{found} call{'s' * (found != 1)}"
        fail_with(page, code, "/items", expected=expected, actual=actual, steps=asked[:1])
