"""Compare the operations, webhooks, security and servers of two documents."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vocode_contract.contract.diff.change import Change, make_removal
from vocode_contract.contract.diff.kinds import Direction
from vocode_contract.contract.diff.schemas import SchemaComparison, compare_deprecation, limit_directions
from vocode_contract.contract.diff.shape import Reader, SchemaPlace
from vocode_contract.contract.json_pointer import escape, resolve
from vocode_contract.contract.model import Schema

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_SENT: tuple[Direction, ...] = ("sent",)
_RECEIVED: tuple[Direction, ...] = ("received",)
_OPPOSITE: Mapping[Direction, Direction] = {"sent": "received", "received": "sent"}
_TEMPLATE = re.compile(r"\{[^}]*\}")
#: How each place of a parameter is written unless the document says otherwise.
_STYLES: Mapping[str, str] = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
#: Headers that are no parameters, whatever a document says.
_IGNORED_HEADERS = frozenset(("accept", "authorization", "content-type"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoint:
    """One operation or webhook of a document."""

    path: str
    method: str
    spec: Schema
    shared: Schema
    document: Schema
    pointer: str

    @property
    def key(self) -> tuple[str, str]:
        """What it is found by: names of path parameters are no part of a URL."""
        return self.method, _TEMPLATE.sub("{}", self.path)

    @property
    def operation_id(self) -> str:
        return str(self.spec.get("operationId", ""))

    @property
    def name(self) -> str:
        return self.operation_id or f"{self.method.upper()} {self.path}"

    def find(self, node: Any) -> Any:
        """Return an object of the document, references to components other than schemas resolved."""
        return follow(node, self.document)

    @property
    def parameters(self) -> Mapping[tuple[str, str], Schema]:
        """The parameters by place and name; of a path parameter, by its position."""
        found: dict[tuple[str, str], Schema] = {}
        in_path = _TEMPLATE.findall(self.path)
        for each in (*_items(self.shared.get("parameters")), *_items(self.spec.get("parameters"))):
            parameter = self.find(each)
            if not isinstance(parameter, dict):
                continue
            location, name = str(parameter.get("in", "")), str(parameter.get("name", ""))
            if location == "header" and name.lower() in _IGNORED_HEADERS:
                continue
            if location == "path" and f"{{{name}}}" in in_path:
                found[location, str(in_path.index(f"{{{name}}}"))] = parameter
            else:
                found[location, name.lower() if location == "header" else name] = parameter
        return found


def follow(node: Any, document: Schema) -> Any:
    """Return what a reference leads to, or the node itself; an empty object if it leads nowhere."""
    for _ in range(8):
        if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
            return node
        try:
            node = resolve(document, node["$ref"].removeprefix("#"))
        except LookupError:
            return {}
    return {}


def list_endpoints(document: Schema, section: str = "paths") -> Iterator[_Endpoint]:
    """Yield the operations of a document, or with the section ``webhooks`` its webhooks."""
    for path, found in _members(document.get(section)).items():
        item = follow(found, document)
        for method, spec in _members(item).items():
            if method.lower() in METHODS and isinstance(spec, dict):
                pointer = f"/{section}/{escape(path)}/{method}"
                yield _Endpoint(
                    path=path, method=method.lower(), spec=spec, shared=item, document=document, pointer=pointer
                )


def list_callbacks(document: Schema) -> Iterator[Schema]:
    """Yield each operation that a server calls at an address that it was given."""
    for endpoint in list_endpoints(document):
        for found in _members(endpoint.spec.get("callbacks")).values():
            for item in _members(endpoint.find(found)).values():
                yield from (spec for method, spec in _members(item).items() if method.lower() in METHODS)


def compare_operations(schemas: SchemaComparison) -> Iterator[Change]:
    """Yield the changes of everything but the named schemas, in the order of the newer document."""
    old, new = schemas.old.document, schemas.new.document
    yield from _compare_servers(old, new)
    yield from _compare_schemes(old, new)
    yield from _compare_section("paths", schemas)
    yield from _compare_section("webhooks", schemas)


def _compare_section(section: str, schemas: SchemaComparison) -> Iterator[Change]:
    noun = "operation" if section == "paths" else "webhook"
    was = {each.key: each for each in list_endpoints(schemas.old.document, section)}
    now = {each.key: each for each in list_endpoints(schemas.new.document, section)}
    fresh = {each.operation_id: each for key, each in now.items() if key not in was and each.operation_id}
    moved = {
        key: fresh[each.operation_id] for key, each in was.items() if key not in now and each.operation_id in fresh
    }
    for key, before in was.items():
        if key not in now and key not in moved:
            pointer = before.pointer
            yield make_removal(f"{noun}-removed", pointer, before.name, _SENT)
        elif key in moved:
            after = moved[key]
            texts = [f"{each.method.upper()} {each.path}" for each in (before, after)]
            yield _between("operation-moved", before, after, before=texts[0], after=texts[1])
            yield from _compare_endpoints(before, after, schemas)
    is_moved = {id(each) for each in moved.values()}
    for key, after in now.items():
        if key in was:
            yield from _compare_endpoints(was[key], after, schemas)
        elif id(after) not in is_moved:
            yield Change(kind=f"{noun}-added", pointer=after.pointer, after=after.name, directions=_SENT)


def _between(kind: str, was: _Endpoint, now: _Endpoint, *, before: str = "", after: str = "") -> Change:
    return Change(kind=kind, pointer=now.pointer, old_pointer=was.pointer, before=before, after=after, directions=_SENT)


def _compare_endpoints(was: _Endpoint, now: _Endpoint, schemas: SchemaComparison) -> Iterator[Change]:
    is_webhook = now.pointer.startswith("/webhooks/")
    found = (
        *_compare_description(was, now),
        *_compare_parameters(was, now, schemas),
        *_compare_request_body(was, now, schemas),
        *_compare_responses(was, now, schemas),
    )
    for change in found:
        yield _turn(change) if is_webhook else change
    if is_webhook:
        yield from _compare_event_types(was, now, schemas)


def _turn(change: Change) -> Change:
    """Return a change of a webhook, whose request a client receives."""
    return replace(change, directions=tuple(_OPPOSITE[direction] for direction in change.directions))


def _compare_description(was: _Endpoint, now: _Endpoint) -> Iterator[Change]:
    if was.operation_id != now.operation_id:
        yield _between("operation-renamed", was, now, before=was.operation_id, after=now.operation_id)
    for keyword in ("summary", "description", "tags"):
        if was.spec.get(keyword) != now.spec.get(keyword):
            yield _between("text-changed", was, now, before=keyword, after=keyword)
    before, after = (str(each.spec.get("x-effect", "")) for each in (was, now))
    if before != after:
        yield _between("effect-changed", was, now, before=before, after=after)
    for change in compare_deprecation(was.spec, now.spec, was.pointer, now.pointer):
        yield replace(change, directions=_SENT)
    yield from _compare_security(was, now)


def _compare_parameters(was: _Endpoint, now: _Endpoint, schemas: SchemaComparison) -> Iterator[Change]:
    before, after = was.parameters, now.parameters
    fresh = {str(each["name"]): key for key, each in after.items() if key not in before}
    for key, parameter in before.items():
        name = str(parameter.get("name", ""))
        place = f"{was.pointer}/parameters/{escape(name)}"
        if key in after:
            yield from _compare_parameter(parameter, after[key], (place, _parameter_pointer(now, after[key])), schemas)
        elif name in fresh:
            moved = after[fresh.pop(name)]
            pointer, (location, _) = _parameter_pointer(now, moved), key
            yield Change(
                kind="parameter-moved",
                pointer=pointer,
                old_pointer=place,
                before=location,
                after=str(moved["in"]),
                directions=_SENT,
            )
        else:
            yield make_removal("parameter-removed", place, name, _SENT)
    for name, key in fresh.items():
        kind = "required-parameter-added" if after[key].get("required") is True else "parameter-added"
        yield Change(kind=kind, pointer=_parameter_pointer(now, after[key]), after=name, directions=_SENT)


def _parameter_pointer(endpoint: _Endpoint, parameter: Schema) -> str:
    return f"{endpoint.pointer}/parameters/{escape(str(parameter.get('name', '')))}"


def _compare_parameter(
    was: Schema, now: Schema, places: tuple[str, str], schemas: SchemaComparison
) -> Iterator[Change]:
    old_pointer, pointer = places
    found: list[Change] = []

    def add(kind: str, before: str = "", after: str = "") -> None:
        found.append(Change(kind=kind, pointer=pointer, old_pointer=old_pointer, before=before, after=after))

    if was.get("in") == "path" and was.get("name") != now.get("name"):
        add("path-parameter-renamed", str(was.get("name")), str(now.get("name")))
    if (was.get("required") is True) is not (now.get("required") is True):
        add("required" if now.get("required") is True else "optional")
    before, after = _read_style(was), _read_style(now)
    if before != after:
        add("parameter-style-changed", before, after)
    if was.get("description") != now.get("description"):
        add("text-changed", "description", "description")
    found += compare_deprecation(was, now, old_pointer, pointer)
    found += schemas.compare(SchemaPlace(_value_schema(was), old_pointer), SchemaPlace(_value_schema(now), pointer))
    yield from (limit_directions(change, _SENT) for change in found)


def _read_style(parameter: Schema) -> str:
    style = parameter.get("style", _STYLES.get(str(parameter.get("in")), ""))
    return f"{style}{', exploded' if parameter.get('explode', style == 'form') else ''}"


def _value_schema(parameter: Schema) -> Any:
    """Return the schema of a parameter or header, which may be that of a media type."""
    content: Any = next(iter(_members(parameter.get("content")).values()), {})
    return parameter.get("schema", content.get("schema", {}) if isinstance(content, dict) else {})


def _compare_request_body(was: _Endpoint, now: _Endpoint, schemas: SchemaComparison) -> Iterator[Change]:
    before, after = (each.find(each.spec.get("requestBody")) for each in (was, now))
    old_pointer, pointer = f"{was.pointer}/requestBody", f"{now.pointer}/requestBody"
    if not isinstance(before, dict) or not isinstance(after, dict):
        if isinstance(after, dict):
            kind = "required-body-added" if after.get("required") is True else "body-added"
            yield Change(kind=kind, pointer=pointer, directions=_SENT)
        elif isinstance(before, dict):
            yield make_removal("body-removed", old_pointer, directions=_SENT)
        return
    is_required = after.get("required") is True
    if (before.get("required") is True) is not is_required:
        kind = "required" if is_required else "optional"
        yield Change(kind=kind, pointer=pointer, old_pointer=old_pointer, directions=_SENT)
    yield from _compare_content((before, after), (old_pointer, pointer), _SENT, schemas)


def _compare_content(
    bodies: tuple[Schema, Schema], places: tuple[str, str], directions: tuple[Direction, ...], schemas: SchemaComparison
) -> Iterator[Change]:
    """Yield the changes of the media types of a body, and of its schema under each."""
    before, after = (_members(body.get("content")) for body in bodies)
    old_place, place = (f"{each}/content" for each in places)
    for media_type in before:
        old_pointer, pointer = (f"{each}/{escape(media_type)}" for each in (old_place, place))
        if media_type not in after:
            yield make_removal("media-type-removed", old_pointer, media_type, directions)
            continue
        was, now = (_members(each[media_type]).get("schema", {}) for each in (before, after))
        for change in schemas.compare(SchemaPlace(was, f"{old_pointer}/schema"), SchemaPlace(now, f"{pointer}/schema")):
            yield limit_directions(change, directions)
    for media_type in after:
        if media_type not in before:
            pointer = f"{place}/{escape(media_type)}"
            yield Change(kind="media-type-added", pointer=pointer, after=media_type, directions=directions)


def _compare_responses(was: _Endpoint, now: _Endpoint, schemas: SchemaComparison) -> Iterator[Change]:
    before, after = (_members(each.spec.get("responses")) for each in (was, now))
    for status in sorted({*before, *after}):
        word = "success" if status[:1] in ("1", "2", "3") else "error"
        old_pointer, pointer = (f"{each.pointer}/responses/{escape(status)}" for each in (was, now))
        if status not in before:
            yield Change(kind=f"{word}-status-added", pointer=pointer, after=status, directions=_RECEIVED)
        elif status not in after:
            yield make_removal(f"{word}-status-removed", old_pointer, status, _RECEIVED)
        else:
            bodies = (_members(was.find(before[status])), _members(now.find(after[status])))
            yield from _compare_headers(bodies, (old_pointer, pointer), (was, now), schemas)
            yield from _compare_content(bodies, (old_pointer, pointer), _RECEIVED, schemas)


def _compare_headers(
    bodies: tuple[Schema, Schema],
    places: tuple[str, str],
    endpoints: tuple[_Endpoint, _Endpoint],
    schemas: SchemaComparison,
) -> Iterator[Change]:
    before, after = (
        {name.lower(): _members(endpoint.find(header)) for name, header in _members(body.get("headers")).items()}
        for body, endpoint in zip(bodies, endpoints, strict=True)
    )
    for name in sorted({*before, *after}):
        old_pointer, pointer = (f"{place}/headers/{escape(name)}" for place in places)
        if name not in before:
            yield Change(kind="header-added", pointer=pointer, after=name, directions=_RECEIVED)
            continue
        was, now = before[name], after.get(name)
        if now is None:
            kind = "required-header-removed" if was.get("required") is True else "header-removed"
            yield make_removal(kind, old_pointer, name, _RECEIVED)
            continue
        if (was.get("required") is True) is not (now.get("required") is True):
            kind = "required" if now.get("required") is True else "optional"
            yield Change(kind=kind, pointer=pointer, old_pointer=old_pointer, directions=_RECEIVED)
        found = schemas.compare(SchemaPlace(_value_schema(was), old_pointer), SchemaPlace(_value_schema(now), pointer))
        yield from (limit_directions(change, _RECEIVED) for change in found)


def _compare_event_types(was: _Endpoint, now: _Endpoint, schemas: SchemaComparison) -> Iterator[Change]:
    """Yield the types of events that are new or gone."""
    before, after = _list_event_types(was, schemas.old), _list_event_types(now, schemas.new)
    place = f"{now.pointer}/requestBody"
    for kind, names in (("event-type-added", after - before), ("event-type-removed", before - after)):
        for name in sorted(names if before and after else ()):
            is_new = name in after
            yield Change(
                kind=kind,
                pointer=place,
                old_pointer=f"{was.pointer}/requestBody",
                directions=_RECEIVED,
                before="" if is_new else name,
                after=name if is_new else "",
            )


def _list_event_types(endpoint: _Endpoint, reader: Reader) -> set[str]:
    """Return the values of the discriminator of a webhook's body, or of its property ``type``."""
    found: set[str] = set()
    body = _members(endpoint.find(endpoint.spec.get("requestBody")))
    for media in _members(body.get("content")).values():
        shape = reader.expand(reader.read(SchemaPlace(_members(media).get("schema", {}), "")))
        discriminator = _members(shape.keywords.get("discriminator"))
        found |= {*_members(discriminator.get("mapping"))}
        for member in shape.members or (shape.place.schema,):
            event = reader.expand(reader.read(SchemaPlace(member, "")))
            tag = event.properties.get(str(discriminator.get("propertyName", "type")))
            values = reader.expand(reader.read(tag)).values if tag is not None else ()
            found |= {value for value in values or () if isinstance(value, str)}
    return found


