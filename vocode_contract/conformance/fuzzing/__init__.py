"""Generated requests: the inputs, the requests made of them, and the search for a smaller failing one.

Start with `fuzzer`.
"""
