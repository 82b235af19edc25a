"""The ways in which the simulator can break its contract, so that a test can show that a checker notices.

Nothing is imported here: a simulator without faults starts without the table of them.
"""
