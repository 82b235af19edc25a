"""Limits on hosts, sizes and times, which protect the simulator from browsers, other users and fuzzers.

Without them, a web page could reach the simulator by DNS rebinding, and a half-sent request would hold its connection
for ever.
"""

import re
from collections.abc import Sequence

from vocode_contract.http.message import Response
from vocode_contract.simulator.responses import error_response

#: Bytes of a request's head line or of one header, inclusive.
LINE = 8_192
HEADERS = 100
#: Bytes of a request's whole head.
HEAD = 65_536
#: Bytes of a request's body, inclusive.
BODY = 1_048_576
#: Seconds for a request to be received completely, and for a connection to start one.
PATIENCE = 10.0
CONNECTIONS = 64

#: A Host header that names this machine.
LOOPBACK_AUTHORITY = re.compile(rb"(?:127(?:\.[0-9]{1,3}){3}|localhost|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)


def check_head(target: bytes, headers: Sequence[tuple[str, str]], *, is_exposed: bool = False) -> Response | None:
    """Return the refusal of a request because of its target or its headers, if any.

    Args:
        target: Raw path and query.
        headers: Names, in lower case, and values.
        is_exposed: Whether other machines can reach the server, by whatever name it has there.
    """
    hosts = [value for name, value in headers if name == "host"]
    if len(hosts) != 1:
        return error_response(400, "Exactly one Host header is required")
    if not is_exposed and not LOOPBACK_AUTHORITY.fullmatch(hosts[0].encode()):
        return error_response(421, "Misdirected Request")
    if len(target) > LINE:
        return error_response(414, "URI Too Long")
    if len(headers) > HEADERS or any(len(name) + len(value) > LINE for name, value in headers):
        return error_response(431, "Request Header Fields Too Large")
    return None
