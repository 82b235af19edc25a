"""``simulate``: serve the simulator in the foreground."""

import os
from typing import Any

import click

from vocode_contract.cli.completion import complete_faults, complete_scenarios, complete_variants
from vocode_contract.cli.options import NumberRange, contract_of, contract_option, examples, port_option
from vocode_contract.cli.output import Output
from vocode_contract.errors import InvalidOption
from vocode_contract.webhooks.sending.retries import POLICIES

_NAME_WIDTH = 28


@click.command(
    short_help="Serve the simulator until interrupted.",
    epilog=examples(
        "vocode-contract simulate",
        "vocode-contract simulate --port 8080 --contract 2024-08-27",
        "vocode-contract simulate --scenario voicemail --speed 60",
        "vocode-contract simulate --variant newer --variant nulls=no",
        "vocode-contract simulate --retry exponential --allow-host hooks.example.com",
        "vocode-contract simulate --fault wrong-enum --fault ignored-token@get_call",
        "vocode-contract simulate --fault 'null:/agent/id@get_call[ended]'",
    ),
)
@port_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Other machines can reach any but 127.0.0.0/8 and ::1, such as 0.0.0.0 in a container; "
    "that needs --token-env.",
)
@click.option(
    "--token-env",
    metavar="VARIABLE",
    help="Environment variable that holds the token which the simulator accepts (default: simulator-token).",
)
@contract_option
@click.option(
    "--fault",
    "faults",
    metavar="NAME|MUTATION[@OPERATION][[CONDITION]][:PROBABILITY]",
    multiple=True,
    shell_complete=complete_faults,
    help="Break the contract in this way (see --list-faults); can be repeated (default: no faults). "
    "A mutation is an operator and a place, such as null:/agent/id@get_call[ended].",
)
@click.option(
    "--scenario",
    metavar="NAME",
    shell_complete=complete_scenarios,
    help="Scenario of calls whose phone number does not select one (default: human).",
)
@click.option(
    "--speed",
    metavar="RATIO",
    type=NumberRange(0, 1_000_000),
    default=1.0,
    show_default=True,
    help="Simulated seconds per real second.",
)
@click.option(
    "--seed",
    metavar="N",
    type=int,
    default=0,
    show_default=True,
    help="Random seed for ids, call histories and faults.",
)
@click.option(
    "--variant",
    "variants",
    metavar="NAME|OPTION=VALUE",
    multiple=True,
    shell_complete=complete_variants,
    help="Conforming variant of the server, or one option of it; can be repeated (default: likely).",
)
@click.option(
    "--retry",
    type=click.Choice(tuple(POLICIES)),
    default="once",
    show_default=True,
    help="Retry policy for webhook deliveries that fail.",
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    metavar="NAME",
    multiple=True,
    help="Remote host that webhooks may be sent to; can be repeated (default: loopback only).",
)
@click.option("-q", "--quiet", is_flag=True, help="Log no requests (default: one line per request).")
@click.option(
    "--list-faults", is_flag=True, help="List the faults and the operators of mutations, one per line, and exit."
)
@click.pass_context
def simulate(
    ctx: click.Context,
    /,
    *,
    port: int,
    host: str,
    quiet: bool,
    list_faults: bool,
    date: str | None,
    variants: tuple[str, ...],
    retry: str,
    allowed_hosts: tuple[str, ...],
    token_env: str | None,
    **how: Any,
) -> None:
    """Serve the simulator until interrupted.

    Prints one line when it accepts connections: its URL and the token that it accepts. Requests to the
    API are logged on standard error, one per line, masked, with the status and the time of the response.
    There are a few calls in different states from the start (see GET /v1/calls/list). Created calls ring,
    are answered, talk and end, but no phone rings. Events are sent to webhooks on this machine, and on
    other hosts that --allow-host names. Open the URL in a browser to watch the calls and to place new ones.
    """
    from vocode_contract.simulator import Simulation, serve
    from vocode_contract.simulator.request_log import LoggedRequest, describe_request
    from vocode_contract.simulator.server.callbacks import Callbacks
    from vocode_contract.simulator.simulation import DEFAULT_TOKEN
    from vocode_contract.simulator.variants import variant_of

    output = ctx.ensure_object(Output)
    if list_faults:
        from vocode_contract.simulator import FAULTS
        from vocode_contract.simulator.faults.operators import OPERATORS

        titles = {name: fault.title for name, fault in FAULTS.items()}
        titles |= {operator.write(name): operator.title for name, operator in OPERATORS.items()}
        output.write("".join(f"{name:<{_NAME_WIDTH}}  {title}\n" for name, title in titles.items()))
        return
    how = {name: value for name, value in how.items() if value is not None}
    token = DEFAULT_TOKEN if token_env is None else os.environ.get(token_env, "")
    if not (token.isascii() and token.isprintable() and token and " " not in token):
        raise InvalidOption("--token-env", f"{token_env} must be set, to visible ASCII characters")
    simulation = Simulation(contract_of(date, "wire"), variant=variant_of(variants), token=token, **how)

    def accepting(url: str) -> None:
        output.write(f"{url}  Authorization: Bearer {DEFAULT_TOKEN if token_env is None else f'${token_env}'}\n")
        output.flush()
        output.say(f"open {url}/ in a browser to watch the calls; Ctrl-C stops the simulator")

    def show(entry: LoggedRequest, seconds: float) -> None:
        if not quiet:
            output.say(describe_request(entry, seconds))

    callbacks = Callbacks(simulation, policy=retry, allowed_hosts=allowed_hosts)
    serve(simulation, host, port, accepting=accepting, show=show, callbacks=callbacks)
