"""Faults of List Calls: pages that overlap, never end, or hold other calls than they should."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from vocode_contract.http.message import Response
from vocode_contract.simulator.faults.call_values import STRANGER
from vocode_contract.simulator.faults.fault import Fault, FaultyTurn, Spoiling, changed
from vocode_contract.simulator.responses import answered

Page = dict[str, Any]
_DEFAULT_SIZE = 10


def _asked(turn: FaultyTurn, **parameters: int | None) -> Page:
    """Return the page for other parameters than those asked for; None leaves one out."""
    query: dict[str, int | str | None] = {**dict(parse_qsl(turn.request.query)), **parameters}
    kept = {name: value for name, value in query.items() if value is not None}
    response = turn.below(replace(turn.request, query=urlencode(kept)), turn.rules)
    return dict(orjson.loads(response.body)) if response.status == 200 else {"items": []}


def _first_page(page: Page, turn: FaultyTurn) -> object:
    return _asked(turn, page=1) | {"page": page["page"]}


def _default_size(page: Page, turn: FaultyTurn) -> object:
    return _asked(turn, size=_DEFAULT_SIZE) | {"size": page["size"]}


def _overlapping(page: Page, turn: FaultyTurn) -> object:
    """Begin each page but the first with the last call of the page before."""
    if page["page"] == 1 or not page["items"]:
        return page
    before = _asked(turn, page=page["page"] - 1)["items"]
    return page | {"items": [*before[-1:], *page["items"][1:]]}


def _doubled(page: Page, _turn: FaultyTurn) -> object:
    return page | {"items": [*page["items"][:-1], *page["items"][:1]]} if len(page["items"]) > 1 else page


def _lacking(page: Page, _turn: FaultyTurn) -> object:
    """Leave the second call of each page out."""
    return page | {"items": [*page["items"][:1], *page["items"][2:]]}


def _without_newest(page: Page, turn: FaultyTurn) -> object:
    newest = next(reversed(turn.state.calls), "")
    return page | {"items": [item for item in page["items"] if item["id"] != newest]}


def _endless(page: Page, turn: FaultyTurn) -> object:
    """Go on with the first page's calls where the list has come to its end."""
    return page | {"items": page["items"] or _asked(turn, page=1)["items"], "has_more": True}


def _unsorted(turn: FaultyTurn) -> Response:
    response = turn.sound()
    return answered(200, _asked(turn, sort_column=None, sort_desc=None)) if response.status == 200 else response


def _items(change: Callable[[dict[str, Any], FaultyTurn], object]) -> Spoiling:
    """Spoil each call on a page."""
    return changed(lambda page, turn: page | {"items": [change(item, turn) for item in page["items"]]})


def _stale(item: dict[str, Any], _turn: FaultyTurn) -> object:
    return item | {"status": "in_progress", "end_time": None} if item.get("status") == "ended" else item


def _without(key: str) -> Callable[[dict[str, Any], FaultyTurn], object]:
    return lambda thing, _: {name: value for name, value in thing.items() if name != key}


def _listing(
    name: str, title: str, broken: tuple[str, ...] | str, change: Callable[[Page, FaultyTurn], object]
) -> Fault:
    breaks = (broken,) if isinstance(broken, str) else broken
    return Fault(name=name, title=title, breaks=breaks, operations=("list_calls",), spoil=changed(change))


def _of_items(name: str, title: str, broken: str, change: Callable[[dict[str, Any], FaultyTurn], object]) -> Fault:
    return Fault(name=name, title=title, breaks=(broken,), operations=("list_calls",), spoil=_items(change))


PAGES = (
    _listing(
        "page-ignored",
        "every page holds the calls of the first",
        ("page-not-obeyed", "item-twice", "item-missing"),
        _first_page,
    ),
    _listing(
        "page-number-wrong",
        "a page bears the number of the next",
        "page-not-obeyed",
        lambda page, _: page | {"page": page["page"] + 1},
    ),
    _listing(
        "size-ignored",
        "every page holds ten calls, whatever was asked",
        ("size-not-obeyed", "item-twice", "item-missing"),
        _default_size,
    ),
    _listing(
        "size-number-wrong",
        "a page says that it was to hold one call more",
        "size-not-obeyed",
        lambda page, _: page | {"size": page["size"] + 1},
    ),
    _listing(
        "item-on-two-pages",
        "the last call of a page is also the first of the next",
        ("item-twice", "item-missing"),
        _overlapping,
    ),
    _listing("item-twice", "the first call of a page is also its last", ("item-twice", "item-missing"), _doubled),
    _listing("item-missing", "the second call of each page is left out", "item-missing", _lacking),
    _listing("newest-call-unlisted", "the newest call is on no page", "item-missing", _without_newest),
    _listing(
        "has-more-always",
        "every page says that another follows",
        "has-more-wrong",
        lambda page, _: page | {"has_more": True},
    ),
    _listing(
        "has-more-never",
        "no page says that another follows",
        "has-more-wrong",
        lambda page, _: page | {"has_more": False},
    ),
    _listing(
        "endless-pages", "behind the last page the first one comes again", ("has-more-wrong", "item-twice"), _endless
    ),
    _listing("items-null", "a page has null for its calls", "null", lambda page, _: page | {"items": None}),
    _listing("page-as-list", "a page is a bare list of calls", "type", lambda page, _: page["items"]),
    _listing("page-without-has-more", "a page does not say whether another follows", "required", _without("has_more")),
    _of_items(
        "agent-as-object",
        "listed calls hold their agent in full",
        "type",
        lambda item, turn: item | {"agent": turn.call(item["id"])["agent"]},
    ),
    _of_items(
        "listed-call-misshapen", "listed calls come without the number called", "required", _without("to_number")
    ),
    _of_items("listed-call-stale", "List Calls shows ended calls as in progress", "status-went-back", _stale),
    _of_items(
        "foreign-call-listed",
        "listed calls belong to another account",
        "owner-changed",
        lambda item, _: item | {"user_id": STRANGER},
    ),
    Fault(
        name="sort-ignored",
        title="the order that was asked for is ignored",
        breaks=("sort-not-obeyed",),
        operations=("list_calls",),
        since="2024-04-19",
        spoil=_unsorted,
    ),
    Fault(
        name="total-wrong",
        title="a page counts one call less than there are",
        breaks=("total-wrong",),
        operations=("list_calls",),
        since="2024-04-19",
        spoil=changed(lambda page, _: page | {"total": page["total"] - 1}),
    ),
)
