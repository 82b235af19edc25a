"""Compare the operations and webhooks of two documents; `endpoints` finds them, `security` compares the rest."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from vocode_contract.contract.diff.change import Change, make_removal
from vocode_contract.contract.diff.endpoints import (
    RECEIVED,
    SENT,
    OperationEntry,
    get_members,
    list_endpoints,
    make_change,
)
from vocode_contract.contract.diff.kinds import Direction
from vocode_contract.contract.diff.schemas import SchemaComparison, compare_deprecation, limit_directions
from vocode_contract.contract.diff.security import compare_schemes, compare_security, compare_servers
from vocode_contract.contract.diff.shape import Reader, SchemaPlace
from vocode_contract.contract.json_pointer import escape
from vocode_contract.contract.operation import Schema

_OPPOSITE: Mapping[Direction, Direction] = {"sent": "received", "received": "sent"}
#: How each place of a parameter is written unless the document says otherwise.
_STYLES: Mapping[str, str] = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


def compare_operations(schemas: SchemaComparison) -> Iterator[Change]:
    """Yield the changes of everything but the named schemas, in the order of the newer document."""
    old, new = schemas.old.document, schemas.new.document
    yield from compare_servers(old, new)
    yield from compare_schemes(old, new)
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
            yield make_removal(f"{noun}-removed", pointer, before.name, SENT)
        elif key in moved:
            after = moved[key]
            texts = [f"{each.method.upper()} {each.path}" for each in (before, after)]
            yield make_change("operation-moved", before, after, before=texts[0], after=texts[1])
            yield from _compare_endpoints(before, after, schemas)
    is_moved = {id(each) for each in moved.values()}
    for key, after in now.items():
        if key in was:
            yield from _compare_endpoints(was[key], after, schemas)
        elif id(after) not in is_moved:
            yield Change(kind=f"{noun}-added", pointer=after.pointer, after=after.name, directions=SENT)


def _compare_endpoints(was: OperationEntry, now: OperationEntry, schemas: SchemaComparison) -> Iterator[Change]:
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


def _compare_description(was: OperationEntry, now: OperationEntry) -> Iterator[Change]:
    if was.operation_id != now.operation_id:
        yield make_change("operation-renamed", was, now, before=was.operation_id, after=now.operation_id)
    for keyword in ("summary", "description", "tags"):
        if was.spec.get(keyword) != now.spec.get(keyword):
            yield make_change("text-changed", was, now, before=keyword, after=keyword)
    before, after = (str(each.spec.get("x-effect", "")) for each in (was, now))
    if before and after and before != after:  # a document that does not say it has not changed it
        yield make_change("effect-changed", was, now, before=before, after=after)
    for change in compare_deprecation(was.spec, now.spec, was.pointer, now.pointer):
        yield replace(change, directions=SENT)
    yield from compare_security(was, now)


def _compare_parameters(was: OperationEntry, now: OperationEntry, schemas: SchemaComparison) -> Iterator[Change]:
    before, after = was.parameters, now.parameters
    fresh = {str(each.get("name", "")): key for key, each in after.items() if key not in before}
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
                after=str(moved.get("in", "")),
                directions=SENT,
            )
        else:
            yield make_removal("parameter-removed", place, name, SENT)
    for name, key in fresh.items():
        kind = "required-parameter-added" if after[key].get("required") is True else "parameter-added"
        yield Change(kind=kind, pointer=_parameter_pointer(now, after[key]), after=name, directions=SENT)


def _parameter_pointer(endpoint: OperationEntry, parameter: Schema) -> str:
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
    yield from limit_directions(found, SENT)


def _read_style(parameter: Schema) -> str:
    style = parameter.get("style", _STYLES.get(str(parameter.get("in")), ""))
    return f"{style}{', exploded' if parameter.get('explode', style == 'form') else ''}"


def _value_schema(parameter: Schema) -> Any:
    """Return the schema of a parameter or header, which may be that of a media type."""
    content: Any = next(iter(get_members(parameter.get("content")).values()), {})
    return parameter.get("schema", content.get("schema", {}) if isinstance(content, dict) else {})


def _compare_request_body(was: OperationEntry, now: OperationEntry, schemas: SchemaComparison) -> Iterator[Change]:
    before, after = (each.find(each.spec.get("requestBody")) for each in (was, now))
    old_pointer, pointer = f"{was.pointer}/requestBody", f"{now.pointer}/requestBody"
    if not isinstance(before, dict) or not isinstance(after, dict):
        if isinstance(after, dict):
            kind = "required-body-added" if after.get("required") is True else "body-added"
            yield Change(kind=kind, pointer=pointer, directions=SENT)
        elif isinstance(before, dict):
            yield make_removal("body-removed", old_pointer, directions=SENT)
        return
    is_required = after.get("required") is True
    if (before.get("required") is True) is not is_required:
        kind = "required" if is_required else "optional"
        yield Change(kind=kind, pointer=pointer, old_pointer=old_pointer, directions=SENT)
    yield from _compare_content((before, after), (old_pointer, pointer), SENT, schemas)


def _compare_content(
    bodies: tuple[Schema, Schema], places: tuple[str, str], directions: tuple[Direction, ...], schemas: SchemaComparison
) -> Iterator[Change]:
    """Yield the changes of the media types of a body, and of its schema under each."""
    before, after = (get_members(body.get("content")) for body in bodies)
    old_place, place = (f"{each}/content" for each in places)
    for media_type in before:
        old_pointer, pointer = (f"{each}/{escape(media_type)}" for each in (old_place, place))
        if media_type not in after:
            yield make_removal("media-type-removed", old_pointer, media_type, directions)
            continue
        was, now = (get_members(each[media_type]).get("schema", {}) for each in (before, after))
        pair = SchemaPlace(was, f"{old_pointer}/schema"), SchemaPlace(now, f"{pointer}/schema")
        yield from limit_directions(schemas.compare(*pair), directions)
    for media_type in after:
        if media_type not in before:
            pointer = f"{place}/{escape(media_type)}"
            yield Change(kind="media-type-added", pointer=pointer, after=media_type, directions=directions)


def _compare_responses(was: OperationEntry, now: OperationEntry, schemas: SchemaComparison) -> Iterator[Change]:
    before, after = (get_members(each.spec.get("responses")) for each in (was, now))
    for status in sorted({*before, *after}):
        word = "success" if status[:1] in ("1", "2", "3") else "error"
        old_pointer, pointer = (f"{each.pointer}/responses/{escape(status)}" for each in (was, now))
        if status not in before:
            yield Change(kind=f"{word}-status-added", pointer=pointer, after=status, directions=RECEIVED)
        elif status not in after:
            yield make_removal(f"{word}-status-removed", old_pointer, status, RECEIVED)
        else:
            bodies = (get_members(was.find(before[status])), get_members(now.find(after[status])))
            yield from _compare_headers(bodies, (old_pointer, pointer), (was, now), schemas)
            yield from _compare_content(bodies, (old_pointer, pointer), RECEIVED, schemas)


def _compare_headers(
    bodies: tuple[Schema, Schema],
    places: tuple[str, str],
    endpoints: tuple[OperationEntry, OperationEntry],
    schemas: SchemaComparison,
) -> Iterator[Change]:
    before, after = (
        {name.lower(): get_members(endpoint.find(header)) for name, header in get_members(body.get("headers")).items()}
        for body, endpoint in zip(bodies, endpoints, strict=True)
    )
    for name in sorted({*before, *after}):
        old_pointer, pointer = (f"{place}/headers/{escape(name)}" for place in places)
        if name not in before:
            yield Change(kind="header-added", pointer=pointer, after=name, directions=RECEIVED)
            continue
        was, now = before[name], after.get(name)
        if now is None:
            kind = "required-header-removed" if was.get("required") is True else "header-removed"
            yield make_removal(kind, old_pointer, name, RECEIVED)
            continue
        if (was.get("required") is True) is not (now.get("required") is True):
            kind = "required" if now.get("required") is True else "optional"
            yield Change(kind=kind, pointer=pointer, old_pointer=old_pointer, directions=RECEIVED)
        found = schemas.compare(SchemaPlace(_value_schema(was), old_pointer), SchemaPlace(_value_schema(now), pointer))
        yield from limit_directions(found, RECEIVED)


def _compare_event_types(was: OperationEntry, now: OperationEntry, schemas: SchemaComparison) -> Iterator[Change]:
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
                directions=RECEIVED,
                before="" if is_new else name,
                after=name if is_new else "",
            )


def _list_event_types(endpoint: OperationEntry, reader: Reader) -> set[str]:
    """Return the values of the discriminator of a webhook's body, or of its property ``type``."""
    found: set[str] = set()
    body = get_members(endpoint.find(endpoint.spec.get("requestBody")))
    for media in get_members(body.get("content")).values():
        shape = reader.expand(reader.read(SchemaPlace(get_members(media).get("schema", {}), "")))
        discriminator = get_members(shape.keywords.get("discriminator"))
        found |= {*get_members(discriminator.get("mapping"))}
        for member in shape.members or (shape.place.schema,):
            event = reader.expand(reader.read(SchemaPlace(member, "")))
            tag = event.properties.get(str(discriminator.get("propertyName", "type")))
            values = reader.expand(reader.read(tag)).values if tag is not None else ()
            found |= {value for value in values or () if isinstance(value, str)}
    return found