def _compare_servers(old: Schema, new: Schema) -> Iterator[Change]:
    before, after = (
        {str(server.get("url", "")): None for server in _items(document.get("servers")) if isinstance(server, dict)}
        for document in (old, new)
    )
    for url in before:
        if url not in after:
            yield make_removal("server-removed", "/servers", url, _SENT)
    for url in after:
        if url not in before:
            yield Change(kind="server-added", pointer="/servers", old_pointer="/servers", after=url, directions=_SENT)


def _list_schemes(document: Schema) -> Mapping[str, Schema]:
    found = _members(_members(document.get("components")).get("securitySchemes"))
    return {name: _members(follow(scheme, document)) for name, scheme in found.items()}


def _identify_scheme(scheme: Schema) -> str:
    """Return what a client has to know of a security scheme to use it."""
    known = {key: scheme.get(key) for key in ("type", "in", "name", "scheme", "openIdConnectUrl", "flows")}
    if isinstance(known["scheme"], str):
        known["scheme"] = known["scheme"].lower()
    return json.dumps(known, sort_keys=True)


def _compare_schemes(old: Schema, new: Schema) -> Iterator[Change]:
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
                    directions=_SENT,
                )
        elif new_name := fresh.pop(identity, ""):
            yield Change(
                kind="security-scheme-renamed",
                pointer=f"{place}/{escape(new_name)}",
                old_pointer=pointer,
                before=name,
                after=new_name,
                directions=_SENT,
            )
        else:
            yield make_removal("security-scheme-removed", pointer, name, _SENT)
    for name in fresh.values():
        yield Change(kind="security-scheme-added", pointer=f"{place}/{escape(name)}", after=name, directions=_SENT)


