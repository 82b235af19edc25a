"""Faults of List Calls: pages that overlap, never end or contain the wrong calls."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from vocode_contract.simulator.faults.end_call import show_as_in_progress
from vocode_contract.simulator.faults.fault import FaultContext, ResponseFault, change_json

Page = dict[str, Any]


def _get_page(ctx: FaultContext, **parameters: int | None) -> Page:
    """Return the page for other parameters than the requested ones; None leaves one out."""
    query: dict[str, int | str | None] = {**dict(parse_qsl(ctx.request.query)), **parameters}
    kept = {name: value for name, value in query.items() if value is not None}
    response = ctx.respond(replace(ctx.request, query=urlencode(kept)))
    return dict(orjson.loads(response.body)) if response.status == 200 else {"items": []}


def _overlap(page: Page, ctx: FaultContext) -> object:
    """Begin each page but the first with the last call of the page before."""
    if page["page"] == 1 or not page["items"]:
        return page
    before = _get_page(ctx, page=page["page"] - 1)["items"]
    return page | {"items": [*before[-1:], *page["items"][1:]]}


def _repeat_first_item(page: Page, _ctx: FaultContext) -> object:
    return page | {"items": [*page["items"][:-1], *page["items"][:1]]} if len(page["items"]) > 1 else page


def _drop_newest_call(page: Page, ctx: FaultContext) -> object:
    newest = next(reversed(ctx.state.calls), "")
    return page | {"items": [item for item in page["items"] if item["id"] != newest]}


def _start_again(page: Page, ctx: FaultContext) -> object:
    """Continue with the calls of the first page after the last one."""
    return page | {"items": page["items"] or _get_page(ctx, page=1)["items"], "has_more": True}


def _change_items(change: Callable[[dict[str, Any], FaultContext], object]) -> Callable[[Page, FaultContext], object]:
    return lambda page, ctx: page | {"items": [change(item, ctx) for item in page["items"]]}


LIST_CALLS: Mapping[str, ResponseFault] = {
    "item-on-two-pages": change_json(_overlap),
    "item-twice": change_json(_repeat_first_item),
    "newest-call-unlisted": change_json(_drop_newest_call),
    "endless-pages": change_json(_start_again),
    "page-as-list": change_json(lambda page, _: page["items"]),
    "agent-as-object": change_json(
        _change_items(lambda item, ctx: item | {"agent": ctx.get_call(item["id"])["agent"]})
    ),
    "listed-call-stale": change_json(_change_items(show_as_in_progress)),
    "sort-ignored": change_json(lambda _, ctx: _get_page(ctx, sort_column=None, sort_desc=None)),
    "total-wrong": change_json(lambda page, _: page | {"total": page["total"] - 1}),
}
