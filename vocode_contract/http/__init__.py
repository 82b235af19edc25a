"""One HTTP exchange in, violations out; and the code that sends requests.

Start with `message` (`Request`, `Response`, `Exchange`) and `checks` (`violations_of`). `guard` decides what may be
sent where, `client` is the only code that opens sockets to an API, `traffic` checks exchanges of a user's own httpx
client. May import `validation`, `contract` and `errors`.
"""
