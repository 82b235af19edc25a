"""``simulate``: serve the simulator in the foreground."""

import click

from vocode_contract.cli.options import contract_of, contract_option, examples
from vocode_contract.cli.output import Output
from vocode_contract.cli.words import meant


@click.command(
    short_help="Serve the simulator until interrupted.",
    epilog=examples(
        "vocode-contract simulate",
        "vocode-contract simulate --port 8080 --contract 2024-08-27",
        "vocode-contract simulate --fault wrong-enum --fault ignored-token",
    ),
)
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="TCP port; any free one without.")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address; no other is served.")
@contract_option
@click.option("--fault", "faults", metavar="NAME", multiple=True, help="Disobey the contract in this way.")
@click.pass_context
def simulate(ctx: click.Context, *, port: int, host: str, date: str | None, faults: tuple[str, ...]) -> None:
    """Serve the simulator until interrupted.

    Prints one line as soon as it answers: its URL and the token it takes. It knows a few calls in
    different states (GET /v1/calls/list) and rings no phone.
    """
    from vocode_contract.simulator import Simulation, serve
    from vocode_contract.simulator.core import DEFAULT_TOKEN

    output = ctx.ensure_object(Output)
    simulation = Simulation(contract_of(date, "wire"), faults=known_faults(faults))

    def accepting(url: str) -> None:
        output.write(f"{url}  Authorization: Bearer {DEFAULT_TOKEN}\n")
        output.flush()

    serve(simulation, host, port, accepting=accepting)


def known_faults(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the simulator's faults that some words mean."""
    if not words:
        return ()
    from vocode_contract.simulator import FAULTS

    return tuple(meant(word, FAULTS, "fault") for word in words)
