"""The proxy's own page, for a browser: a live list of the latest exchanges, in the style of the simulator's."""

from collections.abc import Mapping
from dataclasses import replace

from vocode_contract.http.message import Response
from vocode_contract.simulator.proxy.inspector import Inspector
from vocode_contract.simulator.responses import json_response
from vocode_contract.simulator.server.control import load_page_file

#: Where it is; every other path is the server's.
PAGES = "/_proxy/"
_FILES: Mapping[str, Response] = {
    "": load_page_file("page.html", __file__),
    "page.js": load_page_file("page.js", __file__),
    "page.css": load_page_file("page.css"),
}
_ALWAYS = (("cache-control", "no-store"), ("x-content-type-options", "nosniff"))


def find_page(inspector: Inspector, name: str) -> Response | None:
    """Return a page of the proxy, or the data for it."""
    if name != "exchanges":
        return _FILES.get(name)
    state = {
        "server": str(inspector.endpoint),
        "contract": inspector.contract.date,
        "total": sum(inspector.counts.values()),
        "violating": sum(count for (_, verdict), count in inspector.counts.items() if verdict == "violates"),
        "exchanges": list(inspector.serialize()),
    }
    response = json_response(200, state)
    return replace(response, headers=(*response.headers, *_ALWAYS))
