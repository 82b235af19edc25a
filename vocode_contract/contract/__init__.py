"""What the API promises: dated documents, operations, profiles, types, and what changed between two dates.

Start with `model` (`Contract`, `dates`) and `operation`; `files` finds the schemas, `profile` says how literally
they are read, `diff` compares two contracts. May import `errors` only.
"""
