"""How simulated calls live: the clock, the scenarios, and the events of one call."""
