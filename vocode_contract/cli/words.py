"""Words that a user wrote: the known one that is meant, or a hint at it."""

from collections.abc import Iterable, Mapping


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean X?"`` for the known word that is closest, or the empty string."""
    from difflib import get_close_matches

    folded: Mapping[str, str] = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), folded, n=1)
    return f"; did you mean {folded[close[0]]}?" if close else ""


def meant(word: str, known: Iterable[str], noun: str, *, listed_by: str = "") -> str:
    """Return the known word that is meant, whatever its case.

    Args:
        word: As the user wrote it.
        known: All that it may be.
        noun: What it names, for the message.
        listed_by: A command that lists the known words, where they are too many for a message.

    Raises:
        click.UsageError: There is none.
    """
    import click

    names = tuple(known)
    found = next((name for name in names if name.casefold() == word.casefold()), None)
    if found is not None:
        return found
    remedy = f"'{listed_by}' lists them" if listed_by else f"known: {', '.join(names)}"
    raise click.UsageError(
        f"unknown {noun} {word!r}{did_you_mean(word, names) or ';'} {remedy}", click.get_current_context()
    )
