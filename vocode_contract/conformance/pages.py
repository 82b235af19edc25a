"""What a test claims of pages of the list: each raises what it finds."""

from vocode_contract.checks import uuid_of
from vocode_contract.conformance.answers import Answer
from vocode_contract.conformance.calls import is_marked
from vocode_contract.conformance.claims import violated
from vocode_contract.inconclusive import Inconclusive


def fit(first: Answer, second: Answer, *, size: int) -> bool:
    """Tell whether two pages in a row hold what they can hold of a list that stood still."""
    if not (_is_page(first) and _is_page(second)):
        return True
    follows = bool(second.items)
    repeats = len({*first.item_ids, *second.item_ids}) < len(first.item_ids) + len(second.item_ids)
    return not repeats and first.members["has_more"] is follows and (len(first.items) >= size or not follows)


def numbered(page: Answer, *, number: int, size: int) -> None:
    """Claim that a page bears the number and the size that were asked for, and holds no more calls.

    Raises:
        ContractViolated: It does not.
    """
    __tracebackhide__ = True
    if not _is_page(page):
        return
    if page.members["page"] != number:
        violated(page, "page-not-obeyed", "/page", expected="the number asked for", actual="another number")
    if page.members["size"] != size:
        violated(page, "size-not-obeyed", "/size", expected="the size asked for", actual="another size")
    if len(page.items) > size:
        violated(page, "size-not-obeyed", "/items", expected=f"{size} calls at most", actual=f"{len(page.items)} calls")


def turned(first: Answer, second: Answer) -> None:
    """Claim that two pages in a row hold different calls, each once.

    Raises:
        ContractViolated: They do not.
    """
    __tracebackhide__ = True
    if not (_is_page(first) and _is_page(second)):
        return
    one, two = first.item_ids, second.item_ids
    if two and one == two:
        violated(second, "page-not-obeyed", "/items", expected="other calls than the first", actual="the same calls")
    if len({*one, *two}) < len(one) + len(two):
        violated(second, "item-twice", "/items", expected="each call once", actual="a call again")


def filled(first: Answer, second: Answer, *, size: int) -> None:
    """Claim that a page which another one follows is full.

    Raises:
        ContractViolated: It is not.
    """
    __tracebackhide__ = True
    if not (_is_page(first) and _is_page(second)) or first.item_ids == second.item_ids:
        return
    if second.items and len(first.items) < size:
        actual = f"{len(first.items)}, though another page follows"
        violated(first, "item-missing", "/items", expected=f"{size} calls", actual=actual)


def announced(first: Answer, second: Answer, beyond: Answer) -> None:
    """Claim that ``has_more`` is true before a page with calls, false before an empty one, and false behind the last.

    Raises:
        ContractViolated: It is not.
    """
    __tracebackhide__ = True
    follows = bool(second.items)
    if _is_page(first) and _is_page(second) and first.members["has_more"] is not follows:
        expected = "true, since another page follows" if follows else "false, since no page follows"
        violated(first, "has-more-wrong", "/has_more", expected=expected, actual=str(not follows).lower())
    if not _is_page(beyond) or (_is_page(second) and first.item_ids == second.item_ids):
        return
    if beyond.items and beyond.item_ids == first.item_ids:
        violated(beyond, "has-more-wrong", "/items", expected="no calls behind the last page", actual="the first ones")
    if not beyond.items and beyond.members["has_more"] is True:
        violated(beyond, "has-more-wrong", "/has_more", expected="false behind the last page", actual="true")


def whole(page: Answer, known: tuple[str, ...]) -> None:
    """Claim that a page with room for all calls holds those that are known to exist, each once.

    Raises:
        ContractViolated: It does not.
        Inconclusive: There are more calls than fit on it.
    """
    __tracebackhide__ = True
    if not _is_page(page):
        return
    if len(set(page.item_ids)) < len(page.item_ids):
        violated(page, "item-twice", "/items", expected="each call once", actual="a call again")
    lacking = {uuid_of(one) for one in known} - {uuid_of(one) for one in page.item_ids}
    if lacking and page.members["has_more"] is True and len(page.items) >= page.members["size"]:
        raise Inconclusive("list-changed", "the list is longer than one page")
    if lacking:
        violated(page, "item-missing", "/items", expected="every call that exists", actual=f"{len(lacking)} too few")


def counted(page: Answer) -> None:
    """Claim that ``total``, where there is one and it is no estimate, is the number of calls.

    Raises:
        ContractViolated: It is not.
    """
    __tracebackhide__ = True
    total = page.members.get("total")
    is_all = _is_page(page) and len(page.items) < page.members["size"]
    if is_all and isinstance(total, int) and not page.members.get("total_is_estimated") and total != len(page.items):
        violated(page, "total-wrong", "/total", expected="the number of calls", actual="another number")


def ascending(page: Answer, key: str) -> None:
    """Claim that calls come in the order of a text, the lowest first; unset ones may stand anywhere.

    Raises:
        ContractViolated: They do not.
    """
    __tracebackhide__ = True
    texts = [text for item in page.items if isinstance(text := item.get(key), str)]
    if _is_page(page) and texts != sorted(texts):
        violated(page, "sort-not-obeyed", "/items", expected=f"calls by {key}, ascending", actual="another order")


def marked(page: Answer, mark: str, *, most: int, code: str) -> None:
    """Claim that at most so many calls on a page came from one request.

    Args:
        page: A page of the list.
        mark: What the context of that request held.
        most: How many there may be.
        code: What it means if there are more.

    Raises:
        ContractViolated: There are more.
    """
    __tracebackhide__ = True
    found = sum(is_marked(item, mark) for item in page.items)
    if found > most:
        asked = tuple(act for act in page.acts if mark.encode() in act.exchange.request.body)
        expected, actual = f"{most or 'no'} call{'s' * (most != 1)} of one request", f"{found} call{'s' * (found != 1)}"
        violated(page, code, "/items", expected=expected, actual=actual, steps=asked[:1])


def _is_page(page: Answer) -> bool:
    return page.status == 200 and page.is_sound and "has_more" in page.members
