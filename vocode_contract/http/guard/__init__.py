"""What may be sent where: the rules for requests that ring a phone or cost money.

Start with `guard`; `config_file` reads a user's own consents, `journal` records calls before they are created.
"""
