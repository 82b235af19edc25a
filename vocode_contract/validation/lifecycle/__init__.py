"""One call over time: observations of it, the rules between them, and the order of its events.

Start with `rules` (`breaches`, `step`). `history` keeps what the rules need between two observations, `event_order` is
the only place that knows how events follow each other, and `call_life` holds the words: statuses, stages, event types.
"""
