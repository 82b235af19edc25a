"""The settings of a run, parsed from its options."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self, get_args

from vocode_contract.conformance.run.accepted import read_accepted
from vocode_contract.conformance.run.options import DEFAULTS, Given
from vocode_contract.contract.acceptance import Acceptance
from vocode_contract.contract.model import DEFAULT_PROFILE, Contract, find_contract, is_contract_path
from vocode_contract.contract.operation import SAFE_METHODS, Effect
from vocode_contract.errors import InvalidOption, UnknownContract, UnknownProfile, spell_option
from vocode_contract.http.client.authentication import (
    BEARER,
    OTHER_TOKEN_VARIABLE,
    TOKEN_VARIABLE,
    Authentication,
    ClientCertificate,
    SecretHeader,
    token_of_environment,
)
from vocode_contract.http.client.endpoint import (
    PROXY_AUTH_VARIABLE,
    Endpoint,
    Proxy,
    require_proxied,
)
from vocode_contract.http.client.timing import LONGEST, SHORTEST, Timing
from vocode_contract.http.guard.config_file import Live
from vocode_contract.http.guard.guard import Consents
from vocode_contract.http.guard.phone_numbers import is_fictional
from vocode_contract.http.message import LARGEST_BODY, MAX_BODY
from vocode_contract.http.policies import DEFAULT_POLICIES, Policies
from vocode_contract.http.traffic import Hosts
from vocode_contract.http.url import is_host
from vocode_contract.run_options import OPTIONS
from vocode_contract.validation.codes import ALL, Selection, parse_patterns, raise_to_errors
from vocode_contract.validation.masking import Secret
from vocode_contract.validation.scalars import canonical_id, uuid_of

_DIGITS = 12
_MOST_REQUESTS = 1_000_000
_EFFECTS: tuple[Effect, ...] = get_args(Effect)
#: What a run without an endpoint checks.
SIMULATOR = "the built-in simulator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the suite is run against, and what it may do there.

    Attributes:
        endpoint: The server; ``None`` for the built-in simulator.
        url_file: The key and the file that name the server, if the user did not; empty otherwise.
        contract_path: The folder or file that a contract of the user's own was read from; empty for a shipped one.
        operations: Name of a published operation to what it is in that contract.
        call_ids: Calls that may be ended, in canonical form.
        selection: Which codes are checked, and their severities.
        accepted: Violations that do not fail a test.
        traffic_hosts: Hosts whose traffic is checked; empty for any.
        timeout: Seconds that one exchange may take; ``None`` for the default.
        ca_file: PEM file of an additional certificate authority to trust; empty for none.
        fuzz: Generated requests per operation; 0 for none.
        seed: Random seed of the generated requests.
        max_body: Maximum size of a response body in bytes.
        effects: Effects that are permitted on a remote host.
        numbers: Phone numbers that may be dialled, only digits; each must also be fictional or in the user's own file.
        from_number: Phone number that calls are placed from, only digits; empty for a fictional one.
        production: Whether the user confirms that the target is a production host.
        budget: Maximum number of state-changing requests to a remote host.
        approve_sends: The number of state-changing requests that the plan shows; ``None`` if it was not given.
    """

    endpoint: Endpoint | None
    contract: Contract
    url_file: str = ""
    contract_path: str = ""
    operations: Mapping[str, str] = field(default_factory=dict)
    call_ids: tuple[str, ...] = ()
    selection: Selection = ALL
    accepted: tuple[Acceptance, ...] = ()
    accepted_file: str = ""
    policies: Policies = DEFAULT_POLICIES
    traffic_hosts: tuple[str, ...] = ()
    timeout: float | None = None
    ca_file: str = ""
    certificate: ClientCertificate | None = None
    authentication: Authentication = BEARER
    headers: tuple[SecretHeader, ...] = ()
    proxy: Proxy | None = None
    fuzz: int = 0
    seed: int = 0
    max_body: int = MAX_BODY
    effects: frozenset[Effect] = frozenset()
    numbers: tuple[str, ...] = field(default=(), repr=False)
    from_number: str = field(default="", repr=False)
    production: bool = False
    budget: int = 1
    approve_sends: int | None = None

    @classmethod
    def from_given(cls, given: Mapping[str, Given], *, is_offline: bool = False) -> Self:
        """Parse the values of `OPTIONS`.

        Args:
            given: Name of an option to its value; an absent one has its default.
            is_offline: Whether nothing is sent to the endpoint, so that environment variables about it have no effect.

        Raises:
            InvalidOption: A value cannot be used; the error names its source.
        """
        complete = given = {**DEFAULTS, **given}
        if is_offline:
            unused = [each for each in OPTIONS if each.scope and given[each.name].source == each.variable]
            given = complete | {each.name: DEFAULTS[each.name] for each in unused}
        url, policy, hosts = given["url"], given["policy"], given["traffic-host"]
        http_hosts = _http_hosts(given["allow-http"])
        endpoint = Endpoint.from_url(url.value, option=url.source, http_hosts=http_hosts) if url.value else None
        auth = given["auth"]
        authentication = Authentication.from_word(auth.value, option=auth.source) if auth.value else BEARER
        if endpoint is not None:
            for variable in (TOKEN_VARIABLE, OTHER_TOKEN_VARIABLE):  # refuses an invalid one once, not in every test
                token_of_environment(authentication, variable=variable)
        operations = _operations(given["operation"], given["contract"])
        contract = _contract(given["contract"], given["profile"], operations)
        if hosts.value:
            Hosts.from_words(hosts.value, option=hosts.source)
        settings = cls(
            endpoint=endpoint,
            url_file=url.source if url.is_from_file else "",
            contract=contract,
            operations=operations,
            contract_path=given["contract"].value if is_contract_path(given["contract"].value) else "",
            call_ids=_call_ids(given["call-id"]),
            selection=Selection(
                select=_codes(given["select"]),
                ignore=_codes(given["ignore"]),
                severities=raise_to_errors(_codes(given["error"])),
            ),
            accepted=read_accepted(given["accepted"], contract),
            accepted_file=given["accepted"].value,
            policies=Policies.from_words(policy.value, option=policy.source),
            traffic_hosts=hosts.value,
            timeout=_timeout(given["timeout"]),
            ca_file=_ca_file(given["ca"]) if endpoint else "",
            certificate=_certificate(given["cert"], given["key"]) if endpoint else None,
            authentication=authentication,
            headers=_headers(given["header-env"], authentication),
            proxy=_proxy(given["proxy"], endpoint),
            fuzz=_count(given["fuzz"]) or 0,
            seed=given["seed"].value,
            max_body=_max_body(given["max-body"]),
            effects=_effects(given["allow"]),
            numbers=_numbers(given["allow-number"]),
            from_number=_number(given["from-number"]),
            production=given["production"].value,
            budget=_count(given["budget"]) or 0,
            approve_sends=_count(given["approve-sends"]),
        )
        if not complete["url"].value:
            _require_no_server_options(complete)
        _require_known_effects(settings, given["contract"], given["operation"])
        return settings

    @property
    def is_live(self) -> bool:
        """Whether the endpoint is not on this machine."""
        return self.endpoint is not None and not self.endpoint.is_loopback

    @property
    def timing(self) -> Timing:
        """The time-outs of one exchange."""
        return Timing() if self.timeout is None else Timing.within(self.timeout)

    @property
    def number(self) -> str:
        """The phone number to dial; empty for a number that is reserved for fiction."""
        return next(iter(self.numbers), "")

    def consents(self, live: Live, *, read_only: bool) -> Consents:
        """Return what the user permits: by options, by the files, and by naming each call.

        Raises:
            InvalidOption: A number may not be dialled.
        """
        if any(not is_fictional(number) and number not in live.numbers for number in self.numbers):
            raise InvalidOption(
                spell_option("allow-number"), "is not among numbers under [live] in your own configuration"
            )
        return Consents(
            effects=self.effects,
            hosts=live.hosts,
            numbers=frozenset(self.numbers) or live.numbers,
            call_ids=frozenset(self.call_ids),
            production=self.production,
            approved=self.approve_sends,
            budget=self.budget,
            read_only=read_only or live.read_only,
        )


