"""Compare the servers of two documents, and how they authenticate."""

import json
from collections.abc import Iterator, Mapping

from vocode_contract.contract.diff.change import Change, make_removal
from vocode_contract.contract.diff.endpoints import SENT, OperationEntry, follow, get_items, get_members, make_change
from vocode_contract.contract.json_pointer import escape
from vocode_contract.contract.operation import Schema


def compare_servers(old: Schema, new: Schema) -> Iterator[Change]:
    """Yield the servers that come or go; a document without servers is served by one that it does not name."""
    before, after = (
        {str(server.get("url", "")): None for server in get_items(document.get("servers")) if isinstance(server, dict)}
        for document in (old, new)
    )
    if not before or not after:
        return
    for url in before:
        if url not in after:
            yield make_removal("server-removed", "/servers", url, SENT)
    for url in after:
        if url not in before:
            yield Change(kind="server-added", pointer="/servers", old_pointer="/servers", after=url, directions=SENT)


def _list_schemes(document: Schema) -> Mapping[str, Schema]:
    found = get_members(get_members(document.get("components")).get("securitySchemes"))
    return {name: get_members(follow(scheme, document)) for name, scheme in found.items()}


def _identify_scheme(scheme: Schema) -> str:
    """Return what a client has to know of a security scheme to use it."""
    known = {key: scheme.get(key) for key in ("type", "in", "name", "scheme", "openIdConnectUrl", "flows")}
    if isinstance(known["scheme"], str):
        known["scheme"] = known["scheme"].lower()
    return json.dumps(known, sort_keys=True)


def compare_schemes(old: Schema, new: Schema) -> Iterator[Change]:
    """Yield the changes of the security schemes."""
    before, after = _list_schemes(old), _list_schemes(new)
    place = "/components/securitySchemes"
    fresh = {_identify_scheme(scheme): name for name, scheme in after.items() if name not in before}
    for name, scheme in before.items():
        pointer = f"{place}/{escape(name)}"
        identity = _identify_scheme(scheme)
        if name in after:
            if identity != _identify_scheme(after[name]):
                yield Change(
                    kind="security-scheme-changed",
                    pointer=pointer,
                    old_pointer=pointer,
                    before=_describe_scheme(scheme),
                    after=_describe_scheme(after[name]),
                    directions=SENT,
                )
        elif new_name := fresh.pop(identity, ""):
            yield Change(
                kind="security-scheme-renamed",
                pointer=f"{place}/{escape(new_name)}",
                old_pointer=pointer,
                before=name,
                after=new_name,
                directions=SENT,
            )
        else:
            yield make_removal("security-scheme-removed", pointer, name, SENT)
    for name in fresh.values():
        yield Change(kind="security-scheme-added", pointer=f"{place}/{escape(name)}", after=name, directions=SENT)


def _describe_scheme(scheme: Schema) -> str:
    return " ".join(str(scheme[key]) for key in ("type", "scheme", "in", "name") if key in scheme)


#: One way to be let in: each scheme by its identity, with its scopes. No scheme at all lets everybody in.
_Alternative = frozenset[tuple[str, frozenset[str]]]


def _list_alternatives(endpoint: OperationEntry) -> Mapping[_Alternative, str]:
    """Map each way to be let in to its description."""
    schemes = _list_schemes(endpoint.document)
    security = endpoint.spec.get("security", endpoint.document.get("security"))
    found: dict[_Alternative, str] = {}
    for each in get_items(security) or [{}]:
        needs = get_members(each)
        alternative = frozenset(
            (_identify_scheme(schemes[name]) if name in schemes else name, frozenset(map(str, get_items(scopes))))
            for name, scopes in needs.items()
        )
        words = (f"{name} ({', '.join(map(str, scopes))})" if scopes else name for name, scopes in needs.items())
        found[alternative] = " and ".join(words) or "nothing"
    return found


def compare_security(was: OperationEntry, now: OperationEntry) -> Iterator[Change]:
    """Yield a change if an operation requires more or less of who calls it."""
    before, after = _list_alternatives(was), _list_alternatives(now)
    earlier, later = " or ".join(before.values()), " or ".join(after.values())
    if any(not any(_is_enough(have, need) for need in after) for have in before):
        yield make_change("security-tightened", was, now, before=earlier, after=later)
    elif any(not any(_is_enough(have, need) for need in before) for have in after):
        yield make_change("security-loosened", was, now, before=earlier, after=later)


def _is_enough(have: _Alternative, need: _Alternative) -> bool:
    """Return whether whoever meets one requirement meets another."""
    scopes = dict(have)
    return all(scheme in scopes and wanted <= scopes[scheme] for scheme, wanted in need)
