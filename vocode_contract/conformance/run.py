"""One run: its name, what it created, and who sends for it."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from uuid import uuid4

from vocode_contract.conformance.settings import Settings
from vocode_contract.errors import Terminated
from vocode_contract.guard import Consents, Guard
from vocode_contract.journal import ANSWERED, CallJournal, sole_actor
from vocode_contract.live import read_live, state_directory, user_file
from vocode_contract.redaction import Secret
from vocode_contract.timing import Throttle, Timing
from vocode_contract.transport import Client, is_read_only

_SHOWN = 20
#: Variables that other programs take a proxy from.
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")


@dataclass(slots=True, kw_only=True)
class Run:
    """What a run may do, and what it did; a journal of the calls it created.

    Attributes:
        settings: What it is run against.
        consents: What the user agreed to.
        run_id: Names it to the server's operators.
        journal: Where calls are noted that are created beyond loopback.
        left_before: Ids of calls that earlier runs created there and did not end.
        created: Ids of the calls that it created, in order.
        ended: Ids of those that are known to have ended.
        left: Ids of those that could not be ended.
        unanswered: How many calls it asked for without being told what came of it.
        throttle: Waits for a server that limits the rate of requests.
    """

    settings: Settings
    consents: Consents = field(default_factory=Consents)
    run_id: str = field(default_factory=lambda: uuid4().hex[:12])
    journal: CallJournal | None = None
    left_before: tuple[str, ...] = ()
    created: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unanswered: int = 0
    throttle: Throttle = field(default_factory=Throttle)

    @classmethod
    def of(cls, settings: Settings, *directories: Path, alone: bool = True) -> "Run":
        """Return the run that settings and files allow.

        Args:
            settings: What it is run against.
            directories: Of the project, whose file may narrow what is allowed.
            alone: Whether the run is in one process; without, nothing has an effect beyond loopback.

        Raises:
            InvalidOption: A file, or an option together with it, cannot be used.
        """
        if not settings.is_live or settings.endpoint is None:
            return cls(settings=settings)
        live = read_live(user_file(), *directories)
        consents = settings.consents(live, read_only=is_read_only())
        run = cls(settings=settings, consents=consents if alone else replace(consents, effects=frozenset()))
        run.journal = CallJournal(state_directory(), host=settings.endpoint.host, run_id=run.run_id)
        run.left_before = run.journal.leftovers()
        return run

    @property
    def may_act(self) -> bool:
        """Whether anything may have an effect beyond loopback."""
        return self.settings.is_live and bool(self.consents.effects) and not self.consents.read_only

    def note(self, event: str, identifier: str = "") -> None:
        """Note an event; see `CallJournal.note`."""
        if self.journal is not None:
            self.journal.note(event, identifier)
        self.unanswered += ANSWERED.get(event, 0)
        noted = {"created": self.created, "ended": self.ended, "left": self.left}.get(event)
        if noted is not None:
            noted.append(identifier)

    def sender(self, token: Secret | None) -> Client:
        """Return what sends to the endpoint, past a guard that counts.

        Raises:
            InvalidOption: The token cannot be used.
        """
        settings = self.settings
        if settings.endpoint is None:
            raise ValueError("the built-in simulator has a sender of its own")
        timing = Timing() if settings.timeout is None else Timing.within(settings.timeout)
        return Client(
            settings.endpoint,
            token,
            guard=Guard(self.consents),
            timing=timing,
            throttle=self.throttle,
            run_id=self.run_id,
            ca_file=settings.ca_file,
            proxy=settings.proxy,
            max_body=settings.max_body,
        )

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Keep other runs from acting on the same host meanwhile, where this one may.

        Raises:
            InvalidOption: Another run does.
        """
        with ExitStack() as stack:
            if self.may_act and self.settings.endpoint is not None:
                stack.enter_context(sole_actor(state_directory(), self.settings.endpoint.host))
                stack.enter_context(_terminable())
            yield

    def remarks(self) -> Iterator[str]:
        """Yield what there is to say of the run beside its verdict."""
        yield f"policies: {self.settings.policies}"
        if self.settings.proxy:
            yield f"through the proxy {self.settings.proxy}"
        elif self.settings.is_live and (ignored := next((name for name in _PROXIES if os.environ.get(name)), "")):
            yield f"{ignored} is set and has no say: --proxy or --vocode-proxy names a proxy"
        if self.throttle.waited:
            yield f"the server limits the rate of requests: {self.throttle.waited:.1f} s were waited, as it asked"
        if self.created or self.unanswered:
            counts = f"{len(self.created)} created, {len(self.ended)} ended, {len(self.left)} left"
            unknown = f", {self.unanswered} asked for without an answer: look for them" if self.unanswered else ""
            yield f"calls of this run ({self.run_id}): {counts}{unknown}"
        if self.settings.is_live and self.created:
            yield f"created: {_shown(self.created)}"
        if self.left:
            yield f"still open, end them by hand: {_shown(self.left)}"
        if self.left_before:
            where = f"; once they are looked after, remove {self.journal.path}" if self.journal else ""
            yield f"left open by earlier runs: {_shown(list(self.left_before))}{where}"


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does, so that its calls are ended; others' handlers stay."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Terminated


def _shown(identifiers: list[str]) -> str:
    more = f" and {len(identifiers) - _SHOWN} more" if len(identifiers) > _SHOWN else ""
    return f"{', '.join(identifiers[:_SHOWN])}{more}"
