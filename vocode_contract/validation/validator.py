"""Validate an instance against a schema of the contract: a fast verdict, and the full list of violations."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, overload

from vocode_contract.contract import json_pointer
from vocode_contract.contract.model import Contract, resolve_contract
from vocode_contract.validation import masking
from vocode_contract.validation.codes import ALL, Level, Selection, default_level
from vocode_contract.validation.engine import EngineClass
from vocode_contract.validation.engine_errors import LISTED, Listing
from vocode_contract.validation.json_text import find_line, read
from vocode_contract.validation.json_value import DEFAULT_LIMITS, Bytes, Defect, Limits, Unreadable, is_vast, survey
from vocode_contract.validation.keys import unknown_keys
from vocode_contract.validation.violation import ContractViolated, Severity, Violation, has_error

if TYPE_CHECKING:
    from vocode_contract.contract import types

_RAW = frozenset(Bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The value that was validated, and its violations.

    Attributes:
        value: The parsed JSON value; ``None`` if the bytes hold none.
        violations: In the order of the schema, including drift and advice.
    """

    value: Any = field(repr=False)
    violations: tuple[Violation, ...]

    @property
    def conforms(self) -> bool:
        """Whether there is no violation of severity ``error``."""
        return not has_error(self.violations)


class Validator:
    """One schema of one contract, ready to validate; build it once and share it between threads.

    An instance is a parsed JSON value, or the raw bytes of one.
    """

    __slots__ = (
        "_engine_class",
        "_errors",
        "_is_valid",
        "_keeps_severities",
        "_levels",
        "_limits",
        "_listing",
        "_reports_unknown_keys",
        "_selection",
        "_strict",
        "contract",
        "name",
    )

    def __init__(
        self,
        contract: Contract,
        name: str = "Call",
        *,
        limits: Limits = DEFAULT_LIMITS,
        strict: bool = True,
        selection: Selection = ALL,
        engine: EngineClass | None = None,
    ) -> None:
        """Compile the schema.

        Args:
            contract: The date and profile to validate against.
            name: A schema of the contract.
            limits: Bounds on a payload.
            strict: Whether duplicate keys and integers beyond 64 bits in raw bytes are violations.
            selection: Which codes are reported, and how severe they are.
            engine: An engine class; by default the best one that is installed.

        Raises:
            UnknownSchema: The contract has no schema of that name.
        """
        contract.schema(name)
        self.contract = contract
        self.name = name
        self._limits = limits
        self._strict = strict
        self._selection = selection
        self._engine_class = engine
        self._reports_unknown_keys = selection.level("unknown-key", contract.profile) != "off"
        self._keeps_severities = not selection and contract.profile != "tolerant"
        # Drift under `tolerant` is an error under `wire`.
        lister = contract.with_profile("wire") if contract.profile == "tolerant" else contract
        self._listing = _listing(lister, name, engine)
        self._levels = {code: selection.level(code, contract.profile) for code in LISTED}
        self._errors = _listing(contract, name, engine)
        self._is_valid = self._conforms_slowly if selection else self._errors.engine.is_valid

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle the arguments, since a compiled schema supports neither."""
        options: dict[str, Any] = {
            "limits": self._limits,
            "strict": self._strict,
            "selection": self._selection,
            "engine": self._engine_class,
        }
        return partial(Validator, **options), (self.contract, self.name)

    def conforms(self, instance: object) -> bool:
        """Return whether an instance has no violation of severity ``error``."""
        if type(instance) in _RAW:
            try:
                instance = read(instance, self._limits, strict=self._strict)  # type: ignore[arg-type]  # bytes-like by its type
            except Unreadable as error:
                return self._selection.level(error.defect.code, self.contract.profile) != "error"
        try:
            return self._is_valid(instance)
        except ValueError:  # the engine met what JSON cannot hold
            return self._conforms_slowly(instance)

    def violations(self, instance: object) -> Iterator[Violation]:
        """Yield the violations of an instance, in the order of the schema."""
        yield from self.validate(instance).violations

    def validate(self, instance: object) -> Verdict:
        """Return the parsed value together with its violations."""
        if type(instance) in _RAW:
            try:
                instance = read(instance, self._limits, strict=self._strict)  # type: ignore[arg-type]  # by its type
            except Unreadable as error:
                return Verdict(value=None, violations=self._with_severities([self._locate(error.defect, instance)]))
            note = _ENCODED_TWICE
        else:
            note = _NOT_PARSED
        found = self._list_all(instance)
        if type(instance) is str and found and self._holds_json(instance):
            found = [replace(each, note=note) if each.code == "type" else each for each in found]
        return Verdict(value=instance, violations=self._with_severities(found))

    def ensure(self, instance: object) -> Any:
        """Return the parsed value if it conforms.

        Raises:
            ContractViolated: With all violations.
        """
        verdict = self.validate(instance)
        del instance  # or tracebacks that show locals would show the payload
        return _value_or_raise(verdict)

    def _conforms_slowly(self, instance: object) -> bool:
        return not has_error(self._with_severities(self._list_all(instance)))

    def _list_all(self, instance: object) -> list[Violation]:
        """List the violations with the severities of the engine: at most the limit, and a hint at more."""
        limit = self._limits.violations
        found, is_cut = self._list_errors(self._listing, instance)
        if self._errors is not self._listing and (found is None or is_cut):
            # Violations that only this profile takes for drift must not fill the list before the errors.
            drift = [each for each in found or () if default_level(each.code, self.contract.profile) == "drift"]
            errors, is_cut = self._list_errors(self._errors, instance)
            found = None if errors is None else errors + drift
        if found is None:  # the engine met what JSON cannot hold, or nests too deep
            defect, _ = survey(instance, self._limits)
            return [self._violation_of(defect or _UNKNOWN_DEFECT)]
        if self._reports_unknown_keys:
            found += islice(unknown_keys(self.contract, self.name, instance), max(limit + 1 - len(found), 0))
        if is_cut or len(found) > limit:
            found = [*found[:limit], self._more(limit, "error" if is_cut else "drift")]
        return found

    def _holds_json(self, text: str) -> bool:
        """Return whether a string is an array or object in JSON."""
        try:
            return isinstance(read(text.encode("utf-8", "surrogatepass"), self._limits, strict=False), dict | list)
        except Unreadable:
            return False

    def _list_errors(self, listing: Listing, instance: object) -> tuple[list[Violation] | None, bool]:
        """Return what an engine reports, and whether there is more; ``None`` if the engine cannot list it."""
        most = self._limits.violations + 1
        try:
            if listing.engine.is_valid(instance):
                return [], False
            if is_vast(instance, self._limits.values):  # the engine copies what is wrong
                return None, False
            found = listing.violations(instance, most)[:most]
        except ValueError:
            return None, False
        is_cut = len(found) == most and "error" in self._levels.values()
        if self._selection:
            found = [each for each in found if self._levels[each.code] != "off"]
        return found, is_cut

    def _with_severities(self, found: list[Violation]) -> tuple[Violation, ...]:
        """Give each violation its severity under the selection; engine and reader report errors only."""
        if self._keeps_severities:
            return tuple(found)
        levels = [(violation, self._level(violation)) for violation in found]
        return tuple(replace(violation, severity=level) for violation, level in levels if level != "off")

    def _level(self, violation: Violation) -> Level:
        level = self._selection.level(violation.code, self.contract.profile)
        # `_list_all` knows whether errors or only drift were cut off; the table does not.
        by_table = violation.code == "more-violations" and level == default_level(violation.code, self.contract.profile)
        return violation.severity if by_table else level

    def _violation_of(self, defect: Defect) -> Violation:
        shown = masking.shown_tokens(self.contract, self.name, defect.tokens)
        return Violation(
            instance_pointer=json_pointer.from_tokens(shown),
            code=defect.code,
            expected=defect.expected,
            actual=defect.actual,
            contract=self.contract.date,
            offset=defect.offset,
        )

    def _locate(self, defect: Defect, raw: Any) -> Violation:
        """Return the violation of raw bytes, with line and column."""
        violation = self._violation_of(defect)
        if defect.offset is None:
            return violation
        line, column = find_line(bytes(raw), defect.offset)
        return replace(violation, line=line, column=column)

    def _more(self, limit: int, severity: Severity) -> Violation:
        return Violation(
            instance_pointer="",
            code="more-violations",
            severity=severity,
            expected=f"at most {limit} violations",
            actual="more",
            contract=self.contract.date,
        )


def _value_or_raise(verdict: Verdict) -> Any:
    if not verdict.conforms:
        raise ContractViolated(verdict.violations) from None
    return verdict.value


_ENCODED_TWICE = "the string holds JSON: it was encoded twice"
_NOT_PARSED = "the string holds JSON: it was encoded twice, or text was passed in place of bytes"

#: Reported if the engine refuses a value for a reason that the survey does not find.
_UNKNOWN_DEFECT = Defect(code="not-json", expected="a JSON value", actual="something else")


@cache
def _listing(contract: Contract, name: str, engine: EngineClass | None) -> Listing:
    return Listing(contract, name, engine)


@cache
def validator(name: str = "Call", contract: str | Contract | None = None, profile: str | None = None) -> Validator:
    """Return the validator of a schema; the same arguments give the same object. See `conforms`."""
    return Validator(resolve_contract(contract, profile), name)


def conforms(
    instance: object, name: str = "Call", *, contract: str | Contract | None = None, profile: str | None = None
) -> bool:
    """Return whether an instance has no violation of severity ``error``.

    Args:
        instance: A parsed JSON value, or the raw bytes of one.
        name: The schema to validate it against.
        contract: A date, or a `Contract`; by default the default contract.
        profile: ``documented``, ``wire`` or ``tolerant``; by default that of the `Contract`, for a date ``wire``.

    Raises:
        ContractError: There is no such contract, profile or schema.
    """
    return validator(name, contract, profile).conforms(instance)


def violations(
    instance: object, name: str = "Call", *, contract: str | Contract | None = None, profile: str | None = None
) -> Iterator[Violation]:
    """Yield the violations of an instance, in the order of the schema; see `conforms`."""
    return validator(name, contract, profile).violations(instance)


def validate(
    instance: object, name: str = "Call", *, contract: str | Contract | None = None, profile: str | None = None
) -> Verdict:
    """Return the parsed value together with its violations; see `conforms`."""
    return validator(name, contract, profile).validate(instance)


@overload
def ensure(
    instance: object, name: Literal["Call"] = "Call", *, contract: None = None, profile: str | None = ...
) -> "types.Call": ...
@overload
def ensure(
    instance: object, name: Literal["CallPage"], *, contract: None = None, profile: str | None = ...
) -> "types.CallPage": ...
@overload
def ensure(
    instance: object, name: Literal["CreateCallRequest"], *, contract: None = None, profile: str | None = ...
) -> "types.CreateCallRequest": ...
@overload
def ensure(
    instance: object, name: Literal["WebhookEvent"], *, contract: None = None, profile: str | None = ...
) -> "types.WebhookEvent": ...
@overload
def ensure(
    instance: object, name: Literal["ExternalActionRequest"], *, contract: None = None, profile: str | None = ...
) -> "types.ExternalActionRequest": ...
@overload
def ensure(
    instance: object, name: Literal["ExternalActionAnswer"], *, contract: None = None, profile: str | None = ...
) -> "types.ExternalActionAnswer": ...
@overload
def ensure(
    instance: object, name: Literal["Agent"], *, contract: None = None, profile: str | None = ...
) -> "types.Agent": ...
@overload
def ensure(
    instance: object, name: Literal["HTTPValidationError"], *, contract: None = None, profile: str | None = ...
) -> "types.HTTPValidationError": ...
@overload
def ensure(
    instance: object, name: str = ..., *, contract: str | Contract | None = None, profile: str | None = ...
) -> Any: ...
def ensure(
    instance: object, name: str = "Call", *, contract: str | Contract | None = None, profile: str | None = None
) -> Any:
    """Return the parsed value if it conforms, typed if the contract is the default one; see `conforms`.

    Under the profile ``tolerant`` a value may hold words that its type does not list.

    Raises:
        ContractViolated: With all violations.
        ContractError: There is no such contract, profile or schema.
    """
    verdict = validator(name, contract, profile).validate(instance)
    del instance  # or tracebacks that show locals would show the payload
    return _value_or_raise(verdict)
