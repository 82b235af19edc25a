"""Diagnose a signature that fails: try common mistakes until one explains it.

For debugging, not for production. A diagnosis shows nothing of secret, signature or body.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from vocode_contract.errors import InvalidOption
from vocode_contract.webhooks.mistakes import (
    MISTAKES,
    SMALL,
    body_readings,
    header_readings,
    secret_mistakes,
    secret_readings,
    value_of,
)
from vocode_contract.webhooks.request import Body, Text, octets, raw
from vocode_contract.webhooks.serializers import PROVIDER, writers_of
from vocode_contract.webhooks.signature import Secrets, reveal_secrets

_Digest = Callable[[bytes, bytes], bytes]

_LENGTHS: Mapping[int, str] = {20: "digest-sha1", 48: "digest-sha384", 64: "digest-sha512"}


def _hmac(name: str) -> _Digest:
    return lambda key, body: hmac.digest(key, body, name)


#: Length of a digest in bytes to the ways to make one, with the mistake that each is.
_DIGESTS: Mapping[int, tuple[tuple[tuple[str, ...], _Digest], ...]] = {
    32: (((), _hmac("sha256")), (("digest-unkeyed",), lambda _, body: hashlib.sha256(body).digest())),
    **{length: (((code,), _hmac(code.removeprefix("digest-"))),) for length, code in _LENGTHS.items()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One mistake that makes a signature fail.

    Attributes:
        code: Stable name of the mistake, such as ``body-reserialised``.
        certain: Whether it is proved: it can be seen, or undoing it makes the signature valid.
        index: Index of the secret that it is about, from 0; ``None`` if it is about none.
        writers: For ``body-reserialised``, the serialisers that write exactly the given body.
    """

    code: str
    certain: bool = True
    index: int | None = None
    writers: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The mistake in a sentence or two."""
        writers = f" Its bytes are those of {' or '.join(self.writers)}." if self.writers else ""
        return MISTAKES[self.code].sentence + writers

    @property
    def remedy(self) -> str:
        """What to do."""
        return MISTAKES[self.code].remedy

    def __str__(self) -> str:
        """Return the diagnosis as one line."""
        likely = "" if self.certain else "Probably: "
        which = "" if self.index is None else f", secrets[{self.index}]"
        return f"{likely}{self.sentence} {self.remedy} [{self.code}{which}]"


def diagnose(body: Body, header: Text | Iterable[Text] | None, secrets: Secrets) -> tuple[Diagnosis, ...]:
    """Return why a signature fails: undo common mistakes until the signature is valid.

    The header may be the one received, or one that your own code computed: then its mistakes are found.

    Args:
        body: The bytes that were verified.
        header: The value of ``x-vocode-signature``, or its values; ``None`` if it is missing.
        secrets: One secret or several, usable or not.

    Returns:
        The mistakes, those of the secrets first; empty if the signature is valid.

    Raises:
        InvalidOption: There is no secret, or the body is not bytes.
    """
    data, texts = raw(body), reveal_secrets(secrets)
    if not texts:
        raise InvalidOption("secrets", "must not be empty; use the action's signature_secret")
    plain = [Diagnosis(code=code, index=index) for index, text in enumerate(texts) for code in secret_mistakes(text)]
    given = _join(header)
    if not given:
        return (*plain, Diagnosis(code="header-missing"))
    found = dict.fromkeys([*plain, *_diagnose_signature(data, given, texts)])
    if {diagnosis.index for diagnosis in plain} == set(
        range(len(texts))
    ):  # without a usable secret, guesses mean nothing
        return tuple(diagnosis for diagnosis in found if diagnosis.certain)
    return tuple(found)


def _join(header: Text | Iterable[Text] | None) -> bytes:
    values = (header,) if isinstance(header, str | bytes) else header or ()
    return b", ".join(map(octets, values))


def _diagnose_signature(body: bytes, header: bytes, texts: tuple[str, ...]) -> Iterator[Diagnosis]:
    digests = list(header_readings(header))
    if not digests:
        yield Diagnosis(code="header-not-base64")
        return
    for digest in digests:
        explanation = _explain(body, digest.value, texts)
        if explanation is not None:
            mistakes, index = explanation
            for code in (*digest.mistakes, *mistakes):
                yield _diagnosis(code, body, index=index)
            return
    digest = digests[0]
    for code in digest.mistakes:
        yield _diagnosis(code, body)
    if len(digest.value) in _LENGTHS:  # other bytes may have that length too
        yield _diagnosis(_LENGTHS[len(digest.value)], body, certain=False)
    elif len(digest.value) != 32:
        yield _diagnosis("digest-length", body)
    yield from _guess(body)


def _diagnosis(code: str, body: bytes, *, index: int | None = None, certain: bool = True) -> Diagnosis:
    writers = writers_of(body, value_of(body)) if code == "body-reserialised" else ()
    about_secret = code.startswith("secret-")
    return Diagnosis(code=code, certain=certain, index=index if about_secret else None, writers=writers)


def _explain(body: bytes, digest: bytes, texts: tuple[str, ...]) -> tuple[tuple[str, ...], int] | None:
    """Return the mistakes that lead to a digest and the index of its secret; ``None`` if none do."""
    keys = [(reading, index) for index, text in enumerate(texts) for reading in secret_readings(text)]
    for before in body_readings(body):
        for key, index in keys:
            for odd, made in _DIGESTS.get(len(digest), ()):
                mistakes = (*key.mistakes, *odd, *before.mistakes)
                if len(body) > SMALL and len(mistakes) > 1:
                    continue
                if hmac.compare_digest(made(key.value, before.value), digest):
                    return mistakes, index
    return None


def _guess(body: bytes) -> Iterator[Diagnosis]:
    """Yield what is likely if nothing explains the signature."""
    value = value_of(body)
    has_other_order = isinstance(value, dict) and list(value) == ["call_id", "payload"]
    if not body.strip():
        yield Diagnosis(code="body-empty", certain=False)
    elif value is None:
        yield Diagnosis(code="body-not-json", certain=False)
    elif PROVIDER in writers_of(body, value) and not has_other_order:
        yield Diagnosis(code="key-wrong", certain=False)
    else:
        yield _diagnosis("body-reserialised", body, certain=False)
