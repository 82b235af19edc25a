"""Near misses: valid payloads with one mutation, each with the violation that must be reported."""

from dataclasses import dataclass
from typing import Any, Literal

import hypothesis.strategies as st

from vocode_contract.contract.model import Contract, resolve_contract
from vocode_contract.strategies.coherence import has_rules
from vocode_contract.strategies.contradictions import CONTRADICTIONS
from vocode_contract.strategies.mutations import Mutation, all_mutations
from vocode_contract.strategies.named import StrategyCall, calls, from_schema, other_than_default, with_repr


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A payload one mutation away from valid.

    Attributes:
        payload: The invalid payload.
        kind: Kind of mutation, such as ``number in quotes``.
        done: What was changed, as one sentence without any value of the payload.
        code: Code of the one violation that must be reported.
        instance_pointer: Place of that violation, as it is reported: keys of free-form maps read ``*``.
        judge: What reports it: ``schema`` (`vocode_contract.violations`) or ``consistency``
            (`vocode_contract.inconsistencies`).
    """

    payload: Any
    kind: str
    done: str
    code: str
    instance_pointer: str
    judge: Literal["schema", "consistency"] = "schema"


def near_misses(
    name: str = "Call", /, *, contract: str | Contract | None = None, profile: str | None = None
) -> st.SearchStrategy[NearMiss]:
    """Draw near misses of a schema; each kind of mutation is equally likely.

    Args:
        name: A schema of the contract.
        contract: A date, or a `Contract`; by default the default contract.
        profile: ``documented``, ``wire`` or ``tolerant``; by default that of the `Contract`, or ``wire``. Under
            ``tolerant``, unknown words, types and keys are near misses too: they are reported as drift.

    Raises:
        UnknownContract: No contract of that date is shipped.
        UnknownProfile: There is no such profile.
        UnknownSchema: The contract has no such schema.
    """
    loaded = resolve_contract(contract, profile)
    # A payload that has drifted is a near miss already.
    valid = loaded.with_profile("wire") if loaded.profile == "tolerant" else loaded
    payloads = from_schema(name, contract=valid)
    strategies = [_mutate(loaded, mutations, payloads) for mutations in all_mutations(loaded, name).values()]
    if name == "Call" and has_rules(loaded, name):
        strategies.append(inconsistent_calls(valid))
    call = StrategyCall(function="near_misses", arguments=(name,), options=other_than_default(contract, profile))
    return with_repr(call, st.one_of(strategies))


@st.composite
def _mutate(
    draw: st.DrawFn, contract: Contract, mutations: tuple[Mutation, ...], payloads: st.SearchStrategy[Any]
) -> NearMiss:
    mutation = draw(st.sampled_from(mutations))
    return NearMiss(
        payload=mutation.apply(contract, draw(payloads)),
        kind=mutation.kind,
        done=mutation.done,
        code=mutation.code,
        instance_pointer=mutation.instance_pointer,
    )


@st.composite
def inconsistent_calls(draw: st.DrawFn, contract: Contract) -> NearMiss:
    """Draw a coherent Call with one consistency rule broken."""
    rule = draw(st.sampled_from([rule for rule in CONTRADICTIONS if rule.applies(contract)]))
    fields: dict[str, Any] = {key: st.just(value) for key, value in rule.fields.items()}
    call = draw(calls(contract=contract, **fields))
    rule.change(call)
    return NearMiss(
        payload=call,
        kind="contradiction",
        done=f"{rule.instance_pointer}: {rule.done}.",
        code=rule.code,
        instance_pointer=rule.instance_pointer,
        judge="consistency",
    )
