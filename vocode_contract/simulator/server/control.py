"""The control plane: what a test, a script or the page asks of the simulator itself, as JSON over HTTP.

It has no token, since it is there on loopback only. What keeps other web pages out: it sends no
CORS headers, refuses requests from another origin, and takes bodies as `application/json` alone, which
a page may not send elsewhere without asking first.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator.faults.injection import SimulatedResponse
from vocode_contract.simulator.lifecycle.clock import date_time
from vocode_contract.simulator.lifecycle.scenarios import EXCHANGE, SCENARIOS
from vocode_contract.simulator.responses import error_response, json_response
from vocode_contract.simulator.serialization import sent
from vocode_contract.simulator.server.page import FILES
from vocode_contract.simulator.variants import LIKELY, VARIANTS, variant_of, with_options
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable
from vocode_contract.validation.masking import masked

if TYPE_CHECKING:
    from vocode_contract.simulator.simulation import Simulation

PREFIX = "/_simulator/"
#: How many calls are shown unless more are asked for.
_NEWEST = 50

Content = Mapping[str, Any]


def state(simulation: "Simulation", _: Content) -> Content:
    """Describe the simulator."""
    return {
        "contract": simulation.contract.date,
        "now": date_time(simulation.now, "Z"),
        "speed": simulation.speed,
        "scenario": simulation.state.scenario,
        "variant": asdict(simulation.variant),
        "armed": list(simulation.armed),
        "calls": len(simulation.state.calls),
    }


def names(_: "Simulation", __: Content) -> Content:
    """List what can be chosen by name."""
    from vocode_contract.simulator.faults.catalog import FAULTS

    return {
        "scenarios": [
            {"name": name, "number": EXCHANGE + scenario.number, "summary": scenario.summary}
            for name, scenario in SCENARIOS.items()
        ],
        "faults": [{"name": name, "summary": fault.title} for name, fault in FAULTS.items()],
        "variants": {name: asdict(variant) for name, variant in VARIANTS.items()},
    }


def calls(simulation: "Simulation", given: Content) -> Content:
    """List calls as List Calls shows them, masked, with the scenario that each follows."""
    shown = []
    for call in simulation.calls(given.get("newest", _NEWEST)):
        value = masked(sent(simulation.contract, "NormalizedCall", call, LIKELY), simulation.contract, "NormalizedCall")
        life = simulation.state.lives.get(call["id"])
        shown.append({"scenario": life.scenario if life else None, "call": value})
    return {"calls": shown}


def events(simulation: "Simulation", given: Content) -> Content:
    """List what has happened to the newest calls, the oldest first."""
    found = simulation.events(given.get("newest", _NEWEST))
    return {"events": [{"at": date_time(event.at, "Z"), **event.content()} for event in found]}


def requests(simulation: "Simulation", _: Content) -> Content:
    """List the last requests, the newest first."""
    return {"requests": list(simulation.journal.shown(simulation.contract))}


def deliveries(simulation: "Simulation", given: Content) -> Content:
    """List the last attempts to deliver what webhooks are reported, the newest first."""
    newest = islice(reversed(simulation.attempts()), given.get("newest", _NEWEST))
    return {"deliveries": [asdict(attempt) for attempt in newest]}


def place(simulation: "Simulation", given: Content) -> Content:
    """Place a call."""
    return {"id": simulation.place(given.get("scenario"))}


def go_on(simulation: "Simulation", given: Content) -> Content:
    """Decide how a call goes on."""
    simulation.go_on(given["id"], scenario=given.get("scenario"), status=given.get("status"))
    return {"id": given["id"]}


def reset(simulation: "Simulation", given: Content) -> Content:
    """Restore everything as it was at the start."""
    simulation.reset(given.get("seed"))
    return state(simulation, {})


def clock(simulation: "Simulation", given: Content) -> Content:
    """Put the clock forward."""
    simulation.advance(given["advance"])
    return state(simulation, {})


def faults(simulation: "Simulation", given: Content) -> Content:
    """Arm and disarm faults."""
    simulation.arm(*given.get("arm", ()))
    if gone := given.get("disarm", ()):
        simulation.disarm(*gone)
    return state(simulation, {})


def variant(simulation: "Simulation", given: Content) -> Content:
    """Change which conforming server it is: another one by name, or some options of this one."""
    chosen = simulation.variant if "name" not in given else variant_of((given["name"],))
    simulation.variant = with_options(chosen, {key: value for key, value in given.items() if key != "name"})
    return state(simulation, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Something that can be asked for.

    Attributes:
        answer: Does it, and returns the content of the response.
        takes: Keys of the body, or of the query of a GET, and the types of their values.
        needs: Keys that must be there.
    """

    answer: Callable[["Simulation", Content], Content]
    takes: Mapping[str, tuple[type, ...]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


_VARIANT = {name: (type(value),) for name, value in asdict(LIKELY).items()}
ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "state"): Route(answer=state),
    ("GET", "names"): Route(answer=names),
    ("GET", "calls"): Route(answer=calls, takes={"newest": (int,)}),
    ("GET", "events"): Route(answer=events, takes={"newest": (int,)}),
    ("GET", "requests"): Route(answer=requests),
    ("GET", "deliveries"): Route(answer=deliveries, takes={"newest": (int,)}),
    ("POST", "calls"): Route(answer=place, takes={"scenario": (str,)}),
    ("POST", "next"): Route(answer=go_on, takes={"id": (str,), "scenario": (str,), "status": (str,)}, needs=("id",)),
    ("POST", "reset"): Route(answer=reset, takes={"seed": (int,)}),
    ("POST", "clock"): Route(answer=clock, takes={"advance": (int, float)}, needs=("advance",)),
    ("POST", "faults"): Route(answer=faults, takes={"arm": (list,), "disarm": (list,)}),
    ("POST", "variant"): Route(answer=variant, takes={"name": (str,), **_VARIANT}),
}
_ALWAYS = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))


