"""A new contract date, or a value that a rule compares with, fails here before it is skipped in silence."""

import click

from vocode_contract.cli.options import contract_option
from vocode_contract.contract.model import Contract, dates
from vocode_contract.validation.lifecycle.call_life import FINAL


def test_call_is_over_in_two_states():
    # A new status in which a call is over also belongs into the rules of consistency and coherence.
    assert set(FINAL) == {"ended", "error"}


def test_every_provider_is_known_to_the_rule_about_telephony_parts():
    # The rule provider-mismatch, and the settling of coherent calls, compare with the other provider.
    declared = [Contract.load(date).schemas["Call"]["properties"]["telephony_provider"]["enum"] for date in dates()]
    assert {word for words in declared for word in words} == {"twilio", "vonage"}


def test_new_contract_date_is_checked_against_what_depends_on_dates():
    # After adding a date, look at: the example transcript (`has_timed_transcripts`), `strategies.contradictions`, the
    # `since` and `before` of the simulator's faults, and the variants of the simulator.
    assert dates() == ("2023-11-30", "2024-04-19", "2024-08-27")


def test_help_names_the_default_date():
    [option] = contract_option(click.Command("any")).params
    assert f"(default {Contract.load().date})" in (option.help or "")
