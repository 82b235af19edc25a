"""The contract suite: pytest tests that are run against an endpoint, live or simulated.

Run it with ``pytest --pyargs vocode_contract.conformance``; `ResultCollector`, given to ``pytest.main`` as a
plugin, reports the result. Start with the tests (``test_*.py``): each runs steps of `scenario` and checks them
with `assertions`; `run` holds settings, plan and cleanup, `fuzzing` the generated requests. May import `simulator` and
below.
"""
