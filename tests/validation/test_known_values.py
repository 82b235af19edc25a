"""A new contract date or enumerated value that the code has to know of fails here, before it is skipped in silence."""

import click

from vocode_contract.cli.options import contract_option
from vocode_contract.contract.model import Contract, dates
from vocode_contract.validation.lifecycle.event_order import KINDS
from vocode_contract.validation.lifecycle.history import FINAL, RESULTS, STAGES, STATUSES


def words(key):
    """Return what the contracts list for a property of a Call."""
    contracts = [Contract.load(date) for date in dates()]
    declared = [
        contract.branch(contract.schemas["Call"]["properties"].get(key, {}), "text") or {} for contract in contracts
    ]
    return {word for schema in declared for word in schema.get("enum", ()) if word is not None}


def test_every_call_status_has_a_rank_in_histories():
    # A new status also belongs into FINAL if a call is over then, and into the rules of consistency and coherence.
    assert words("status") == set(STATUSES)
    assert set(FINAL) == {"ended", "error"}


def test_every_stage_has_a_rank_in_histories():
    assert words("stage") == set(STAGES)


def test_every_result_of_human_detection_is_known_to_histories():
    assert words("human_detection_result") == set(RESULTS)


def test_every_provider_is_known_to_the_rule_about_telephony_parts():
    # The rule provider-mismatch, and the settling of coherent calls, compare with the other provider.
    assert words("telephony_provider") == {"twilio", "vonage"}


def test_every_type_of_event_has_a_place_in_the_order_of_events():
    assert {tag for date in dates() for tag in Contract.load(date).schemas["EventType"]["enum"]} == KINDS


def test_new_contract_date_is_checked_against_what_depends_on_dates():
    # After adding a date, look at: the example transcript (`has_timed_transcripts`), `strategies.contradictions`, the
    # `since` and `before` of the simulator's faults, and the variants of the simulator.
    assert dates() == ("2023-11-30", "2024-04-19", "2024-08-27")


def test_help_names_the_default_date():
    [option] = contract_option(click.Command("any")).params
    assert f"(default {Contract.load().date})" in (option.help or "")