def answer(simulation: "Simulation", request: Request) -> SimulatedResponse:
    """Answer a request to the simulator itself, or else to the service that it simulates."""
    own = controlled(simulation, request)
    return simulation.answer(request) if own is None else SimulatedResponse(response=own)


def controlled(simulation: "Simulation", request: Request) -> Response | None:
    """Answer a request to the simulator itself; None for one to the service that it simulates."""
    if request.path == "/" and request.method == "GET":
        return FILES["page.html"]
    if not request.path.startswith(PREFIX):
        return None
    name = request.path.removeprefix(PREFIX)
    if request.method == "GET" and name in FILES:
        return FILES[name]
    response = _answer(simulation, request, name)
    return Response(status=response.status, headers=(*response.headers, *_ALWAYS), body=response.body)


def _answer(simulation: "Simulation", request: Request, name: str) -> Response:
    if not _same_origin(request):
        return error_response(403, "another origin has no business here")
    route = ROUTES.get((request.method, name))
    if route is None:
        allowed = sorted({method for method, known in ROUTES if known == name})
        return (
            error_response(405, "Method Not Allowed", ("allow", ", ".join(allowed)))
            if allowed
            else error_response(404, "Not Found")
        )
    if request.method == "POST" and (request.header("content-type") or "").partition(";")[0] != "application/json":
        return error_response(415, "the body must be application/json, also if it is empty")
    try:
        return json_response(200, route.answer(simulation, _given(route, request)))
    except InvalidOption as error:
        return error_response(400, str(error))


def _same_origin(request: Request) -> bool:
    origin = request.header("origin")
    return origin is None or origin == f"http://{request.header('host')}"


def _given(route: Route, request: Request) -> Content:
    """Read what is given.

    Raises:
        InvalidOption: It is not what the route takes.
    """
    given = _asked(request.query) if request.method == "GET" else _read(request.body)
    if not isinstance(given, dict):
        raise InvalidOption("body", "must be a JSON object")
    for key, value in given.items():
        if key not in route.takes:
            raise InvalidOption("body", f"holds a key that is none of: {', '.join(route.takes)}")
        if type(value) not in route.takes[key] or not _all_words(value):
            wanted = " or ".join(kind.__name__ for kind in route.takes[key])
            raise InvalidOption(key, f"must be of type {wanted}")
    if missing := [key for key in route.needs if key not in given]:
        raise InvalidOption(missing[0], "is required")
    return given


def _all_words(value: object) -> bool:
    return not isinstance(value, list) or all(isinstance(item, str) for item in value)


def _asked(query: str) -> dict[str, Any]:
    return {
        key: int(values[-1]) if values[-1].isdecimal() and len(values[-1]) < 10 else values[-1]
        for key, values in parse_qs(query, keep_blank_values=True).items()
    }


def _read(body: bytes) -> object:
    try:
        return read(body) if body else {}
    except Unreadable as error:
        raise InvalidOption("body", f"is not strict JSON: {error.defect.code}") from None
