"""The page about limits: it lists the values that the code has."""

import re

import pytest

from tests.support.pages import DOCS

pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

from vocode_contract import run_options
from vocode_contract.audit import files, json_items, readers, summary
from vocode_contract.cli import validate
from vocode_contract.conformance import health
from vocode_contract.conformance.scenario import lists
from vocode_contract.contract import acceptance, reading
from vocode_contract.http import checks, message
from vocode_contract.http.client import connection, timing
from vocode_contract.http.guard import config_file, guard
from vocode_contract.http.traffic import record, traffic
from vocode_contract.report import evidence, markdown, text
from vocode_contract.simulator.proxy import recording, relay
from vocode_contract.simulator.server import limits
from vocode_contract.validation.json_value import _DEEPEST, Limits
from vocode_contract.webhooks.sending import send

TIMING = timing.Timing()
DEFAULTS = {
    "bytes of a raw payload": Limits().size,
    "nested levels": Limits().depth,
    "values in a payload": Limits().values,
    "violations that are listed": Limits().violations,
    "bytes of a payload or a line, after decompression": files.MOST_BYTES,
    "violations of a payload that `validate` lists": validate.MOST_VIOLATIONS,
    "bytes of a cassette, after decompression, that `audit` reads": readers.MOST_WHOLE,
    "bytes around the payloads of an array or HAR file that `audit` reads": json_items.MOST_AROUND,
    "values in a cassette": reading.MOST_VALUES,
    "findings of `audit` about keys and words that the contract does not know": summary.MOST_NAMES,
    "bytes of a contract of your own": reading.MOST_BYTES,
    "nested levels of a contract of your own": reading.MOST_LEVELS,
    "values in a contract of your own": reading.MOST_VALUES,
    "bytes of a file of accepted violations": acceptance._LARGEST,
    "seconds of one exchange, with its retries": TIMING.total,
    "bytes of a response body": message.MAX_BODY,
    "bytes of a response's head": connection._MOST_HEAD,
    "seconds of one `Retry-After` that is honoured": TIMING.max_retry_after,
    "seconds of waiting for rate limits in a run": TIMING.max_total_wait,
    "state-changing requests to a remote host in a run": guard.Consents().budget,
    "requests per second to a remote host": 1 / TIMING.interval,
    "seconds without advice that a response is slow": checks.SLOW,
    "seconds that clocks may differ without advice": checks.SKEW,
    "consecutive requests without a response": health._DOWN_AFTER,
    "pages of a list that are followed": lists.MOST_PAGES,
    "bytes of a response body that `vocode_traffic` checks": traffic.MOST_READ,
    "errors that a `Traffic` keeps": record._KEPT,
    "bytes of bodies that a `Traffic` keeps": record._BYTES,
    "bytes of a request body": limits.BODY,
    "bytes of a request's head": limits.HEAD,
    "bytes of a URL, or of one header or trailer": limits.LINE,
    "headers of a request": limits.HEADERS,
    "trailers of a request, which are ignored": limits.HEADERS,
    "seconds in which a request has to arrive": limits.PATIENCE,
    "connections to the simulator at once": limits.CONNECTIONS,
    "connections to the proxy at once": relay._MOST_CONNECTIONS,
    "seconds that a receiver of a webhook may take": send.SECONDS,
    "bytes of a body that the proxy records": recording._MOST,
    "bytes of text output": text.MOST_TEXT,
    "characters of a line of text": text.MOST_LINE,
    "characters of a Markdown report": markdown.MOST,
    "bytes of a body in a report": evidence.MOST_BODY,
}
PAGE = (DOCS / "reference" / "limits.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| \w", line)]


def test_limits_are_those_of_the_code():
    shown = {row[0]: float(row[1].replace(",", "")) for row in ROWS if row[0] != "limit"}
    assert shown == DEFAULTS


def test_limits_name_options_and_bounds_that_there_are():
    names = {option.name for option in run_options.OPTIONS} | {"all", "max-size"}
    assert set(re.findall(r"`(?:validate )?--([a-z-]+)[ `]", PAGE)) <= names
    assert f"{timing.SHORTEST} to {timing.LONGEST:g}" in PAGE
    assert f"at most {message.LARGEST_BODY:,}" in PAGE
    assert f"{config_file._SLOWEST} to {config_file._FASTEST}" in PAGE
    assert f"at most {_DEEPEST}" in PAGE
    assert f"at {text.MOST_PHRASE} characters" in PAGE
