"""Contract: one dated set of schemas and operations, read under one profile."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from os import PathLike, fspath
from os.path import basename, exists, isdir
from typing import Any, Literal

from vocode_contract.contract.documents import (
    BOUNDS,
    COMPONENTS,
    list_members,
    load_document,
    read_index,
    share_document,
)
from vocode_contract.contract.json_types import allows_type, json_type
from vocode_contract.contract.operation import Operation, Schema, parse_operation
from vocode_contract.errors import UnknownContract, UnknownProfile, UnknownSchema

Profile = Literal["documented", "wire", "tolerant"]

PROFILES: tuple[Profile, ...] = ("documented", "wire", "tolerant")
DEFAULT_PROFILE: Profile = "wire"
#: How the name of a file ends that can hold an OpenAPI document.
SUFFIXES = (".json", ".yaml", ".yml")


@dataclass(frozen=True, kw_only=True, eq=False)
class Contract:
    """The contract of one date under one profile: a shipped one from `load`, or one with a document of your own.

    `from_path` and `from_openapi` read such a document, and `with_overlay` changes one.

    Two contracts are equal if their dates, profiles and documents are.

    Attributes:
        date: Date of the published document, ``YYYY-MM-DD``.
        profile: How literally it is read.
        document: The OpenAPI document with every schema under ``components``; a copy of the one given, read-only.

    Raises:
        UnknownProfile: There is no such profile.
        InvalidOption: The document is not JSON, or has no schemas.
    """

    date: str
    profile: Profile
    document: Schema = field(repr=False)

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise UnknownProfile(self.profile, PROFILES)
        object.__setattr__(self, "document", share_document(self.document))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Contract):
            return NotImplemented
        return self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def _repr_pretty_(self, printer: Any, _is_cycle: bool) -> None:
        """Leave the document out of what Hypothesis and IPython print."""
        printer.text(repr(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self.date, self.profile, None if self.is_shipped else self.document)

    @property
    def _identity(self) -> tuple[str, str, int]:
        return self.date, self.profile, id(self.document)  # equal documents are one object: see `share_document`

    @property
    def is_shipped(self) -> bool:
        """Whether it is a shipped contract, and not one of a user's own."""
        return self.date in read_index()["contracts"] and self.document is load_document(self.date)

    @classmethod
    def load(cls, date: str | None = None, *, profile: str = DEFAULT_PROFILE) -> "Contract":
        """Load a shipped contract; the same arguments give the same object.

        Args:
            date: One of `dates()`; by default the default contract.
            profile: ``documented``, ``wire`` or ``tolerant``.

        Raises:
            UnknownContract: No contract of that date is shipped.
            UnknownProfile: There is no such profile.
        """
        return _load(date if date is not None else read_index()["default"], profile)

    @classmethod
    def from_path(
        cls,
        path: str | PathLike[str],
        *,
        profile: Any = DEFAULT_PROFILE,
        operations: Mapping[str, str] | None = None,
    ) -> "Contract":
        """Load a contract of your own: a folder in the form of ``schemas/DATE/``, or the file of an OpenAPI document.

        Args:
            path: The folder, whose name is the contract's date, or the file.
            profile: ``documented``, ``wire`` or ``tolerant``.
            operations: See `from_openapi`.

        Raises:
            InvalidOption: It cannot be read, or holds what cannot be used; with the place and the reason.
            MissingExtra: It is YAML, and PyYAML is not installed.
            UnknownProfile: There is no such profile.
        """
        if not isdir(path):
            from pathlib import Path  # it costs 4 ms, and a text is no path

            return cls.from_openapi(Path(path), profile=profile, operations=operations)
        from vocode_contract.contract.openapi import normalize
        from vocode_contract.contract.reading import read_folder

        document, name = read_folder(fspath(path))
        return cls(date=name, profile=profile, document=normalize(document, fspath(path), operations))

    @classmethod
    def from_openapi(
        cls,
        document: Mapping[str, Any] | str | bytes | PathLike[str],
        *,
        date: str | None = None,
        profile: Any = DEFAULT_PROFILE,
        operations: Mapping[str, str] | None = None,
    ) -> "Contract":
        """Load a contract from an OpenAPI document, version 3.0 or 3.1, in JSON or YAML.

        An operation of the shipped contracts is recognized by its ``operationId``, else by its method and path.

        Args:
            document: The parsed document, its text, or the path of its file.
            date: What reports call the contract; by default the ``version`` in the document's ``info``.
            profile: ``documented``, ``wire`` or ``tolerant``.
            operations: The name of an operation, such as ``end_call``, to its ``operationId`` in the document, or to
                its method and path as in ``POST /calls/hangup``.

        Raises:
            InvalidOption: It cannot be read, or holds what cannot be used; with the place and the reason.
            MissingExtra: It is YAML, and PyYAML is not installed.
            UnknownProfile: There is no such profile.
        """
        from vocode_contract.contract.openapi import normalize
        from vocode_contract.contract.reading import read_openapi

        parsed, source = read_openapi(document)
        normal = normalize(parsed, source, operations)
        info = normal.get("info")
        version = info.get("version") if isinstance(info, dict) else None
        return cls(date=date or str(version or "own"), profile=profile, document=normal)

    def with_overlay(
        self, overlay: Mapping[str, Any] | str | bytes | PathLike[str], *, date: str | None = None
    ) -> "Contract":
        """Return a contract with a part of its document changed.

        Args:
            overlay: An OpenAPI Overlay 1.0 over the document; or the name of a schema to its JSON Merge Patch: objects
                are merged, null removes a key, any other value replaces what was there, arrays included. A new name
                adds a schema, null removes one. Given parsed, as text in JSON or YAML, or as the path of a file.
            date: What reports call the new contract; by default as this one.

        Raises:
            InvalidOption: It or the result cannot be used; with the place and the reason.
            MissingExtra: It is an Overlay, and python-jsonpath is not installed; or YAML, and PyYAML is not.

        Source: Overlay Specification 1.0.0; RFC 7396.
        """
        from vocode_contract.contract.openapi import normalize
        from vocode_contract.contract.overlay import apply_overlay, is_overlay, merge_patch
        from vocode_contract.contract.reading import read_openapi

        patch, source = read_openapi(overlay)
        if is_overlay(patch):
            changed = apply_overlay(deepcopy(self.document), patch, "overlay" if source == "document" else source)
        else:
            changed = merge_patch(self.document, {"components": {"schemas": patch}})
        return Contract(date=date or self.date, profile=self.profile, document=normalize(changed, "overlay"))

    def with_profile(self, profile: str) -> "Contract":
        """Return this contract under a profile; the same arguments give the same object.

        Raises:
            UnknownProfile: There is no such profile.
        """
        return self if profile == self.profile else _with_profile(self, profile)

    @cached_property
    def schemas(self) -> Mapping[str, Schema]:
        """Every documented schema by its name; references point into this document."""
        schemas: Mapping[str, Schema] = self.document["components"]["schemas"]
        return schemas

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """Every operation by its name, such as ``end_call``."""
        found = (
            parse_operation(path, method, spec)
            for path, methods in self.document.get("paths", {}).items()
            for method, spec in methods.items()
        )
        return {operation.name: operation for operation in found}

    def schema(self, name: str) -> Schema:
        """Return one schema as documented.

        Raises:
            UnknownSchema: The contract has no schema of that name.
        """
        try:
            return self.schemas[name]
        except (KeyError, TypeError):
            raise UnknownSchema(str(name), tuple(sorted(self.schemas))) from None

    def pointer_to(self, schema: Schema) -> str:
        """Return the JSON Pointer to a schema object of this contract's document."""
        return self._pointers[id(schema)]

    @cached_property
    def _pointers(self) -> Mapping[int, str]:
        """Map the `id` of each object under ``components`` to its pointer; the document keeps these objects alive."""
        found: dict[int, str] = {}
        level: list[tuple[str, Any]] = [(COMPONENTS.rstrip("/"), self.document["components"]["schemas"])]
        while level:
            found |= {id(node): place for place, node in level if isinstance(node, dict)}
            level = [(f"{place}/{key}", child) for place, node in level for key, child in list_members(node)]
        return found

    def target(self, reference: str) -> Schema:
        """Return the schema that a ``$ref`` of the document names."""
        return self.schemas[reference.removeprefix("#" + COMPONENTS)]

    def branch(self, schema: Schema, value: object) -> Schema | None:
        """Resolve the references and unions of a schema for a value.

        A union is resolved by its discriminator if it has one, else by JSON type.

        Returns:
            A schema without reference or union; ``None`` if no branch matches.
        """
        found: Schema | None = schema
        while found is not None:
            if "$ref" in found:
                found = self.target(found["$ref"])
            elif "oneOf" in found or "anyOf" in found:
                found = self.choose_branch(found, value)
            else:
                return found
        return None

    def choose_branch(self, union: Schema, value: object) -> Schema | None:
        """Return the branch of a union for a value, one step of `branch`."""
        options: list[Schema] = union.get("oneOf") or union["anyOf"]
        if "discriminator" in union and isinstance(value, dict):
            tag = value.get(union["discriminator"]["propertyName"])
            reference = union["discriminator"]["mapping"].get(tag) if isinstance(tag, str) else None
            return {"$ref": reference} if reference else None
        kind = json_type(value)
        if (id(union), kind) in self._branches:
            return self._branches[id(union), kind]
        taking = [option for option in options if allows_type(self.types(option), kind)]
        chosen = taking[0] if len(taking) == 1 else self._first_scalar(taking, kind)
        if id(union) in self._pointers:  # it lives as long as the document, so no other object gets its id
            self._branches[id(union), kind] = chosen
        return chosen

    def _first_scalar(self, options: list[Schema], kind: str) -> Schema | None:
        """Return one of several branches if which one does not matter: a number, where an integer is one too."""
        is_number = kind in ("integer", "number") and not any(BOUNDS & option.keys() for option in options)
        return options[0] if options and is_number else None

    @cached_property
    def _branches(self) -> dict[tuple[int, str], Schema | None]:
        """Cache the branches chosen for JSON types: a payload can contain half a million items of one union."""
        return {}

    def types(self, schema: Schema) -> tuple[str, ...]:
        """Return the JSON types that a schema allows, in the document's order."""
        if "$ref" in schema:
            return self.types(self.target(schema["$ref"]))
        if options := schema.get("oneOf") or schema.get("anyOf"):
            return tuple(dict.fromkeys(kind for option in options for kind in self.types(option)))
        kinds = schema.get("type", ())
        return (kinds,) if isinstance(kinds, str) else tuple(kinds)


