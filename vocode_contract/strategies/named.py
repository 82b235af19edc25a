"""The strategies by name: conforming payloads of a contract, whole or with single fields as asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import hypothesis.strategies as st

from vocode_contract.contract.model import DEFAULT_PROFILE, Contract, Schema
from vocode_contract.errors import InvalidOption
from vocode_contract.strategies import coherence, values
from vocode_contract.strategies.cells import rooted
from vocode_contract.strategies.from_schema import Strategy, Style, object_cell, schema_cell

Payloads = st.SearchStrategy[dict[str, Any]]
Finish = Callable[[Any], Any]

_TAUGHT = "a field takes a strategy, never a value: write just(...) for a value"


def from_schema(
    schema: str,
    /,
    *,
    contract: str | None = None,
    profile: str = DEFAULT_PROFILE,
    adversarial: bool = False,
    **fields: Strategy,
) -> Strategy:
    """Draw whatever conforms to a schema.

    Args:
        schema: A schema of the contract, such as ``"Voice"``.
        contract: A date; the default contract without.
        profile: ``documented``, ``wire`` or ``tolerant``.
        adversarial: Whether to draw nasty values (empty and huge strings, control characters,
            extreme numbers) in place of plausible ones; they conform all the same.
        **fields: A strategy for each top-level property that the schema shall not choose. Such a
            property is always there; whether it conforms is its strategy's affair.

    Raises:
        UnknownContract: No contract of that date is shipped.
        UnknownProfile: There is no such profile.
        UnknownSchema: The contract has no such schema.
        InvalidOption: A field is no property of the schema, or not given as a strategy.
    """
    reading = _StrategyContext(date=contract, profile=profile, adversarial=adversarial)
    return reading.strategy(schema, fields, StrategyCall(function="from_schema", arguments=(schema,)))


def calls(
    coherent: bool = True,
    *,
    contract: str | None = None,
    profile: str = DEFAULT_PROFILE,
    adversarial: bool = False,
    **fields: Strategy,
) -> Payloads:
    """Draw Calls.

    Args:
        coherent: Whether a Call must also be one that could be true: one owner, the end after the
            start, an ended call with an end, no credential in clear, and what else
            `vocode_contract.validation.consistency` looks for. Without, all comes that the schema allows.
            Fields stay as they were asked for, and the others are fitted to them.
        contract: See `from_schema`.
        profile: See `from_schema`.
        adversarial: See `from_schema`.
        **fields: See `from_schema`.

    Raises:
        ContractError: See `from_schema`.
    """
    reading = _StrategyContext(date=contract, profile=profile, adversarial=adversarial, coherent=coherent)
    finish = partial(coherence.settled, given=frozenset(fields), timed_by=clock_of(reading.contract, "Call"))
    return reading.strategy("Call", fields, _asked("calls", coherent), finish if coherent else None)


def call_pages(
    coherent: bool = True,
    *,
    contract: str | None = None,
    profile: str = DEFAULT_PROFILE,
    adversarial: bool = False,
    **fields: Strategy,
) -> Payloads:
    """Draw pages of the list of calls; see `calls`. A coherent page holds no call twice and counts right."""
    reading = _StrategyContext(date=contract, profile=profile, adversarial=adversarial, coherent=coherent)
    finish = partial(
        coherence.settled_page, given=frozenset(fields), timed_by=clock_of(reading.contract, "NormalizedCall")
    )
    return reading.strategy("CallPage", fields, _asked("call_pages", coherent), finish if coherent else None)


def agents(
    *, contract: str | None = None, profile: str = DEFAULT_PROFILE, adversarial: bool = False, **fields: Strategy
) -> Payloads:
    """Draw Agents, all parts of which belong to one account; see `from_schema`."""
    reading = _StrategyContext(date=contract, profile=profile, adversarial=adversarial)
    finish = partial(coherence.with_one_owner, given=frozenset(fields))
    return reading.strategy("Agent", fields, StrategyCall(function="agents"), finish)


def create_call_requests(
    *, contract: str | None = None, profile: str = DEFAULT_PROFILE, adversarial: bool = False, **fields: Strategy
) -> Payloads:
    """Draw bodies of Create Call; see `from_schema`. Each plausible phone number is fictional."""
    reading = _StrategyContext(date=contract, profile=profile, adversarial=adversarial)
    return reading.strategy("CreateCallRequest", fields, StrategyCall(function="create_call_requests"))


def webhook_events(
    *, contract: str | None = None, profile: str = DEFAULT_PROFILE, adversarial: bool = False, **fields: Strategy
) -> Payloads:
    """Draw webhook events of every type; see `from_schema`. A strategy for ``type`` chooses among them."""
    reading = _StrategyContext(date=contract, profile=profile, adversarial=adversarial)
    return reading.strategy("WebhookEvent", fields, StrategyCall(function="webhook_events"))


def external_action_requests(
    *, contract: str | None = None, profile: str = DEFAULT_PROFILE, adversarial: bool = False, **fields: Strategy
) -> Payloads:
    """Draw what the API sends for an external action; see `from_schema`."""
    reading = _StrategyContext(date=contract, profile=profile, adversarial=adversarial)
    return reading.strategy("ExternalActionRequest", fields, StrategyCall(function="external_action_requests"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyCall:
    """How a strategy was asked for, which its repr shows.

    Attributes:
        function: Name of the function.
        arguments: Positional arguments.
        options: Keyword arguments that are not as usual.
    """

    function: str
    arguments: tuple[object, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)


def _asked(function: str, coherent: bool) -> StrategyCall:
    return StrategyCall(function=function, arguments=() if coherent else (False,))


@dataclass(frozen=True, slots=True, kw_only=True)
class _StrategyContext:
    """What the named strategies have in common."""

    date: str | None
    profile: str
    adversarial: bool
    coherent: bool = False

    @property
    def contract(self) -> Contract:
        return Contract.load(self.date, profile=self.profile)

    def strategy(
        self, schema: str, fields: Mapping[str, Strategy], asked: StrategyCall, finish: Finish | None = None
    ) -> Strategy:
        """Make the strategy, after a look at all that can be wrong with what was asked for."""
        contract = self.contract
        style = Style(adversarial=self.adversarial, coherent=self.coherent)
        known = _properties(contract, contract.schema(schema))
        for key, strategy in fields.items():
            if key not in known:
                raise InvalidOption(key, f"{schema} has no such property; it has: {', '.join(known) or 'none'}")
            if not isinstance(strategy, st.SearchStrategy):
                raise InvalidOption(key, _TAUGHT)
        cell = object_cell(contract, schema, style, fields) if fields else schema_cell(contract, schema, style)
        return described(replace(asked, options={**self._options(), **fields}), rooted(cell), finish)

    def _options(self) -> dict[str, object]:
        options = {"contract": self.date, "profile": self.profile, "adversarial": self.adversarial}
        usual = {"contract": None, "profile": DEFAULT_PROFILE, "adversarial": False}
        return {key: value for key, value in options.items() if value != usual[key]}


def clock_of(contract: Contract, name: str) -> Callable[[int], Any]:
    """Return what writes a number as the start or end of a call, as a schema wants it; see `words.date_time`."""
    start = contract.schema(name)["properties"]["start_time"]
    return values.epoch_seconds if "number" in contract.types(start) else values.date_time


def _properties(contract: Contract, schema: Schema) -> tuple[str, ...]:
    """Return the properties of an object schema, or of any branch of a union."""
    if "$ref" in schema:
        return _properties(contract, contract.target(schema["$ref"]))
    options = schema.get("oneOf") or schema.get("anyOf") or ()
    found = (*schema.get("properties", ()), *(key for option in options for key in _properties(contract, option)))
    return tuple(dict.fromkeys(found))


def described(asked: StrategyCall, strategy: Strategy, finish: Finish | None = None) -> Strategy:
    """Give a strategy the repr of the call that asked for it: Hypothesis shows a composite by its name."""

    def drawn(draw: st.DrawFn, /, *_arguments: object, **_options: object) -> Any:
        value = draw(strategy)
        return value if finish is None else finish(value)

    drawn.__name__ = drawn.__qualname__ = asked.function
    made: Strategy = st.composite(drawn)(*asked.arguments, **asked.options)
    return made
