"""The ordered requests that the suite makes, each sent once however many tests use its response.

Start with `scenario`. The requests are in `steps`, `more_steps` and `late_steps`, in the order of the run; those for
pages are in `lists`.
"""
