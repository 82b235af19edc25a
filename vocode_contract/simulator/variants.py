"""Variants: how conforming servers can differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args, get_type_hints

from vocode_contract.errors import InvalidOption


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The options of a conforming server; the defaults are the most likely ones.

    Attributes:
        refusal: Status code when authentication is rejected: 403 by the FastAPI of 2023, 401 by newer versions.
        nulls: Whether unset optional properties are null; otherwise they are absent.
        pydantic: The pydantic version whose error messages 422 bodies contain.
        extra_keys: Whether calls and agents have a key that no contract declares.
        offset: How times state that they are UTC.
        charset: Whether the media type of JSON names UTF-8.
        redirects: Whether a trailing slash gets a 307; otherwise it gets a 404.
        odd_bodies: Whether End Call ignores a request body, such as an empty form or null; otherwise a body gets a 422.
        live_transcript: Whether the transcript can be read during the call; otherwise only after it.
        provider: Telephony provider of created calls: ids, metadata.
    """

    refusal: Literal[401, 403] = 403
    nulls: bool = True
    pydantic: Literal[1, 2] = 1
    extra_keys: bool = False
    offset: Literal["+00:00", "Z"] = "+00:00"
    charset: bool = False
    redirects: bool = True
    odd_bodies: bool = True
    live_transcript: bool = False
    provider: Literal["twilio", "vonage"] = "vonage"


LIKELY = Variant()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundServer:
    """A conforming server, for which a checker must report nothing.

    Attributes:
        title: How it differs from the most likely one, in one line.
        contract: Date of its contract.
        variant: Its options.
    """

    title: str
    contract: str = "2023-11-30"
    variant: Variant = field(default=LIKELY)


#: Servers that differ in what no document specifies: a check that reports a violation for one is wrong.
SOUND_VARIANTS: Mapping[str, SoundServer] = {
    "likely": SoundServer(title="the most likely server of 2023"),
    "april-2024": SoundServer(title="the contract of 2024-04-19", contract="2024-04-19"),
    "august-2024": SoundServer(title="the contract of 2024-08-27", contract="2024-08-27"),
    "refuses-401": SoundServer(title="rejects authentication with 401 instead of 403", variant=Variant(refusal=401)),
    "keys-left-out": SoundServer(title="omits unset keys instead of sending null", variant=Variant(nulls=False)),
    "pydantic-2": SoundServer(title="words 422 bodies as pydantic 2 does", variant=Variant(pydantic=2)),
    "extra-keys": SoundServer(title="sends keys that no contract declares", variant=Variant(extra_keys=True)),
    "zulu-times": SoundServer(title="writes UTC as Z instead of +00:00", variant=Variant(offset="Z")),
    "newest": SoundServer(
        title="the newest contract and framework, unlike the likely server in five options",
        contract="2024-08-27",
        variant=Variant(refusal=401, nulls=False, pydantic=2, extra_keys=True, offset="Z"),
    ),
    "sparse-april-2024": SoundServer(
        title="the contract of 2024-04-19; omits unset keys, writes UTC as Z, rejects with 401",
        contract="2024-04-19",
        variant=Variant(nulls=False, offset="Z", refusal=401),
    ),
}

#: Named combinations of options.
VARIANTS: Mapping[str, Variant] = {
    "likely": LIKELY,
    "newer": Variant(refusal=401, pydantic=2, offset="Z"),
    "sparse": Variant(nulls=False),
    "chatty": Variant(extra_keys=True, charset=True, live_transcript=True),
    "strict": Variant(redirects=False, odd_bodies=False),
    "twilio": Variant(provider="twilio"),
}
_BOOLEANS: Mapping[str, bool] = {"true": True, "yes": True, "false": False, "no": False}


def variant_of(words: Iterable[str]) -> Variant:
    """Return the variant that words describe; a later word overrides an earlier one.

    Args:
        words: Names in `VARIANTS`, and ``option=value`` such as ``refusal=401`` and ``nulls=no``.

    Raises:
        InvalidOption: A word is neither, or an option has no such value.
    """
    variant = LIKELY
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            variant = replace(variant, **{name: _parse_value(name, value)})
        elif name in VARIANTS:
            variant = VARIANTS[name]
        else:
            raise InvalidOption("variant", f"there is none of that name; known: {', '.join(VARIANTS)}")
    return variant


def with_options(variant: Variant, options: Mapping[str, Any]) -> Variant:
    """Return a variant with some options changed.

    Raises:
        InvalidOption: There is no such option, or it has no such value.
    """
    for name, value in options.items():
        if not any(value is known or (value == known and type(value) is type(known)) for known in _values(name)):
            raise _reject(name)
    return replace(variant, **options)


def _parse_value(name: str, word: str) -> Any:
    for value in _values(name):
        if word == str(value) or (isinstance(value, bool) and _BOOLEANS.get(word.lower()) is value):
            return value
    raise _reject(name)


def _values(name: str) -> tuple[Any, ...]:
    if name not in _OPTIONS:
        raise InvalidOption("variant", f"there is no such option; known: {', '.join(_OPTIONS)}")
    return _OPTIONS[name]


def _reject(name: str) -> InvalidOption:
    return InvalidOption(f"variant {name}", f"must be one of {', '.join(map(str, _values(name)))}")


_TYPES = get_type_hints(Variant)
_OPTIONS: Mapping[str, tuple[Any, ...]] = {
    option.name: get_args(_TYPES[option.name]) or (False, True) for option in fields(Variant)
}
