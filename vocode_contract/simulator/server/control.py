"""The control plane: JSON over HTTP with which a test, a script or the page controls the simulator itself.

It needs the token only if other machines can reach it. To keep other web pages out, it sends no CORS headers, refuses
requests from another origin, and accepts only `application/json`, which a page may send to another origin only after a
preflight request.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from vocode_contract.contract.files import read_beside
from vocode_contract.errors import InvalidOption
from vocode_contract.http.message import Request, Response
from vocode_contract.simulator.faults.injection import SimulatedResponse
from vocode_contract.simulator.lifecycle.clock import date_time
from vocode_contract.simulator.lifecycle.scenarios import EXCHANGE, SCENARIOS
from vocode_contract.simulator.responses import error_response, json_response
from vocode_contract.simulator.serialization import serialize
from vocode_contract.simulator.variants import LIKELY, VARIANTS, variant_of, with_options
from vocode_contract.validation.json_text import read
from vocode_contract.validation.json_value import Unreadable
from vocode_contract.validation.masking import mask_payload

if TYPE_CHECKING:
    from vocode_contract.simulator.simulation import Simulation

PREFIX = "/_simulator/"
#: Default number of calls, of whose events, or of deliveries in a response.
_NEWEST = 50

Content = Mapping[str, Any]


def _get_state(simulation: "Simulation", _: Content) -> Content:
    return {
        "contract": simulation.contract.date,
        "now": date_time(simulation.now, "Z"),
        "speed": simulation.speed,
        "scenario": simulation.state.scenario,
        "variant": asdict(simulation.variant),
        "armed": list(simulation.armed),
        "calls": len(simulation.state.calls),
    }


def _list_names(_: "Simulation", __: Content) -> Content:
    from vocode_contract.simulator.faults.catalog import FAULTS

    return {
        "scenarios": [
            {"name": name, "number": EXCHANGE + scenario.number, "summary": scenario.summary}
            for name, scenario in SCENARIOS.items()
        ],
        "faults": [{"name": name, "summary": fault.title} for name, fault in FAULTS.items()],
        "variants": {name: asdict(variant) for name, variant in VARIANTS.items()},
    }


def _list_calls(simulation: "Simulation", given: Content) -> Content:
    """Return calls as List Calls does, but masked, with the scenario of each."""
    shown = []
    for call in simulation.calls(given.get("newest", _NEWEST)):
        sent = serialize(simulation.state.contract, "NormalizedCall", call, LIKELY)
        value = mask_payload(sent, simulation.state.contract, "NormalizedCall")
        life = simulation.state.lives.get(call["id"])
        shown.append({"scenario": life.scenario if life else None, "call": value})
    return {"calls": shown}


def _list_events(simulation: "Simulation", given: Content) -> Content:
    found = simulation.events(given.get("newest", _NEWEST))
    return {"events": [{"at": date_time(event.at, "Z"), **event.content()} for event in found]}


def _list_requests(simulation: "Simulation", _: Content) -> Content:
    return {"requests": list(simulation.request_log.serialize(simulation.contract))}


def _list_deliveries(simulation: "Simulation", given: Content) -> Content:
    newest = islice(reversed(simulation.attempts()), given.get("newest", _NEWEST))
    return {"deliveries": [asdict(attempt) for attempt in newest]}


def _place(simulation: "Simulation", given: Content) -> Content:
    return {"id": simulation.place(given.get("scenario"))}


def _go_on(simulation: "Simulation", given: Content) -> Content:
    simulation.go_on(given["id"], scenario=given.get("scenario"), status=given.get("status"))
    return {"id": given["id"]}


def _reset(simulation: "Simulation", given: Content) -> Content:
    simulation.reset(given.get("seed"))
    return _get_state(simulation, {})


def _advance(simulation: "Simulation", given: Content) -> Content:
    simulation.advance(given["advance"])
    return _get_state(simulation, {})


def _change_faults(simulation: "Simulation", given: Content) -> Content:
    simulation.arm(*given.get("arm", ()))
    if names := given.get("disarm", ()):  # without a name, `disarm` would remove all
        simulation.disarm(*names)
    return _get_state(simulation, {})


def _change_variant(simulation: "Simulation", given: Content) -> Content:
    """Select a variant by name, then change some of its options."""
    chosen = simulation.variant if "name" not in given else variant_of((given["name"],))
    simulation.variant = with_options(chosen, {key: value for key, value in given.items() if key != "name"})
    return _get_state(simulation, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method and path of the control plane.

    Attributes:
        run: Returns the content of the response.
        takes: Keys of the body, or of the query of a GET, and the types of their values.
        needs: Required keys.
    """

    run: Callable[["Simulation", Content], Content]
    takes: Mapping[str, tuple[type, ...]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


_VARIANT = {name: (type(value),) for name, value in asdict(LIKELY).items()}
ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "state"): Route(run=_get_state),
    ("GET", "names"): Route(run=_list_names),
    ("GET", "calls"): Route(run=_list_calls, takes={"newest": (int,)}),
    ("GET", "events"): Route(run=_list_events, takes={"newest": (int,)}),
    ("GET", "requests"): Route(run=_list_requests),
    ("GET", "deliveries"): Route(run=_list_deliveries, takes={"newest": (int,)}),
    ("POST", "calls"): Route(run=_place, takes={"scenario": (str,)}),
    ("POST", "next"): Route(run=_go_on, takes={"id": (str,), "scenario": (str,), "status": (str,)}, needs=("id",)),
    ("POST", "reset"): Route(run=_reset, takes={"seed": (int,)}),
    ("POST", "clock"): Route(run=_advance, takes={"advance": (int, float)}, needs=("advance",)),
    ("POST", "faults"): Route(run=_change_faults, takes={"arm": (list,), "disarm": (list,)}),
    ("POST", "variant"): Route(run=_change_variant, takes={"name": (str,), **_VARIANT}),
}
_ALWAYS = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))