def resolve_contract(
    contract: str | Contract | None, profile: str | None = None, *, default: str = DEFAULT_PROFILE
) -> Contract:
    """Return the contract of an argument: a date, a `Contract`, or ``None`` for the default contract.

    Args:
        contract: A date, a `Contract` or ``None``.
        profile: By default that of the `Contract`, or `default`.
        default: The profile for a date.

    Raises:
        UnknownContract: No contract of that date is shipped.
        UnknownProfile: There is no such profile.
    """
    if isinstance(contract, Contract):
        return contract if profile is None else contract.with_profile(profile)
    return Contract.load(contract, profile=default if profile is None else profile)


def find_contract(
    name: str | None, *, profile: str = DEFAULT_PROFILE, operations: Mapping[str, str] | None = None
) -> Contract:
    """Return the contract that a user names, as every command and option does.

    Args:
        name: The date of a shipped contract, or the path of a folder or OpenAPI file; by default the default contract.
        profile: ``documented``, ``wire`` or ``tolerant``.
        operations: Of a path only: see `Contract.from_openapi`.

    Raises:
        UnknownContract: It is no date of a shipped contract, and no path.
        InvalidOption: The path cannot be read, or holds what cannot be used.
        MissingExtra: The file is YAML, and PyYAML is not installed.
        UnknownProfile: There is no such profile.
    """
    if name is not None and is_contract_path(name):
        return Contract.from_path(name, profile=profile, operations=operations)
    return Contract.load(name, profile=profile)


