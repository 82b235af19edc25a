"""The words of a command that runs the suite again as it was run."""

import shlex
from collections.abc import Iterator

from vocode_contract.conformance.settings import Settings
from vocode_contract.contract.model import DEFAULT_PROFILE, Contract
from vocode_contract.http.body import MAX_BODY
from vocode_contract.validation.codes import ALL, Selection


def words_of(settings: Settings, prefix: str = "--", *, selection: Selection = ALL) -> list[str]:
    """Return what to type for settings, wherever they came from, each word quoted for a shell.

    What allows an effect beyond this machine is left out on purpose: that is given anew for each run.

    Args:
        settings: Of the run.
        prefix: Of its options: ``--``, or ``--vocode-`` for pytest.
        selection: Which codes counted.
    """
    return [word for name, value in _options(settings, selection) for word in (f"{prefix}{name}", shlex.quote(value))]


def _options(settings: Settings, selection: Selection) -> Iterator[tuple[str, str]]:
    contract = settings.contract
    if contract.date != Contract.load().date:
        yield "contract", contract.date
    if contract.profile != DEFAULT_PROFILE:
        yield "profile", contract.profile
    if settings.endpoint:
        yield "url", str(settings.endpoint)
    yield from (("call-id", identifier) for identifier in settings.call_ids)
    yield from (("policy", settings.policies.word(name)) for name in settings.policies.chosen)
    if settings.ca_file:
        yield "ca", settings.ca_file
    if settings.proxy:
        yield "proxy", str(settings.proxy)
    if settings.timeout is not None:
        yield "timeout", f"{settings.timeout:g}"
    if settings.max_body != MAX_BODY:
        yield "max-body", str(settings.max_body)
    yield from (("select", pattern) for pattern in selection.select)
    yield from (("ignore", pattern) for pattern in selection.ignore)
