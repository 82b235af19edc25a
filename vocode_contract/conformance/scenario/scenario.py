"""A scenario: the requests that one process makes of an endpoint, each once, for several tests to check.

A step is a function that makes one request, after the steps that come before it. Tests share steps, not verdicts: each
runs the steps that it needs, unless another test of the process has run them.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.scenario.calls import Calls, NoCall
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.guard.guard import NotPermitted
from vocode_contract.http.inconclusive import Inconclusive

StepResult = TypeVar("StepResult", bound=CheckedExchange | tuple[CheckedExchange, ...])

#: Why a step may not run.
_REASONS = (Inconclusive, NotPermitted, NoCall)


class SharedScenario:
    """The steps that have run so far, and their results."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self._results: dict[Callable[[SharedScenario], Any], Any] = {}

    @property
    def client(self) -> CheckedClient:
        """The client of the endpoint."""
        return self.calls.client

    @property
    def answers(self) -> tuple[CheckedExchange, ...]:
        """The exchanges that are results of the steps so far, and those that have created calls, in order."""
        found = [*self.calls.created.values()]
        for result in self._results.values():
            found += result if isinstance(result, tuple) else () if isinstance(result, BaseException) else (result,)
        return tuple(sorted({id(answer): answer for answer in found}.values(), key=lambda answer: answer.at))

    def run(self, step: Callable[["SharedScenario"], StepResult]) -> StepResult:
        """Return the result of a step, and run it first if it has not run.

        Raises:
            Inconclusive: No complete response came.
            NotPermitted: It would have an effect that is not permitted.
            NoCall: There is no call to act on.
        """
        __tracebackhide__ = True
        if step not in self._results:
            try:
                self._results[step] = step(self)
            except _REASONS as reason:
                self._results[step] = reason
        result = self._results[step]
        if isinstance(result, BaseException):
            raise result.with_traceback(None)
        return result  # type: ignore[no-any-return]  # the step says which

    def try_run(self, step: Callable[["SharedScenario"], StepResult]) -> StepResult | None:
        """Return the result of a step; ``None`` if it could not run."""
        try:
            return self.run(step)
        except _REASONS:
            return None

    def send(self, name: str, *arguments: object, **options: Any) -> CheckedExchange:
        """Make a request that no test checks on its own; see `CheckedClient.send`."""
        __tracebackhide__ = True
        return self.client.send(name, *arguments, keep=False, **options)  # type: ignore[arg-type]  # as given


class ScenarioRunner:
    """Runs scenario steps for one test and records their responses."""

    def __init__(self, scenario: SharedScenario, answers: list[CheckedExchange]) -> None:
        self.shared = scenario
        self._answers = answers

    def run(self, step: Callable[[SharedScenario], StepResult]) -> StepResult:
        """Return the result of a step; see `SharedScenario.run`."""
        __tracebackhide__ = True
        result = self.shared.run(step)
        self._answers += result if isinstance(result, tuple) else (result,)
        return result

    def look_back(self, name: str) -> tuple[CheckedExchange, ...]:
        """Return the responses of an operation in the run so far, in order, for this test to check together."""
        found = tuple(answer for answer in self.shared.answers if answer.operation.name == name)
        self._answers += found
        return found
