"""Write the tables of the documentation that the code itself states.

A page in `docs/` marks the place of a table by a comment: ``<!-- table: NAME -->``, closed by ``<!-- end -->``. Run
``python tools/regenerate.py`` after a change of what a table lists, and commit the result; a test fails if a page is
out of date.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, replace
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import get_args, get_type_hints

import click
from _pytest.config.argparsing import Parser

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from vocode_contract import pytest_plugin  # noqa: E402  # the checkout's own package
from vocode_contract.cli.explain import codes_page  # noqa: E402
from vocode_contract.cli.main import application  # noqa: E402
from vocode_contract.cli.output import EXIT_CODES  # noqa: E402
from vocode_contract.contract import diff, types  # noqa: E402
from vocode_contract.contract.diff.kinds import ChangeKind, Direction  # noqa: E402
from vocode_contract.contract.model import Contract, dates  # noqa: E402
from vocode_contract.contract.operation import Effect  # noqa: E402
from vocode_contract.errors import PYTEST_PREFIX  # noqa: E402
from vocode_contract.http import inconclusive  # noqa: E402
from vocode_contract.http.guard.guard import PRODUCTION_HOSTS, Consents, Guard, Intent  # noqa: E402
from vocode_contract.http.policies import POLICIES  # noqa: E402
from vocode_contract.run_options import COVERAGE, OPTIONS  # noqa: E402
from vocode_contract.simulator import SCENARIOS, SOUND_VARIANTS, VARIANTS, Fault, Variant  # noqa: E402
from vocode_contract.simulator.faults.catalog import GROUPS  # noqa: E402
from vocode_contract.simulator.faults.fault import ALL  # noqa: E402
from vocode_contract.simulator.faults.operators import OPERATORS  # noqa: E402

PAGES = tuple(sorted((ROOT / "docs").rglob("*.md")))
_OASDIFF = ROOT / "tools" / "oasdiff.txt"
_PIPE = r"\|"
_PLACE = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

STAGING = "staging.example"
PRODUCTION = min(PRODUCTION_HOSTS)
CALL, NUMBER = "3c90c3cc-0d44-4b50-8888-8dd25736052a", "14155550999"
EFFECTS: tuple[Effect, ...] = ("reads", "hangs-up", "rings", "bills", "writes")
EVERYTHING = Consents(
    effects=frozenset(EFFECTS),
    hosts=frozenset({STAGING, PRODUCTION}),
    numbers=frozenset({NUMBER}),
    call_ids=frozenset({CALL}),
    production=True,
    approved=PRODUCTION,
    budget=1,
)
#: Title of a column -> the change to `EVERYTHING` that removes one opt-in.
LACKING = {
    "`--allow`": {"effects": frozenset()},
    "host": {"hosts": frozenset()},
    "call or number": {"numbers": frozenset(), "call_ids": frozenset()},
    "`--production`": {"production": False},
    "second confirmation": {"approved": None},
    "budget": {"budget": 0},
    "not read-only": {"read_only": True},
}


#: Variables that are not options.
VARIABLES = {
    "VOCODE_API_KEY": "the token; `--auth` sets how it is sent",
    "VOCODE_OTHER_API_KEY": "the token of another user, which has to be refused the calls of the first one",
    "VOCODE_KEY_PASSPHRASE": "the passphrase of `--key`",
    "VOCODE_PROXY_AUTH": "`user:password` for `--proxy`",
    "VOCODE_CONTRACT_READ_ONLY": "`1` forbids every effect, on this machine too; only the built-in simulator is exempt",
    "VOCODE_CONTRACT_DEBUG": "`1` adds the traceback to the report of a bug in this package",
    "XDG_CONFIG_HOME": "the directory of your own `vocode-contract/config.toml`; default: `~/.config`",
    "XDG_STATE_HOME": "the directory of the [journal](live.md#the-plan-and-ending-the-calls-of-a-run); default: "
    "`~/.local/state`",
    "CI": "hides the progress of a run",
    "_VOCODE_CONTRACT_COMPLETE": "set by the [completion](#in-a-terminal) of a shell",
}
#: An option of a run, a command or a fixture -> the title and the target of a link to where more is said.
MORE = {
    "--contract": ("your own contract", "../how-to/use-your-own-contract.md"),
    "--operation": ("your own contract", "../how-to/use-your-own-contract.md"),
    "--call-id": ("what may be sent to a remote host", "live.md"),
    "--select": ("codes", "codes.md"),
    "--accepted": ("how to accept known violations", "../how-to/accept-known-violations.md"),
    "--policy": ("policies", "live.md#policies"),
    "--fuzz": ("how to fuzz an API", "../how-to/fuzz-an-api.md"),
    "--auth": ("how to reach a server", "../how-to/reach-a-server.md"),
    "--allow-http": ("how to reach a server", "../how-to/reach-a-server.md"),
    "--allow": ("what may be sent to a remote host", "live.md"),
    "--coverage": ("coverage", "strategies.md#coverage"),
    "--report": ("reports", "report.md#run-reports"),
    "audit": ("how to audit an archive", "../how-to/audit-an-archive.md"),
    "check": ("how to check an API in CI", "../how-to/check-in-ci.md"),
    "explain": ("codes", "codes.md"),
    "config": ("configuration files", "config.md"),
    "diff": ("how to see what changed", "../how-to/see-what-changed.md"),
    "drift": ("how to see what changed", "../how-to/see-what-changed.md"),
    "generate": ("strategies", "strategies.md#the-command"),
    "simulate": ("the simulator", "simulator.md"),
    "proxy": ("how to watch an application", "../how-to/watch-an-application.md"),
    "webhook attack": ("how to stress-test a receiver", "../how-to/attack-a-receiver.md"),
    "vocode_traffic": ("how to check your own traffic", "../how-to/check-your-own-traffic.md"),
    "vocode_simulator": ("the simulator", "simulator.md"),
    "vocode_coverage": ("coverage", "strategies.md#coverage"),
    "webhook_adversary": ("how to stress-test a receiver", "../how-to/attack-a-receiver.md#from-pytest"),
}


def render(page: str) -> str:
    """Return the text of a page with its tables written anew."""
    return _PLACE.sub(lambda place: "\n".join([place[1], *TABLES[place["name"]](), "", place[3]]), page)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    yield from (f"| {' | '.join(cell.replace('|', _PIPE) for cell in row)} |" for row in rows)


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


# --- the API ---


def _types() -> Iterator[str]:
    modules = {date: import_module(f"{types.__name__}.contract_{date.replace('-', '_')}") for date in dates()}
    names = {name for module in modules.values() for name in vars(module) if name[0].isupper()}
    rows = []
    for name in sorted(names - {"Any", "Literal", "NotRequired", "TypedDict"}):
        found = [date for date, module in modules.items() if hasattr(module, name)]
        schema = Contract.load(found[-1]).schemas.get(name)  # an object that is described in place has a type too
        meaning = schema["description"] if schema else getattr(modules[found[-1]], name).__doc__
        rows.append((f"`{name}`", meaning, ", ".join(found)))
    return _table(("type", "stands for", "contracts"), rows)


# --- pytest and the command line ---


def _fixtures() -> Iterator[str]:
    rows = []
    for name, fixture in vars(pytest_plugin).items():
        if type(fixture) is type(pytest_plugin.vocode_client) and not name.startswith("_"):
            scope = str(fixture._fixture_function_marker.scope)
            rows.append((f"`{name}`", scope, _describe(" ".join((fixture.__doc__ or "").split()), name)))
    return _table(("fixture", "scope", "description"), rows)


def _pytest_options() -> Iterator[str]:
    parser = Parser(_ispytest=True)
    pytest_plugin.pytest_addoption(parser)
    known = {f"{PYTEST_PREFIX}{option.name}": option for option in (*OPTIONS, COVERAGE)}
    rows = []
    for argument in parser.getgroup("vocode-contract").options:
        [name], details = argument.names(), argument.attrs()
        text = re.sub("; (also|may be given) .*", "", details["help"])
        option = known.get(name)
        variable = f"`{option.variable}`" if option and option.has_variable else ""
        key = f"`{option.ini_key}`" if option and option.has_key else ""
        mark = " +" if details["default"] == [] else ""
        words = f"{name} {details.get('metavar') or ''}".rstrip()
        rows.append((f"`{words}`{mark}", variable, key, _describe(text, f"--{name.removeprefix(PYTEST_PREFIX)}")))
    return _table(("option", "variable", "key", "description"), rows)


def _variables() -> Iterator[str]:
    rows = [
        (f"`{option.variable}`", _describe(option.help, "")) for option in (*OPTIONS, COVERAGE) if option.has_variable
    ]
    return _table(("variable", "holds"), [*rows, *((f"`{name}`", text) for name, text in VARIABLES.items())])


def _exit_codes() -> Iterator[str]:
    return _table(("code", "when"), ((str(code), text) for code, (_, text) in EXIT_CODES.items()))


def _commands() -> Iterator[str]:
    rows = []
    for name, command in _list_commands():
        link = f"[`{name}`](commands.md#{name.replace(' ', '-')})"
        rows.append((link, _describe(command.short_help or "", name)))
    return _table(("command", "what it does"), rows)


def _command_pages() -> Iterator[str]:
    for name, command in _list_commands():
        context = click.Context(command, info_name=f"vocode-contract {name}", max_content_width=100)
        yield f"## {name}\n"
        yield f"```text\n{' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n```\n"
        yield from (f"{_mark(' '.join(part.split()))}\n" for part in (command.help or "").split("\n\n"))
        # The option for help has the names that the first context gave it: in tests, another one than here.
        options = (each for each in command.get_params(context) if each is not command.get_help_option(context))
        shown = (each.get_help_record(context) for each in options)
        rows = ((f"`{names}`", _mark(" ".join(text.split()))) for names, text in filter(None, shown) if text)
        yield from _table(("option", "description"), rows)
        yield ""


def _list_commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(application)
    for name in application.list_commands(context):
        command = application.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((f"{name} {part}", command.commands[part]) for part in command.list_commands(context))
        elif command is not None:
            yield name, command


def _describe(text: str, name: str) -> str:
    """Return a description as Markdown, with a link to where more is said."""
    return _mark(text.rstrip(".")) + (f"; see [{MORE[name][0]}]({MORE[name][1]})" if name in MORE else "")


def _mark(text: str) -> str:
    """Mark as code what is code in a plain text: names of options and variables, and what is quoted."""
    words = r"``(.+?)``|(?<!\w)'([^']+)'(?!\w)|(?<![\w-])(--[a-z][\w-]*|_?VOCODE_\w+|\S*\*\S*)"
    return re.sub(words, lambda found: f"`{found[1] or found[2] or found[3]}`", text)


# --- codes, policies, changes ---


def _codes() -> Iterator[str]:
    yield from codes_page().rstrip("\n").split("\n")


def _policies() -> Iterator[str]:
    rows = [(f"`{name}`", policy.title, policy.values, f"`{policy.default}`") for name, policy in POLICIES.items()]
    return _table(("policy", "applies to", "values", "default"), rows)


def _changes() -> Iterator[str]:
    lines = ([cell.strip() for cell in line.split("|")] for line in _OASDIFF.read_text("utf-8").splitlines())
    rules = {name: cells for name, *cells in lines}
    head = ("kind", "meaning", "received", "sent", "oasdiff received", "oasdiff sent", "oasdiff's remarks")
    for group, kinds in groupby(diff.KINDS.items(), key=lambda item: item[1].group):
        yield f"## {group.capitalize()}\n"
        rows = (
            (f"`{name}`", kind.title, _level(kind, "received"), _level(kind, "sent"), *rules[name])
            for name, kind in kinds
        )
        yield from _table(head, rows)
        yield ""


def _level(kind: ChangeKind, direction: Direction) -> str:
    level, tolerant = kind.levels[direction], kind.tolerant[direction]
    return level if level == tolerant else f"{level} ({tolerant})"


# --- the guard ---


def _truth() -> Iterator[str]:
    columns = ["all", *(f"no {name}" for name in LACKING)]
    columns = [column.replace("no not read-only", "read-only") for column in columns]
    hosts = {"this machine": "127.0.0.1", "other remote host": STAGING, "production host": PRODUCTION}
    rows = ((title, f"`{effect}`", *_cells(host, effect)) for title, host in hosts.items() for effect in EFFECTS)
    return _table(("host", "effect", *columns, "generated"), rows)


def _cells(host: str, effect: Effect) -> Iterator[str]:
    intent = Intent(operation="some_call", effect=effect, host=host, call_id=CALL, numbers=(NUMBER,))
    for change in ({}, *LACKING.values()):
        yield _word(replace(EVERYTHING, **change), intent)  # type: ignore[arg-type]  # each fits its field
    yield _word(EVERYTHING, replace(intent, generated=True))


def _word(consents: Consents, intent: Intent) -> str:
    return "yes" if Guard(consents).reason_against(intent) is None else "-"


# --- the simulator ---


def _operators() -> Iterator[str]:
    rows = ((f"`{operator.write(name)}`", operator.title) for name, operator in OPERATORS.items())
    return _table(("operator", "behaviour of the server"), rows)


def _faults() -> Iterator[str]:
    for title, faults in GROUPS.items():
        yield f"### {title}\n"
        yield from _table(("fault", "behaviour of the server", "operations", "expected"), map(_fault, faults))
        yield ""


def _fault(fault: Fault) -> tuple[str, ...]:
    contracts = f" (contracts from {fault.since} on)" if fault.since else ""
    contracts += f" (contracts before {fault.before})" if fault.before else ""
    names = "all" if set(fault.operations) == set(ALL) else _code(fault.operations)
    return f"`{fault.name}`", fault.title + contracts, names, _code(fault.breaks)


def _reasons() -> Iterator[str]:
    causes = {name for faults in GROUPS.values() for fault in faults for name in fault.breaks}
    rows = ((f"`{name}`", kind.title) for name, kind in inconclusive.KINDS.items() if name in causes)
    return _table(("reason", "description"), rows)


def _scenarios() -> Iterator[str]:
    rows = []
    for name, scenario in SCENARIOS.items():
        end = (scenario.talk[-1].turn if scenario.talk else scenario.unanswered).step.changes
        results = (f"`{end[key]}`" if key in end else "-" for key in ("status", "stage_outcome"))
        rows.append((f"`{name}`", f"555 {scenario.number}", scenario.summary, *results))
    head = ("scenario", "number ends in", "what happens", "status at the end", "outcome in the 2024 contracts")
    return _table(head, rows)


def _variant_options() -> Iterator[str]:
    hints = get_type_hints(Variant)
    meanings = dict(re.findall(r"^ +(\w+): (.*)\.$", Variant.__doc__ or "", re.MULTILINE))
    rows = []
    for option in fields(Variant):
        others = [value for value in get_args(hints[option.name]) or (False, True) if value != option.default]
        values = _code(_spell(value) for value in (option.default, *others))
        rows.append((f"`{option.name}`", values, meanings[option.name]))
    return _table(("option", "values, default first", "sets"), rows)


def _variants() -> Iterator[str]:
    rows = []
    for name, variant in VARIANTS.items():
        values = ((option.name, getattr(variant, option.name), option.default) for option in fields(Variant))
        chosen = " ".join(f"{key}={_spell(value)}" for key, value, default in values if value != default)
        rows.append((f"`{name}`", f"`{chosen}`" if chosen else "all defaults"))
    return _table(("named variant", "options"), rows)


def _spell(value: object) -> str:
    """Return the value of an option as its user writes it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _sound_servers() -> Iterator[str]:
    rows = ((f"`{name}`", sound.contract, sound.title) for name, sound in SOUND_VARIANTS.items())
    return _table(("server", "contract", "how it differs"), rows)


#: Name of a table -> its lines; what is long has headings of its own.
TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "changes": _changes,
    "codes": _codes,
    "command-pages": _command_pages,
    "commands": _commands,
    "exit-codes": _exit_codes,
    "faults": _faults,
    "fixtures": _fixtures,
    "operators": _operators,
    "policies": _policies,
    "pytest-options": _pytest_options,
    "reasons": _reasons,
    "scenarios": _scenarios,
    "sound-servers": _sound_servers,
    "truth": _truth,
    "types": _types,
    "variables": _variables,
    "variant-options": _variant_options,
    "variants": _variants,
}


def main() -> None:
    """Write all pages."""
    for path in PAGES:
        path.write_text(render(path.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
