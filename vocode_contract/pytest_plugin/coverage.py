"""Coverage of the contract by a pytest run: what its tests touched, in one process or many."""

from collections.abc import Iterable
from typing import Any

import pytest

from vocode_contract.contract.coverage import Coverage
from vocode_contract.contract.model import Contract, Operation
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Exchange
from vocode_contract.report.coverage import lines, percent
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable

_KEY = "vocode_coverage"


class Touched:
    """What a run touched. Each schema and operation that it touches at all counts with all its parts."""

    def __init__(self, contract: Contract) -> None:
        """Start with nothing."""
        self.coverage = Coverage(contract, ())

    def add(self, payload: object, name: str = "Call") -> None:
        """Count what a payload exercises, parsed or as raw bytes; it is not checked.

        Raises:
            UnknownSchema: The contract has no such schema.
        """
        if isinstance(payload, (bytes, bytearray, memoryview)):
            try:
                payload = read(payload)
            except Unreadable:
                return
        self.coverage.contract.schema(name)
        self._count(names=[name])
        self.coverage.add(payload, name)

    def add_exchange(self, operation: Operation, exchange: Exchange) -> None:
        """Count what an exchange exercises."""
        status = exchange.response.status
        names = list(filter(None, operation.responses.get(status, {}).values()))
        self._count(names=names, operations=[operation.name])
        self.coverage.add_status(operation.name, status)
        if names and exchange.document.defect is None:
            self.coverage.add(exchange.document.value, names[0])

    def to_output(self) -> dict[str, Any]:
        """Return everything as plain values, to be carried to another process."""
        found = self.coverage
        return {"names": list(found.names), "operations": list(found.operations), "rows": found.to_rows()}

    def add_output(self, output: dict[str, Any]) -> None:
        """Count what `to_output` returned elsewhere."""
        self._count(names=output["names"], operations=output["operations"])
        self.coverage.add_rows(output["rows"])

    def _count(self, *, names: Iterable[str | None] = (), operations: Iterable[str] = ()) -> None:
        found = self.coverage
        found.names = tuple(sorted({*found.names, *filter(None, names)}))
        found.operations = tuple(sorted({*found.operations, *operations}))


def threshold(value: str, source: str) -> float:
    """Parse the percentage that a run must reach.

    Raises:
        InvalidOption: It is none.
    """
    try:
        found = float(value)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100:
        raise InvalidOption(source, "must be a percentage, 0 to 100, behind an equals sign if an option")
    return found


class CoverageRun:
    """A plugin that sums what the processes of a run touched, writes it, and fails the run under a threshold."""

    def __init__(self, touched: Touched, least: float) -> None:
        """Start a run.

        Args:
            touched: Where fixtures count.
            least: The percentage to reach.
        """
        self._touched = touched
        self._least = least

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take in what a worker of pytest-xdist touched."""
        output = getattr(node, "workeroutput", {}).get(_KEY)
        if output:
            self._touched.add_output(output)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over what this worker touched, or hold the sum against the threshold."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_KEY] = self._touched.to_output()
        elif session.exitstatus == pytest.ExitCode.OK and self._is_below:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the table."""
        terminalreporter.section("coverage of the contract")
        for line in lines(self._touched.coverage):
            terminalreporter.write_line(line)
        if self._is_below:
            reached = percent(self._touched.coverage)
            terminalreporter.write_line(
                f"ERROR: {reached}% is below the {self._least:g}% that were asked for", red=True
            )

    @property
    def _is_below(self) -> bool:
        return percent(self._touched.coverage) < self._least