def is_contract_path(name: str) -> bool:
    """Return whether a user's name for a contract is a path; that of a missing file is one too, for a clear error."""
    return bool(name) and name not in dates() and (exists(name) or basename(name) != name or name.endswith(SUFFIXES))


def dates() -> tuple[str, ...]:
    """Return the dates of the shipped contracts, oldest first."""
    return tuple(sorted(read_index()["contracts"]))


def has_timed_transcripts(contract: Contract) -> bool:
    """Return whether each line of a transcript starts with its time, as the example in the schema shows."""
    examples = contract.schemas.get("Call", {}).get("examples") or [{}]
    example = examples[0].get("transcript") if isinstance(examples[0], dict) else None
    return isinstance(example, str) and example.startswith("[")


@cache
def _load(date: str, profile: str) -> Contract:
    if profile not in PROFILES:
        raise UnknownProfile(profile, PROFILES)
    if date not in dates():
        raise UnknownContract(date, dates())
    return Contract(date=date, profile=profile, document=load_document(date))


@cache
def _with_profile(contract: Contract, profile: Any) -> Contract:
    return _load(contract.date, profile) if contract.is_shipped else replace(contract, profile=profile)


def _restore(date: str, profile: Any, document: Schema | None) -> Contract:
    return _load(date, profile) if document is None else Contract(date=date, profile=profile, document=document)
