"""The ordered requests that the suite makes, each sent once however many tests use its response.

Start with `scenario`; `steps` and `more_steps` are the requests, `lists` those for pages.
"""
