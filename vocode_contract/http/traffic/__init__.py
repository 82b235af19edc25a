"""Users' own traffic, checked against the contract as it goes by.

`Traffic` wraps the transport of any client of httpx, or of its successor httpx2, and can be hung into
their event hooks. It knows neither library: it relies on the attributes that both give requests and
responses. What is none of the contract's operations passes untouched and unjudged.
"""

from .httpx_transport import CheckedTransport
from .record import Heard
from .traffic import MOST_READ, Hosts, Traffic, operation_at

__all__ = ["MOST_READ", "CheckedTransport", "Heard", "Hosts", "Traffic", "operation_at"]
