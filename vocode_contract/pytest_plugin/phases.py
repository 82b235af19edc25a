"""The phases of a test: fail one whose traffic has violations, and collect the coverage of ``vocode_client``.

The hooks work for tests of any kind, such as `unittest.TestCase`, and for what fixtures do after a test.
"""

import sys
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest

from vocode_contract.pytest_plugin.state import (
    ATTEMPT_KEYS,
    CLIENT,
    COVERAGE_COLLECTOR,
    TRAFFIC,
    VIOLATIONS_TITLE,
    get_settings,
    needs_explanation,
)
from vocode_contract.pytest_plugin.suite import is_suite_test

_STRATEGIES = ("vocode_contract.strategies", "vocode_contract.webhooks.stress.strategies")


def prepare(item: pytest.Item) -> None:
    """Forget an earlier attempt at the test, and record the operation and the claim of a test of the suite."""
    item.user_properties[:] = [each for each in item.user_properties if not each[0].startswith("vocode_")]
    for key in ATTEMPT_KEYS:
        if key in item.stash:
            del item.stash[key]
    marker = item.get_closest_marker("vocode_operation")
    if marker:
        operation = str(marker.args[0])
        item.user_properties += [("vocode_operation", operation), ("vocode_claim", _parse_claim(item.name, operation))]
        if marker.kwargs.get("is_main"):
            item.user_properties.append(("vocode_main", "true"))
        if is_suite_test(item):
            item.user_properties.append(("vocode_module", f"vocode_contract.conformance.{item.path.stem}"))


def _parse_claim(name: str, operation: str) -> str:
    """Return the name of a test as a phrase."""
    words, _, case = name.removeprefix("test_").removeprefix(f"{operation}_").partition("[")
    cases = [part for part in case.removesuffix("]").split("-") if part and part != operation]
    return words.replace("_", " ") + (f" ({', '.join(cases).replace('_', ' ')})" if cases else "")


def call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test whose traffic has violations, and derive the verdict of one that uses ``vocode_client``."""
    __tracebackhide__ = True
    traffic = item.stash.get(TRAFFIC, None)
    with _show_examples(item), traffic.check_phase() if traffic is not None else nullcontext(), _conclude(item):
        return (yield)


def tear_down(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test whose fixtures caused violations after it."""
    __tracebackhide__ = True
    _count_coverage(item)
    traffic = item.stash.get(TRAFFIC, None)
    with traffic.check_phase(is_last=True) if traffic is not None else nullcontext():
        return (yield)


def make_report(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the violations in the traffic of a test's own client, which may explain why it fails by itself."""
    traffic = item.stash.get(TRAFFIC, None)
    if traffic is None:
        return (yield)
    if call.excinfo is not None:
        traffic.record_violations()
    report = yield
    if needs_explanation(report):
        text = traffic.explain_failure(call.excinfo.value if call.excinfo is not None else None)
        if text:
            report.sections.append((VIOLATIONS_TITLE, text))
    return report


def _count_coverage(item: pytest.Item) -> None:
    client, collector = item.stash.get(CLIENT, None), item.config.stash.get(COVERAGE_COLLECTOR, None)
    if client is not None and collector is not None:
        for answer in client.answers:
            collector.add_exchange(answer.operation, answer.exchange)
    if client is not None:  # pytest keeps its items to the end of the run
        del item.stash[CLIENT]


@contextmanager
def _show_examples(item: pytest.Item) -> Iterator[None]:
    """Make Hypothesis show the values of a failing example if they may come from our strategies.

    The plugin of Schemathesis replaces Hypothesis' printer in the whole process by one that prints nothing, which saves
    time in its own tests; those are left alone.
    """
    core = sys.modules.get("hypothesis.core")
    is_ours = any(name in sys.modules for name in _STRATEGIES) and not type(item).__module__.startswith("schemathesis")
    if core is None or "schemathesis" not in sys.modules or not is_ours:
        yield
        return
    from hypothesis.vendor.pretty import RepresentationPrinter

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "RepresentationPrinter", RepresentationPrinter, raising=False)
        yield


def _conclude(item: pytest.Item) -> AbstractContextManager[None]:
    """Derive the verdict of a test that uses ``vocode_client``."""
    client = item.stash.get(CLIENT, None)
    if client is None:
        return nullcontext()
    from vocode_contract.conformance.run.verdict import conclude

    return conclude(item, client, get_settings(item.config).accepted)
