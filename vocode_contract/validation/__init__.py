"""A value or bytes in, violations out: parsing, schema validation, consistency, masking and the violation codes.

Start with `validator` (`conforms`, `violations`, `ensure`, `Validator`); `json_text` parses untrusted bytes, `codes`
describes every code, `lifecycle` checks one call over time. May import `contract` and `errors`; knows no HTTP library,
no pytest and no terminal.
"""