def _require_no_server_options(given: Mapping[str, Given]) -> None:
    """Refuse options that concern only a server; the environment and files may set them for other runs."""
    for option in OPTIONS:
        value, source = given[option.name].value, given[option.name].source
        if option.scope == "server" and option.is_set(value) and source.endswith(f"-{option.name}"):
            raise InvalidOption(source, f"needs a server, named by {source.removesuffix(option.name)}url or VOCODE_URL")


def _require_known_effects(settings: Settings, contract: Given, operations: Given) -> None:
    """Refuse what a file of the project says of the effects of requests where the user's safety depends on them."""
    if settings.is_live and settings.contract_path and contract.is_from_file:
        remedy = f"name it with {spell_option('contract')} if the host is remote"
        raise InvalidOption(contract.source, f"is a file, which says what each request does; {remedy}")
    if settings.endpoint is None or not (contract.is_from_file or operations.is_from_file):
        return
    for name, operation in settings.contract.operations.items():
        given = operations if operations.is_from_file and name in settings.operations else contract
        if given.is_from_file and operation.effect == "reads" and operation.method not in SAFE_METHODS:
            remedy = f"if it does, give {spell_option('contract')} and {spell_option('operation')} on the command line"
            raise InvalidOption(given.source, f"says that {operation.method} {operation.path} only reads; {remedy}")