def _describe_scheme(scheme: Schema) -> str:
    return " ".join(str(scheme[key]) for key in ("type", "scheme", "in", "name") if key in scheme)


#: One way to be let in: each scheme by its identity, with its scopes. No scheme at all lets everybody in.
_Alternative = frozenset[tuple[str, frozenset[str]]]


def _list_alternatives(endpoint: _Endpoint) -> Mapping[_Alternative, str]:
    """Map each way to be let in to its description."""
    schemes = _list_schemes(endpoint.document)
    security = endpoint.spec.get("security", endpoint.document.get("security"))
    found: dict[_Alternative, str] = {}
    for each in _items(security) or [{}]:
        needs = _members(each)
        alternative = frozenset(
            (_identify_scheme(schemes[name]) if name in schemes else name, frozenset(map(str, _items(scopes))))
            for name, scopes in needs.items()
        )
        words = (f"{name} ({', '.join(map(str, scopes))})" if scopes else name for name, scopes in needs.items())
        found[alternative] = " and ".join(words) or "nothing"
    return found


def _compare_security(was: _Endpoint, now: _Endpoint) -> Iterator[Change]:
    before, after = _list_alternatives(was), _list_alternatives(now)
    earlier, later = " or ".join(before.values()), " or ".join(after.values())
    if any(not any(_is_enough(have, need) for need in after) for have in before):
        yield _between("security-tightened", was, now, before=earlier, after=later)
    elif any(not any(_is_enough(have, need) for need in before) for have in after):
        yield _between("security-loosened", was, now, before=earlier, after=later)


def _is_enough(have: _Alternative, need: _Alternative) -> bool:
    """Return whether whoever meets one requirement meets another."""
    scopes = dict(have)
    return all(scheme in scopes and wanted <= scopes[scheme] for scheme, wanted in need)


def _members(node: Any) -> Mapping[str, Any]:
    return node if isinstance(node, dict) else {}


def _items(node: Any) -> Iterable[Any]:
    return node if isinstance(node, list) else ()
