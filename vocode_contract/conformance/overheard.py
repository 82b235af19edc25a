"""What comes of a test whose traffic was judged as it went by."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from vocode_contract.conformance.properties import VERDICT, noted, written
from vocode_contract.traffic import Traffic
from vocode_contract.violation import ContractViolated


@contextmanager
def overheard(item: pytest.Item, traffic: Traffic) -> Iterator[None]:
    """Run a test; an error in its traffic fails it, unless it fails by itself.

    Raises:
        ContractViolated: With all that was found.
    """
    __tracebackhide__ = True
    yield
    try:
        traffic.ensure()
    except ContractViolated as violated:
        # Whatever its client concluded before, this is the verdict.
        item.user_properties[:] = [each for each in item.user_properties if each[0] != VERDICT]
        noted(item, violated)
        raise
    item.user_properties += written(dict.fromkeys(traffic.violations))
    if traffic.judged and not any(name == VERDICT for name, _ in item.user_properties):
        item.user_properties.append((VERDICT, "conforms"))
