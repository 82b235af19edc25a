"""Users' own traffic, checked against the contract as it goes by.

`Traffic` wraps the transport of any client of httpx, or of its successor httpx2, or serves as an event hook. It
imports neither library: it relies on attributes of requests and responses that both have. Requests that belong to no
operation of the contract pass untouched and unchecked. `Traffic.check_exchange` takes exchanges of other libraries.
"""

from .destination import Hosts, operation_at
from .httpx_transport import CheckedTransport
from .traffic import MOST_READ, Traffic

__all__ = ["MOST_READ", "CheckedTransport", "Hosts", "Traffic", "operation_at"]
