"""The ways in which the simulator can be reported to violate, so that a test shows it is noticed.

Nothing is imported here: a sound server starts without the table of faults.
"""
