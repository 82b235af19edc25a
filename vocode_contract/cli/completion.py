"""Shell completion for names that are too many, or too slow to load, for a fixed list of choices."""

import os
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: A callback of click that completes a value; the last argument is what the user has typed so far.
Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def complete_from(find_names: Callable[[], Iterable[str]]) -> Complete:
    """Return a callback that completes names, ignoring case.

    Args:
        find_names: Returns the names; called only during completion, because it may import a lot.
    """

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        return [name for name in find_names() if name.casefold().startswith(incomplete.casefold())]

    return complete


def complete_names_in(module: str, name: str) -> Complete:
    """Return a callback that completes the names in a table of a module, which is loaded only then."""
    return complete_from(lambda: getattr(import_module(module), name))


def complete_list(complete_one: Complete) -> Complete:
    """Return a callback that completes the last of several names separated by commas."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{name}" for name in complete_one(context, parameter, last)]

    return complete


def _find_dates() -> Iterable[str]:
    from vocode_contract.contract.model import dates

    return dates()


def _find_schemas() -> Iterable[str]:
    from vocode_contract.contract.model import Contract, dates

    return sorted({name for date in dates() for name in Contract.load(date).schemas})


def _find_events() -> Iterable[str]:
    from vocode_contract.contract.model import Contract, dates

    types = [kind for date in dates() for kind in Contract.load(date).schemas["EventType"]["enum"]]
    return (*dict.fromkeys(types), "external_action", "all")


def _find_policies() -> Iterable[str]:
    from vocode_contract.http.policies import POLICIES

    return (f"{name}={value}" for name, policy in POLICIES.items() for value in policy.choices or (policy.default,))


complete_dates = complete_from(_find_dates)


def complete_contracts(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[str] | list[CompletionItem]":
    """Complete a date, or else the path of a contract."""
    from click.shell_completion import CompletionItem

    return complete_dates(context, parameter, incomplete) or [CompletionItem(incomplete, type="file")]


complete_profiles = complete_names_in("vocode_contract.contract.model", "PROFILES")
complete_schemas = complete_from(_find_schemas)
complete_codes = complete_names_in("vocode_contract.validation.codes", "CODES")
complete_code_lists = complete_list(complete_codes)
complete_reports = complete_list(complete_names_in("vocode_contract.report.files", "FORMATS"))
complete_audit_reports = complete_list(complete_names_in("vocode_contract.report.audit_formats", "AUDIT_FORMATS"))
complete_faults = complete_names_in("vocode_contract.simulator.faults.catalog", "FAULTS")
complete_scenarios = complete_names_in("vocode_contract.simulator.lifecycle.scenarios", "SCENARIOS")
complete_variants = complete_names_in("vocode_contract.simulator.variants", "VARIANTS")
complete_events = complete_from(_find_events)
complete_policies = complete_from(_find_policies)


#: Characters at which readline splits a word, beside those that split it for the shell too.
_BREAKS = ("=", ":")


def run_completion(application: click.Command, name: str, variable: str) -> int:
    """Write what the shell asks for in a variable, a script or completions; return the exit code.

    Bash splits a word such as ``extra-keys=forbid`` in three, and replaces only the last one.
    """
    from click import shell_completion

    class BashCompletion(shell_completion.BashComplete):
        """Joins the words that Bash has split."""

        kept = ""

        def get_completion_args(self) -> tuple[list[str], str]:
            arguments, incomplete = super().get_completion_args()
            joined: list[str] = []
            for word in (*arguments, incomplete):
                if joined and (word[:1] in _BREAKS or joined[-1][-1:] in _BREAKS):
                    joined[-1] += word
                else:
                    joined.append(word)
            self.kept = joined[-1].removesuffix(incomplete if incomplete not in _BREAKS else "")
            return joined[:-1], joined[-1]

        def format_completion(self, item: "CompletionItem") -> str:
            item.value = item.value.removeprefix(self.kept)
            return super().format_completion(item)

    shell_completion.add_completion_class(BashCompletion)
    return shell_completion.shell_complete(application, {}, name, variable, os.environ[variable])
