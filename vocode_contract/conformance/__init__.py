"""The contract suite: pytest tests that are run against an endpoint, live or simulated.

Run it with ``pytest --pyargs vocode_contract.conformance``; `Tally`, given to ``pytest.main`` as a
plugin, tells the result of it.
"""
