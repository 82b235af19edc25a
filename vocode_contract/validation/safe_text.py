"""Escape text so that terminals and CI runners do not interpret it."""

import re

from vocode_contract.validation.masking import printable

#: The commands of GitHub's runner, in lower case. A name that `::stop-commands::` defines works only at the start of a
#: line.
_COMMANDS = (
    "add-mask|add-matcher|add-path|debug|echo|endgroup|error|group|notice|remove-matcher|save-state|set-env|"
    "set-output|stop-commands|warning"
)
_COMMAND = re.compile(rf"^\s*::|::(?=(?:{_COMMANDS})(?: [^:]*)?::)", re.IGNORECASE)


#: Characters of an error, which may name a value of any length.
_MOST_ERROR = 2_000


def limit_error(text: str) -> str:
    """Return the text of an error as one printable line of bounded length; its end is kept, which has the remedy.

    It may name a value of a configuration file, which anybody may have written.
    """
    line, half = printable(text), _MOST_ERROR // 2
    return line if len(line) <= _MOST_ERROR else f"{line[:half]}...{line[-half:]}"


def escape_hashes(text: str) -> str:
    """Return text as one printable line without ``##``: GitHub and Azure obey ``##[`` and ``##vso[`` anywhere."""
    return printable(text).replace("##", r"#\x23")


def inert(text: str) -> str:
    r"""Return text as one printable line without commands for CI runners.

    GitHub runs lines that start with ``::``; GitHub and Azure run ``##[`` and ``##vso[`` anywhere. Only the colons and
    hashes of commands are escaped (``\x3a``): names of tests have colons too, and are copied from reports.
    """
    return _COMMAND.sub(lambda found: found.group()[:-1] + r"\x3a", escape_hashes(text))


def inert_json(text: str) -> str:
    """Return JSON with the same value and without such commands; in ASCII JSON they can only be in strings."""
    return text.replace("##", r"#\u0023").replace("::", r":\u003a")
