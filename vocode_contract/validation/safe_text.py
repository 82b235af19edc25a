"""Escape text so that terminals and CI runners do not interpret it."""

import re

from vocode_contract.validation.masking import printable

#: What GitHub's runner takes for a command, in lower case. A name that `::stop-commands::` made up
#: counts only where a line starts with it.
_COMMANDS = (
    "add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|notice|remove-matcher|save-state|set-env|"
    "set-output|stop-commands|warning"
)
_COMMAND = re.compile(rf"^\s*::|::(?=(?:{_COMMANDS})(?: [^:]*)?::)", re.IGNORECASE)


def escape_hashes(text: str) -> str:
    """Return text as one printable line without ``##``: GitHub and Azure obey ``##[`` and ``##vso[`` anywhere."""
    return printable(text).replace("##", r"#\x23")


def inert(text: str) -> str:
    r"""Return text as one printable line that gives no command to who shows it.

    GitHub obeys lines that start with ``::``, GitHub and Azure obey ``##[`` and ``##vso[`` anywhere.
    The colons and hashes are written in ``\x3a`` form there, and nowhere else: names of tests hold
    colons too, and are copied from reports.
    """
    return _COMMAND.sub(lambda found: found.group()[:-1] + r"\x3a", escape_hashes(text))


def inert_json(text: str) -> str:
    """Return JSON with the same value, in which no such command can be read.

    Args:
        text: JSON in ASCII: hashes and doubled colons are in its strings alone.
    """
    return text.replace("##", r"#\u0023").replace("::", r":\u003a")
