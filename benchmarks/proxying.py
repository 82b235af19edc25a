"""The proxy beside Prism's, between the same client and the same simulator: CPU and time that it adds to a request.

Prism takes part where ``prism`` of ``@stoplight/prism-cli`` is on the path or named by the variable
PRISM; without it our figures are printed alone.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson

from benchmarks.measuring import Figure, Reading
from benchmarks.serving import find_free_port, measure_server, run_server
from vocode_contract.contract.model import Contract

#: CPU seconds that the proxy may add to a request.
_MOST = 0.001


def figures() -> Iterator[Figure | Reading]:
    """Measure ours and, where it is there, Prism's, one after the other."""
    module = [sys.executable, "-m", "vocode_contract"]
    upstream, port = find_free_port(), find_free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        run_server([*module, "simulate", "--port", str(upstream)], upstream),
    ):
        url = f"http://127.0.0.1:{upstream}"
        ours = measure_server([*module, "proxy", "--upstream", url, "--port", str(port)], port)
        yield Reading(name="End Call, CPU of the proxy", value=ours.cpu * 1e6, unit="us", most=_MOST * 1e6)
        prism = os.environ.get("PRISM") or shutil.which("prism")
        if not prism:
            return
        document = Path(folder, "openapi.json")
        document.write_bytes(orjson.dumps(dict(Contract.load(profile="documented").document)))
        port = find_free_port()
        theirs = measure_server([prism, "proxy", "--port", str(port), str(document), url], port)
    rows = (("End Call, wall", "seconds"), ("End Call, CPU of the proxy", "cpu"), ("ready", "ready"))
    for name, field in rows:
        mine, other = getattr(ours, field), getattr(theirs, field)
        yield Figure(name=name, rival="Prism, proxy", ours=mine, theirs=other, ratio=mine / other)
