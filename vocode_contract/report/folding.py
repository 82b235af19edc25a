r"""Commands folded over several lines, so that each line is short and the whole can still be pasted.

Between two words a line ends in ``\``, and the next one is indented. Within a word it ends in ``\`` too,
and the next one has to begin at the very margin: what stands before it would be a part of the word.
"""

import re
import shlex
from collections.abc import Iterator
from itertools import zip_longest

_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|[^\s'"])+""")
_INDENT = "    "


def folded(command: str, most: int) -> list[str]:
    """Return a shell command as lines; those that begin with a space may be indented further.

    Args:
        command: Its words quoted as `shlex.quote` does.
        most: Characters of a line.
    """
    if len(command) <= most:
        return [command]
    lines, words = [""], _WORD.findall(command)
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        first, *others = _pieces(word, most - len(_INDENT) - 2)
        kept = len(following) + 1 if word.startswith("--") else 0  # an option stays with its value
        if lines[-1] and len(lines[-1]) + len(first) + kept + 3 > most:
            lines[-1] += " \\"
            lines.append(_INDENT + first)
        else:
            lines[-1] += f" {first}" if lines[-1] else first
        for piece in others:
            lines[-1] += "\\"
            lines.append(piece)
    return lines


def _pieces(word: str, most: int) -> Iterator[str]:
    """Yield a word in pieces, each quoted by itself; one in double quotes holds a variable and stays whole."""
    if len(word) <= most or word.startswith('"'):
        yield word
        return
    text, start = "".join(shlex.split(word)), 0
    while start < len(text):
        size = most - 2
        while len(shlex.quote(text[start : start + size])) > most:
            size -= 1 + size // 8
        yield shlex.quote(text[start : start + size])
        start += size
