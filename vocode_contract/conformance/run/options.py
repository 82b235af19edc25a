"""What was given for the options of a run, and where."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vocode_contract.errors import CHECK_PREFIX, InvalidOption
from vocode_contract.run_options import OPTIONS, UNSET, RunOption


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The value of an option, and where it was given.

    Attributes:
        value: Of the option's type; its default if it was not given.
        source: An option, a variable or a key, as its user wrote it.
        is_from_file: Whether a configuration file gives it, which anybody may have written.
    """

    value: Any = field(repr=False)
    source: str = ""
    is_from_file: bool = False


#: Name of an option -> its default.
DEFAULTS: Mapping[str, Given] = {
    option.name: Given(value=option.default, source=f"{CHECK_PREFIX}{option.name}") for option in OPTIONS
}


def resolve_option(option: RunOption, typed: Any, *, prefix: str, files: Sequence[Given] = ()) -> Given:
    """Return what was given for an option: the command line beats the environment, and that the configuration files.

    Args:
        option: The option.
        typed: The value on the command line; ``None``, or False for a flag, if it is not there.
        prefix: How options are spelled there.
        files: The values in configuration files, the one that wins first.

    Raises:
        InvalidOption: The value on the command line is empty, as that of a shell variable that is not set.
    """
    name = f"{prefix}{option.name}"
    if typed == "" or (option.is_repeatable and "" in (typed or ())):
        raise InvalidOption(name, "is empty; leave it out, or give it a value")
    variable = os.environ.get(option.variable, "") if option.has_variable else ""
    sources = (
        Given(value=typed, source=name),
        Given(value=variable.split() if option.is_repeatable else variable, source=option.variable),
        *files,
    )
    if option.is_cumulative:
        words = tuple(word for given in reversed(sources) for word in given.value or ())
        return Given(value=words, source=" and ".join(given.source for given in sources if given.value) or name)
    absent = (*UNSET, option.default) if option.is_flag else UNSET  # 0 on the command line is not absent
    default = Given(value=option.default, source=name)
    found = next((given for given in sources if given.value not in absent), default)
    return replace(found, value=tuple(found.value)) if option.is_repeatable else found
