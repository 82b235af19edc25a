"""One run: its identity, its permissions, its client, and the calls that it created."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from uuid import uuid4

from vocode_contract.conformance.run.settings import Settings
from vocode_contract.errors import InvalidOption, Terminated, spell_option
from vocode_contract.http.client.client import Client
from vocode_contract.http.client.timing import Throttle
from vocode_contract.http.guard.config_file import Live, read_live, state_directory, user_file
from vocode_contract.http.guard.guard import PRODUCTION_HOSTS, READ_ONLY_VARIABLE, Consents, Guard, is_read_only
from vocode_contract.http.guard.journal import ANSWERED, CallJournal, sole_actor
from vocode_contract.validation.masking import Secret

_SHOWN = 20
#: Variables that other programs take a proxy from.
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")


@dataclass(slots=True, kw_only=True)
class Run:
    """What a run may do, and what it did.

    Attributes:
        run_id: Names it to the server's operators.
        journal: Records the calls that it creates on a remote host.
        left_before: IDs of calls that earlier runs created on the host and did not end.
        created: IDs of the calls that it created, in order.
        ended: IDs of those that are known to be over.
        left: IDs of those that could not be ended.
        unanswered: Number of Create Call requests without a response.
        is_acting: Whether its plan was shown and no other run acts on the host; only then may it change anything there.
        is_interrupted: Whether Ctrl-C ended it.
        unwritten: Why the journal could not be written; empty if it could.
        interval: Seconds between the starts of two requests to a remote host; ``None`` for the default.
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
    is_acting: bool = False
    is_interrupted: bool = False
    unwritten: str = ""
    throttle: Throttle = field(default_factory=Throttle)
    interval: float | None = None

    @classmethod
    def from_settings(cls, settings: Settings, *directories: Path, alone: bool = True) -> "Run":
        """Return a run with the permissions that settings and files give.

        Args:
            settings: Its settings.
            directories: Directories of the project, whose file may withdraw permissions.
            alone: Whether the run is in one process; several may not change anything on a remote host.

        Raises:
            InvalidOption: A file, or an option together with it, cannot be used.
        """
        if settings.endpoint is None:
            return cls(settings=settings)
        live = read_live(user_file(), *directories)
        consents = settings.consents(live, read_only=is_read_only())
        if not settings.is_live:
            withheld = _explain_withheld(settings, live)
            return cls(settings=settings, consents=Consents(read_only=consents.read_only, withheld=withheld))
        run = cls(settings=settings, consents=consents if alone else replace(consents, effects=frozenset()))
        run.journal = CallJournal(state_directory(), host=settings.endpoint.host, run_id=run.run_id)
        run.left_before = run.journal.leftovers()
        if live.rate is not None and settings.endpoint.host in live.hosts:
            run.interval = 1 / live.rate
        return run

    @property
    def may_act(self) -> bool:
        """Whether it may change anything on a remote host."""
        return self.settings.is_live and bool(self.consents.effects) and not self.consents.read_only

    @property
    def loopback_notice(self) -> str:
        """The notice that a server on this machine is treated as a test server, or why it is not; empty for neither."""
        endpoint = self.settings.endpoint
        if self.consents.withheld:
            return self.consents.withheld
        if endpoint is None or self.settings.is_live or self.consents.read_only:
            return ""
        return f"{endpoint.host} is treated as a test server; if it forwards to a real one, set {READ_ONLY_VARIABLE}=1"

    def require_known_host(self, source: str) -> None:
        """Refuse a remote host that was neither typed for this run nor named in the user's own configuration.

        An environment variable or a file of the repository alone must not send a token anywhere.

        Raises:
            InvalidOption: The host is not among the user's hosts.
        """
        endpoint = self.settings.endpoint
        if endpoint is not None and self.settings.is_live and endpoint.host not in self.consents.hosts:
            remedy = f"pass it with {spell_option('url')}, or list it in hosts under [live] in your own configuration"
            raise InvalidOption(source, f"{endpoint.host} is not this machine; {remedy}")

    def note(self, event: str, identifier: str = "") -> None:
        """Record an event; see `CallJournal.note`. If it cannot be written, this object still knows it.

        Raises:
            InvalidOption: It could not be written.
        """
        if event != "creating":
            self._remember(event, identifier)
        if self.journal is not None:
            try:
                self.journal.note(event, identifier)
            except InvalidOption as error:
                self.unwritten = str(error)
                raise
        if event == "creating":
            self._remember(event, identifier)

    def _remember(self, event: str, identifier: str) -> None:
        self.unanswered += ANSWERED.get(event, 0)
        noted = {"created": self.created, "ended": self.ended, "left": self.left}.get(event)
        if noted is not None:
            noted.append(identifier)
        elif event == "foreign":
            self.created.remove(identifier)

    def sender(self, token: Secret | None) -> Client:
        """Return the client of the endpoint.

        Raises:
            InvalidOption: The token cannot be used.
        """
        settings = self.settings
        if settings.endpoint is None:
            raise ValueError("the built-in simulator has a sender of its own")
        timing = settings.timing
        if self.interval is not None:
            # Real callers use a production host, so its rate is never raised.
            is_production = settings.endpoint.host in PRODUCTION_HOSTS
            interval = max(self.interval, timing.interval) if is_production else self.interval
            timing = replace(timing, interval=interval)
        return Client(
            settings.endpoint,
            token,
            guard=Guard(self.consents if self.is_acting else replace(self.consents, effects=frozenset())),
            timing=timing,
            throttle=self.throttle,
            run_id=self.run_id,
            ca_file=settings.ca_file,
            certificate=settings.certificate,
            authentication=settings.authentication,
            headers=settings.headers,
            proxy=settings.proxy,
            journal=self,
            max_body=settings.max_body,
        )

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Permit this run to act, and lock the host against other runs meanwhile.

        Raises:
            InvalidOption: Another run holds the lock, or the journal cannot be written.
        """
        with ExitStack() as stack:
            if self.may_act and self.settings.endpoint is not None:
                stack.enter_context(sole_actor(state_directory(), self.settings.endpoint.host))
                stack.enter_context(_terminable())
            if self.may_act and self.journal is not None:
                self.journal.prepare()
            self.is_acting = True
            yield

    def remarks(self) -> Iterator[str]:
        """Yield remarks besides the verdict."""
        if self.settings.proxy:
            yield f"through the proxy {self.settings.proxy}"
        elif self.settings.is_live and (ignored := next((name for name in _PROXIES if os.environ.get(name)), "")):
            yield f"{ignored} is set and ignored: name a proxy with {spell_option('proxy')}"
        if self.throttle.waited:
            yield f"the server limits the rate of requests: the run waited {self.throttle.waited:.1f} s"
        if self.created or self.unanswered:
            counts = f"{len(self.created)} created, {len(self.ended)} ended, {len(self.left)} left"
            requests = "create request" if self.unanswered == 1 else "create requests"
            unknown = (
                f", {self.unanswered} {requests} returned no call id: check for orphaned calls"
                if self.unanswered
                else ""
            )
            yield f"calls of this run ({self.run_id}): {counts}{unknown}"
        if self.settings.is_live and self.created:
            yield f"created: {_shown(self.created)}"
        if self.left:
            yield f"still open, end them by hand: {_shown(self.left)}"
        if self.unwritten:
            yield f"the journal is incomplete: {self.unwritten}"
        if self.left_before:
            where = f"; once they are ended, remove {self.journal.path}" if self.journal else ""
            yield f"left open by earlier runs: {_shown(list(self.left_before))}{where}"


def _explain_withheld(settings: Settings, live: Live) -> str:
    """Return why a server on this machine gets no credentials; empty if the user named it.

    A file of a checkout could name any port of this machine, such as that of a tunnel to a real server.
    """
    endpoint = settings.endpoint
    if endpoint is None or not settings.url_file or endpoint.host in live.hosts:
        return ""
    remedy = f"pass {spell_option('url')} {endpoint}, or list {endpoint.host} in hosts under [live] in your own"
    return f"only {settings.url_file} names the server, so it gets no token, and nothing is changed; {remedy} file"


@contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end the run as Ctrl-C does, so that its calls are ended; existing handlers stay."""
    is_main = threading.current_thread() is threading.main_thread()
    ours = [number for number in _ENDING if is_main and signal.getsignal(number) == signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


#: Signals that end a process; Windows has but one of them.
_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise Terminated(number)


def _shown(identifiers: list[str]) -> str:
    more = f" and {len(identifiers) - _SHOWN} more" if len(identifiers) > _SHOWN else ""
    return f"{', '.join(identifiers[:_SHOWN])}{more}"