#: The page loads nothing from elsewhere, has nothing inline, and cannot be framed.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
#: Suffix of a page's file to its media type.
_TYPES: Mapping[str, str] = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


#: The files of the page for a browser, read when one asks for them.
FILES = ("page.html", "page.css", "page.js")


@cache
def load_page_file(name: str, module: str = __file__) -> Response:
    """Return the response for a page's file.

    Args:
        name: Its name, with one of the suffixes in `_TYPES`.
        module: The ``__file__`` of the module beside whose directory ``files`` it is.
    """
    from vocode_contract.report.page import read_style

    media = _TYPES[name.rpartition(".")[2]]
    is_style = name.endswith(".css")
    return Response(
        status=200,
        headers=(
            ("content-type", f"{media}; charset=utf-8"),
            ("content-security-policy", _POLICY),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ),
        body=read_style(module, "files", name).encode() if is_style else read_beside(module, "files", name),
    )


def answer(simulation: "Simulation", request: Request, *, is_exposed: bool = False) -> SimulatedResponse:
    """Return the response of the control plane or, for any other path, of the simulated service.

    Args:
        simulation: The core.
        request: The request.
        is_exposed: Whether other machines can reach the server.
    """
    is_control = request.path == "/" or request.path.startswith(PREFIX)
    if is_exposed and is_control and (refusal := simulation.check_token(request)):
        return SimulatedResponse(response=refusal)
    response = _control(simulation, request)
    return simulation.answer(request) if response is None else SimulatedResponse(response=response)


def _control(simulation: "Simulation", request: Request) -> Response | None:
    """Return the response of the control plane; None if the request is not for it."""
    if request.path == "/" and request.method == "GET":
        return load_page_file("page.html")
    if not request.path.startswith(PREFIX):
        return None
    name = request.path.removeprefix(PREFIX)
    if request.method == "GET" and name in FILES:
        return load_page_file(name)
    response = _run(simulation, request, name)
    return replace(response, headers=(*response.headers, *_ALWAYS))


def _run(simulation: "Simulation", request: Request, name: str) -> Response:
    if request.header("origin") not in (None, f"http://{request.header('host')}"):
        return error_response(403, "requests from other origins are rejected")
    route = ROUTES.get((request.method, name))
    if route is None:
        allowed = sorted({method for method, known in ROUTES if known == name})
        if not allowed:
            return error_response(404, "Not Found")
        return error_response(405, "Method Not Allowed", ("allow", ", ".join(allowed)))
    if request.method == "POST" and (request.header("content-type") or "").partition(";")[0] != "application/json":
        return error_response(415, "the body must be application/json, even if it is empty")
    try:
        return json_response(200, route.run(simulation, _parse(route, request)))
    except InvalidOption as error:
        return error_response(400, str(error))


def _parse(route: Route, request: Request) -> Content:
    """Return the parsed body, or the query of a GET.

    Raises:
        InvalidOption: It is not what the route takes.
    """
    given = _parse_query(request.query) if request.method == "GET" else _parse_body(request.body)
    if not isinstance(given, dict):
        raise InvalidOption("body", "must be a JSON object")
    for key, value in given.items():
        if key not in route.takes:
            raise InvalidOption("body", f"holds a key that is none of: {', '.join(route.takes)}")
        is_text = not isinstance(value, list) or all(isinstance(item, str) for item in value)
        if type(value) not in route.takes[key] or not is_text:
            wanted = " or ".join(kind.__name__ for kind in route.takes[key])
            raise InvalidOption(key, f"must be of type {wanted}")
    if missing := [key for key in route.needs if key not in given]:
        raise InvalidOption(missing[0], "is required")
    return given


def _parse_query(query: str) -> dict[str, Any]:
    return {
        key: int(values[-1]) if values[-1].isdecimal() and len(values[-1]) < 10 else values[-1]
        for key, values in parse_qs(query, keep_blank_values=True).items()
    }


def _parse_body(body: bytes) -> object:
    try:
        return read(body) if body else {}
    except Unreadable as error:
        raise InvalidOption("body", f"is not strict JSON: {error.defect.code}") from None