def _http_hosts(given: Given) -> frozenset[str]:
    hosts = frozenset(word.lower().removeprefix("[").removesuffix("]") for word in given.value)
    if not all(map(is_host, hosts)):
        raise InvalidOption(given.source, "must be the name or address of a host, without http:// and without a port")
    return hosts


def _count(given: Given) -> int | None:
    count: int | None = given.value
    if count is not None and not 0 <= count <= _MOST_REQUESTS:
        raise InvalidOption(given.source, f"must be a number of requests, 0 to {_MOST_REQUESTS}")
    return count


def _codes(given: Given) -> tuple[str, ...]:
    return parse_patterns(given.value, given.source)


def _effects(given: Given) -> frozenset[Effect]:
    allowed = frozenset(effect for effect in _EFFECTS if effect in given.value)
    if unknown := set(given.value) - allowed:
        raise InvalidOption(given.source, f"{min(unknown)!a} is not an effect; known: {', '.join(_EFFECTS)}")
    return allowed


def _numbers(given: Given) -> tuple[str, ...]:
    return tuple(_number(Given(value=number, source=given.source)) for number in given.value)


def _number(given: Given) -> str:
    plain: str = given.value.removeprefix("+")
    if given.value and not (plain.isascii() and plain.isdigit()):
        raise InvalidOption(given.source, "must be digits with country code, with or without +")
    return plain


def _operations(given: Given, contract: Given) -> Mapping[str, str]:
    found = {}
    for word in given.value:
        name, equals, operation = word.partition("=")
        if not equals or name not in Contract.load().operations:
            raise InvalidOption(
                given.source, f"must be NAME=OPERATION, with one of {', '.join(Contract.load().operations)}"
            )
        found[name] = operation
    if found and not is_contract_path(contract.value):
        raise InvalidOption(given.source, f"is about a contract of your own, which {spell_option('contract')} names")
    return found


def _contract(date: Given, profile: Given, operations: Mapping[str, str]) -> Contract:
    try:
        return find_contract(date.value or None, profile=profile.value or DEFAULT_PROFILE, operations=operations)
    except UnknownContract as error:
        raise InvalidOption(date.source, str(error)) from None
    except UnknownProfile as error:
        raise InvalidOption(profile.source, str(error)) from None


def _call_ids(given: Given) -> tuple[str, ...]:
    if not all(map(uuid_of, given.value)):
        raise InvalidOption(given.source, "must be the id of a call, a UUID")
    return tuple(dict.fromkeys(map(canonical_id, given.value)))


def _ca_file(given: Given) -> str:
    path: str = given.value
    if path:
        from vocode_contract.http.client.tls import tls_context

        if given.is_from_file and not os.path.isfile(path):  # OpenSSL would wait for the writer of a named pipe
            raise InvalidOption(given.source, f"{path} is not a regular file")
        try:
            tls_context(path)
        except InvalidOption as error:
            raise InvalidOption(given.source, error.reason) from None
    return path


def _certificate(given: Given, key: Given) -> ClientCertificate | None:
    if not given.value:
        if key.value:
            raise InvalidOption(key.source, f"is the key of a client certificate, which {spell_option('cert')} names")
        return None
    certificate = ClientCertificate(file=given.value, key_file=key.value)
    from vocode_contract.http.client.tls import tls_context

    try:
        tls_context(certificate=certificate)
    except InvalidOption as error:
        raise InvalidOption(given.source, error.reason) from None
    return certificate


def _headers(given: Given, authentication: Authentication) -> tuple[SecretHeader, ...]:
    headers = tuple(SecretHeader.from_word(word, option=given.source) for word in given.value)
    names = [authentication.header.lower(), *(header.name.lower() for header in headers)]
    if repeated := next((header.name for header in headers if names.count(header.name.lower()) > 1), ""):
        raise InvalidOption(given.source, f"{repeated} is given twice")
    return headers


def _proxy(given: Given, endpoint: Endpoint | None) -> Proxy | None:
    if not given.value or endpoint is None:
        return None
    credentials = os.environ.get(PROXY_AUTH_VARIABLE)
    proxy = Proxy.from_url(given.value, option=given.source, credentials=Secret(credentials) if credentials else None)
    require_proxied(endpoint, given.source)
    return proxy


def _timeout(given: Given) -> float | None:
    if not given.value:
        return None
    try:
        seconds = float(given.value)
    except ValueError:
        seconds = 0.0
    if not SHORTEST <= seconds <= LONGEST:
        raise InvalidOption(given.source, f"must be a number of seconds, {SHORTEST} to {LONGEST:.0f}")
    return seconds


def _max_body(given: Given) -> int:
    if not given.value:
        return MAX_BODY
    is_number = given.value.isascii() and given.value.isdigit() and len(given.value) < _DIGITS
    if not is_number or not 0 < int(given.value) <= LARGEST_BODY:
        raise InvalidOption(given.source, f"must be a number of bytes, 1 to {LARGEST_BODY}")
    return int(given.value)
