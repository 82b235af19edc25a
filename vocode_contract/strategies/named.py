"""Strategies for payloads by name: valid ones, whole or with single fields of your choice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import hypothesis.strategies as st

from vocode_contract.contract.model import Contract, resolve_contract
from vocode_contract.contract.operation import Schema
from vocode_contract.errors import InvalidOption
from vocode_contract.strategies import coherence, values
from vocode_contract.strategies.cells import draw_cell
from vocode_contract.strategies.from_schema import Strategy, Style, object_cell, schema_cell

Payloads = st.SearchStrategy[dict[str, Any]]
Finish = Callable[[Any], Any]


def from_schema(
    schema: str,
    /,
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    adversarial: bool = False,
    **fields: Strategy,
) -> Strategy:
    """Draw valid values of a schema.

    Args:
        schema: A schema of the contract, such as ``"Voice"``.
        contract: A date, or a `Contract`; by default the default contract.
        profile: ``documented``, ``wire`` or ``tolerant``; by default that of the `Contract`, or ``wire``.
        adversarial: Whether to draw difficult values (empty and huge strings, control characters,
            extreme numbers) in place of plausible ones; they are valid all the same.
        **fields: A strategy for each top-level property that you choose yourself. Such a property is always
            present; whether its values are valid is up to its strategy.

    Raises:
        UnknownContract: No contract of that date is shipped.
        UnknownProfile: There is no such profile.
        UnknownSchema: The contract has no such schema.
        InvalidOption: A field is no property of the schema, or not given as a strategy.
    """
    context = _StrategyContext(contract=contract, profile=profile, adversarial=adversarial)
    return context.strategy(schema, fields, StrategyCall(function="from_schema", arguments=(schema,)))


def calls(
    coherent: bool = True,
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    adversarial: bool = False,
    **fields: Strategy,
) -> Payloads:
    """Draw Calls.

    Args:
        coherent: Whether a Call must also be consistent: one owner, the end after the start, an end time if it
            has ended, no credential in clear, and whatever else `vocode_contract.inconsistencies` checks. If
            false, a Call is anything that the schema allows. Your fields stay as you chose them, and the others
            are fitted to them.
        contract: See `from_schema`.
        profile: See `from_schema`.
        adversarial: See `from_schema`.
        **fields: See `from_schema`.

    Raises:
        ContractError: See `from_schema`.
    """
    context = _StrategyContext(contract=contract, profile=profile, adversarial=adversarial, coherent=coherent)
    return context.coherent_strategy("Call", fields, "calls", coherence.settle)


def call_pages(
    coherent: bool = True,
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    adversarial: bool = False,
    **fields: Strategy,
) -> Payloads:
    """Draw pages of the list of calls; see `calls`. A coherent page holds no call twice, and its counts are right."""
    context = _StrategyContext(contract=contract, profile=profile, adversarial=adversarial, coherent=coherent)
    return context.coherent_strategy("CallPage", fields, "call_pages", coherence.settle_page)


def agents(
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    adversarial: bool = False,
    **fields: Strategy,
) -> Payloads:
    """Draw Agents, all parts of which belong to one account; see `from_schema`."""
    context = _StrategyContext(contract=contract, profile=profile, adversarial=adversarial)
    finish = partial(coherence.set_owner, given=frozenset(fields))
    return context.strategy("Agent", fields, StrategyCall(function="agents"), finish)


def create_call_requests(
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    adversarial: bool = False,
    **fields: Strategy,
) -> Payloads:
    """Draw bodies of Create Call; see `from_schema`. Each plausible phone number is fictional."""
    context = _StrategyContext(contract=contract, profile=profile, adversarial=adversarial)
    return context.strategy("CreateCallRequest", fields, StrategyCall(function="create_call_requests"))


def webhook_events(
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    adversarial: bool = False,
    **fields: Strategy,
) -> Payloads:
    """Draw webhook events of every type; see `from_schema`. A strategy for ``type`` chooses among them."""
    context = _StrategyContext(contract=contract, profile=profile, adversarial=adversarial)
    return context.strategy("WebhookEvent", fields, StrategyCall(function="webhook_events"))


def external_action_requests(
    *,
    contract: str | Contract | None = None,
    profile: str | None = None,
    adversarial: bool = False,
    **fields: Strategy,
) -> Payloads:
    """Draw what the API sends for an external action; see `from_schema`."""
    context = _StrategyContext(contract=contract, profile=profile, adversarial=adversarial)
    return context.strategy("ExternalActionRequest", fields, StrategyCall(function="external_action_requests"))


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyCall:
    """The call that made a strategy, which the strategy's repr shows."""

    function: str
    arguments: tuple[object, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StrategyContext:
    """The options that the strategies by name share."""

    contract: str | Contract | None
    profile: str | None
    adversarial: bool
    coherent: bool = False

    def strategy(
        self, schema: str, fields: Mapping[str, Strategy], call: StrategyCall, finish: Finish | None = None
    ) -> Strategy:
        """Make the strategy, once every argument is known to be right."""
        contract = resolve_contract(self.contract, self.profile)
        style = Style(adversarial=self.adversarial, coherent=self.coherent)
        known = _properties(contract, contract.schema(schema))
        for key, strategy in fields.items():
            if key not in known:
                raise InvalidOption(key, f"{schema} has no such property; it has: {', '.join(known) or 'none'}")
            if not isinstance(strategy, st.SearchStrategy):
                raise InvalidOption(key, "a field takes a strategy, not a value: use just(...) for a value")
        cell = object_cell(contract, schema, style, fields) if fields else schema_cell(contract, schema, style)
        options = other_than_default(self.contract, self.profile, adversarial=self.adversarial)
        shown = StrategyCall(function=call.function, arguments=call.arguments, options={**options, **fields})
        return with_repr(shown, draw_cell(cell), finish)

    def coherent_strategy(
        self, schema: str, fields: Mapping[str, Strategy], function: str, settle: Callable[..., Any]
    ) -> Strategy:
        """Make a strategy whose payloads are settled, unless contradictions are wanted."""
        call = StrategyCall(function=function, arguments=() if self.coherent else (False,))
        contract = resolve_contract(self.contract, self.profile)
        listed = "NormalizedCall" if schema == "CallPage" else schema
        if not self.coherent or not coherence.has_rules(contract, listed):
            return self.strategy(schema, fields, call)
        given, kept = frozenset(fields), coherence.newly_required(contract, listed)
        settled = partial(settle, given=given | kept) if listed == schema else partial(settle, given=given, kept=kept)
        return self.strategy(schema, fields, call, partial(settled, timed_by=clock_of(contract, listed)))


def other_than_default(
    contract: str | Contract | None, profile: str | None, *, adversarial: bool = False
) -> dict[str, object]:
    """Return the options that a repr has to show."""
    options = {"contract": contract, "profile": profile, "adversarial": adversarial}
    default = {"contract": None, "profile": None, "adversarial": False}
    return {key: value for key, value in options.items() if value != default[key]}


def clock_of(contract: Contract, name: str) -> Callable[[int], Any]:
    """Return the function of `values` that writes the start or end of a call as a schema has it."""
    start = contract.schema(name).get("properties", {}).get("start_time", {})
    return values.epoch_seconds if "number" in contract.types(start) else values.date_time


def _properties(contract: Contract, schema: Schema) -> tuple[str, ...]:
    """Return the properties of an object schema, or of all branches of a union."""
    if "$ref" in schema:
        return _properties(contract, contract.target(schema["$ref"]))
    options = schema.get("oneOf") or schema.get("anyOf") or ()
    found = (*schema.get("properties", ()), *(key for option in options for key in _properties(contract, option)))
    return tuple(dict.fromkeys(found))


def with_repr(call: StrategyCall, strategy: Strategy, finish: Finish | None = None) -> Strategy:
    """Give a strategy the repr of a call; Hypothesis shows a composite by its name and arguments."""

    def generate(draw: st.DrawFn, /, *_arguments: object, **_options: object) -> Any:
        value = draw(strategy)
        return value if finish is None else finish(value)

    generate.__name__ = generate.__qualname__ = call.function
    made: Strategy = st.composite(generate)(*call.arguments, **call.options)
    return made
