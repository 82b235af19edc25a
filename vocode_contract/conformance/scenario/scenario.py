"""Story: what one process asks of an endpoint, each thing once, for several tests to check.

A moment is a function that asks for one thing, after the moments that come before it. Tests share
moments, not verdicts: each brings about what it needs, unless another test of the process has.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from vocode_contract.conformance.checked_client import CheckedClient
from vocode_contract.conformance.scenario.calls import Calls, NoCall
from vocode_contract.http.checked_exchange import CheckedExchange
from vocode_contract.http.guard.guard import NotPermitted
from vocode_contract.http.inconclusive import Inconclusive

Told = TypeVar("Told", bound=CheckedExchange | tuple[CheckedExchange, ...])

#: Why a moment may not come about.
_REASONS = (Inconclusive, NotPermitted, NoCall)


class Story:
    """The moments that have come about so far."""

    def __init__(self, calls: Calls) -> None:
        """Begin with nothing.

        Args:
            calls: What the moments act on.
        """
        self.calls = calls
        self._told: dict[Callable[[Story], Any], Any] = {}

    @property
    def client(self) -> CheckedClient:
        """Asks the endpoint."""
        return self.calls.client

    def tell(self, moment: Callable[["Story"], Told]) -> Told:
        """Return what came at a moment, which is brought about if it has not been.

        Raises:
            Inconclusive: No complete response came.
            NotPermitted: It would have an effect that nobody allowed.
            NoCall: There is no call to act on.
        """
        __tracebackhide__ = True
        if moment not in self._told:
            try:
                self._told[moment] = moment(self)
            except _REASONS as reason:
                self._told[moment] = reason
        told = self._told[moment]
        if isinstance(told, BaseException):
            raise told.with_traceback(None)
        return told  # type: ignore[no-any-return]  # the step says which

    def attempt(self, moment: Callable[["Story"], Told]) -> Told | None:
        """Return what came at a moment; ``None`` where nothing did."""
        try:
            return self.tell(moment)
        except _REASONS:
            return None

    def ask(self, name: str, *arguments: object, **options: Any) -> CheckedExchange:
        """Ask for something that no test has to answer for by itself; see `CheckedClient.ask`."""
        __tracebackhide__ = True
        return self.client.ask(name, *arguments, kept=False, **options)  # type: ignore[arg-type]  # as given


class Teller:
    """Tells the steps of a scenario to one test, which answers for all that it was reported."""

    def __init__(self, story: Story, answers: list[CheckedExchange]) -> None:
        """Listen.

        Args:
            story: Of the process.
            answers: Of the test.
        """
        self.story = story
        self._answers = answers

    def __call__(self, moment: Callable[[Story], Told]) -> Told:
        """Return what came at a moment; see `Story.tell`."""
        __tracebackhide__ = True
        told = self.story.tell(moment)
        self._answers += told if isinstance(told, tuple) else (told,)
        return told
