"""The HTTP client: the only code that opens sockets to an API.

Start with `client` (`Client`); `connection` holds the deadline of a whole exchange, `endpoint` says where requests go.
"""
