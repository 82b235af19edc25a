"""One call over time: observations of it, the rules between them, and the order of its events.

Start with `rules` (`Observation`, `breaches`); `history` keeps what the rules need between two observations.
"""
