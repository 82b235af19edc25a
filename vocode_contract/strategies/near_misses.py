"""Near misses: conforming payloads broken by one step, each with the violation that must be reported."""

from dataclasses import dataclass
from typing import Any, Literal

import hypothesis.strategies as st

from vocode_contract.contract.model import DEFAULT_PROFILE, Contract
from vocode_contract.strategies.contradictions import CONTRADICTIONS
from vocode_contract.strategies.mutations import Mutation, all_mutations
from vocode_contract.strategies.named import StrategyCall, calls, described, from_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A payload one step away from one that conforms.

    Attributes:
        payload: The broken payload.
        kind: What sort of slip it is, such as ``number in quotes``.
        done: What was done, as one sentence; it names no value of the payload.
        code: Code of the one violation that must be reported.
        instance_pointer: Place of that violation, as it is reported: keys of free maps read ``*``.
        check: Who reports it: the schema (`vocode_contract.violations`), or the rules of
            `vocode_contract.validation.consistency`, which the schema knows nothing of.
    """

    payload: Any
    kind: str
    done: str
    code: str
    instance_pointer: str
    judge: Literal["schema", "consistency"] = "schema"


def near_misses(
    name: str = "Call", /, *, contract: str | None = None, profile: str = DEFAULT_PROFILE
) -> st.SearchStrategy[NearMiss]:
    """Draw near misses of a schema; each kind of slip is as likely as the other.

    Args:
        name: A schema of the contract.
        contract: A date; the default contract without.
        profile: ``documented``, ``wire`` or ``tolerant``. Under ``tolerant`` unknown words, types and
            keys are near misses too: they are reported, as drift.

    Raises:
        UnknownContract: No contract of that date is shipped.
        UnknownProfile: There is no such profile.
        UnknownSchema: The contract has no such schema.
    """
    loaded = Contract.load(contract, profile=profile)
    by_kind = all_mutations(loaded, name)
    settled = "wire" if profile == "tolerant" else profile  # a payload that has drifted is a near miss already
    payloads = from_schema(name, contract=contract, profile=settled)
    slips = [_slipped(loaded, mutations, payloads) for mutations in by_kind.values()]
    if name == "Call":
        slips.append(contradicting(loaded.date, settled))
    options = {"contract": contract, "profile": profile}
    usual = {"contract": None, "profile": DEFAULT_PROFILE}
    shown = {key: value for key, value in options.items() if value != usual[key]}
    return described(StrategyCall(function="near_misses", arguments=(name,), options=shown), st.one_of(slips))


@st.composite
def _slipped(
    draw: st.DrawFn, contract: Contract, mutations: tuple[Mutation, ...], payloads: st.SearchStrategy[Any]
) -> NearMiss:
    mutation = draw(st.sampled_from(mutations))
    return NearMiss(
        payload=mutation.applied(contract, draw(payloads)),
        kind=mutation.kind,
        done=mutation.done,
        code=mutation.code,
        instance_pointer=mutation.instance_pointer,
    )


@st.composite
def contradicting(draw: st.DrawFn, date: str, profile: str) -> NearMiss:
    """Draw a coherent Call with one rule of consistency broken."""
    rule = draw(st.sampled_from([rule for rule in CONTRADICTIONS if rule.since <= date]))
    fields: dict[str, Any] = {key: st.just(value) for key, value in rule.fields.items()}
    call = draw(calls(contract=date, profile=profile, **fields))
    rule.change(call)
    return NearMiss(
        payload=call,
        kind="contradiction",
        done=rule.done,
        code=rule.code,
        instance_pointer=rule.instance_pointer,
        judge="consistency",
    )
