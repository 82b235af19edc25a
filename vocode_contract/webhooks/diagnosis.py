"""Why a signature fails: the mistakes that are made, tried until one explains it.

Not for production: verify there, and ask here when it fails. What is said holds nothing of secret,
signature or body.
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
from vocode_contract.webhooks.signature import Secrets, several

_Digest = Callable[[bytes, bytes], bytes]

_LENGTHS: Mapping[int, str] = {20: "digest-sha1", 48: "digest-sha384", 64: "digest-sha512"}


def _hmac(name: str) -> _Digest:
    return lambda key, body: hmac.digest(key, body, name)


#: Bytes of a digest to the ways to make one of that length, with the mistake that each is.
_DIGESTS: Mapping[int, tuple[tuple[tuple[str, ...], _Digest], ...]] = {
    32: (((), _hmac("sha256")), (("digest-unkeyed",), lambda _, body: hashlib.sha256(body).digest())),
    **{length: (((code,), _hmac(code.removeprefix("digest-"))),) for length, code in _LENGTHS.items()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One mistake that makes a signature fail.

    Attributes:
        code: Stable name of the mistake, a key of `MISTAKES`.
        certain: Whether it is proved: it shows by itself, or undoing it makes the signature fit.
        index: Which of the secrets is meant, from 0; ``None`` where none is.
        writers: For ``body-reserialised``, the serialisers that write exactly the body given.
    """

    code: str
    certain: bool = True
    index: int | None = None
    writers: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The violations, in a sentence or two."""
        wrote = f" It is written as by {' or '.join(self.writers)}." if self.writers else ""
        return MISTAKES[self.code].sentence + wrote

    @property
    def remedy(self) -> str:
        """What to do."""
        return MISTAKES[self.code].remedy

    def __str__(self) -> str:
        """Write the diagnosis as one line."""
        likely = "" if self.certain else "Probably: "
        which = "" if self.index is None else f", secrets[{self.index}]"
        return f"{likely}{self.sentence} {self.remedy} [{self.code}{which}]"


def diagnose(body: Body, header: Text | Iterable[Text] | None, secrets: Secrets) -> tuple[Diagnosis, ...]:
    """Say why a signature fails, by undoing the mistakes that are made until it fits.

    The header may be what came, or what the user's own code computed: then its mistakes are found.

    Args:
        body: The bytes that were verified over.
        header: The value of ``x-vocode-signature``, or its values; ``None`` where it is missing.
        secrets: One secret or several, usable or not.

    Returns:
        The mistakes, those of the secrets first; empty where the signature holds.

    Raises:
        InvalidOption: There is no secret; or the body is not bytes.
    """
    data, texts = raw(body), several(secrets)
    if not texts:
        raise InvalidOption("secrets", "there is none; give the action's signature_secret")
    plain = [Diagnosis(code=code, index=index) for index, text in enumerate(texts) for code in secret_mistakes(text)]
    given = _joined(header)
    if not given:
        return (*plain, Diagnosis(code="header-missing"))
    found = dict.fromkeys([*plain, *_of_signature(data, given, texts)])
    if {diagnosis.index for diagnosis in plain} == set(range(len(texts))):  # no secret is usable: nothing is suspected
        return tuple(diagnosis for diagnosis in found if diagnosis.certain)
    return tuple(found)


def _joined(header: Text | Iterable[Text] | None) -> bytes:
    values = (header,) if isinstance(header, str | bytes) else header or ()
    return b", ".join(map(octets, values))


def _of_signature(body: bytes, header: bytes, texts: tuple[str, ...]) -> Iterator[Diagnosis]:
    digests = list(header_readings(header))
    if not digests:
        yield Diagnosis(code="header-not-base64")
        return
    for digest in digests:
        explained = _explained(body, digest.value, texts)
        if explained is not None:
            mistakes, index = explained
            for code in (*digest.mistakes, *mistakes):
                yield _diagnosis(code, body, index=index)
            return
    digest = digests[0]
    length = () if len(digest.value) == 32 else (_LENGTHS.get(len(digest.value), "digest-length"),)
    for code in (*digest.mistakes, *length):
        yield _diagnosis(code, body)
    yield from _suspected(body)


def _diagnosis(code: str, body: bytes, *, index: int | None = None, certain: bool = True) -> Diagnosis:
    writers = writers_of(body, value_of(body)) if code == "body-reserialised" else ()
    about_secret = code.startswith("secret-")
    return Diagnosis(code=code, certain=certain, index=index if about_secret else None, writers=writers)


def _explained(body: bytes, digest: bytes, texts: tuple[str, ...]) -> tuple[tuple[str, ...], int] | None:
    """Return the mistakes that lead to a digest and the secret it was made with, ``None`` if none do."""
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


def _suspected(body: bytes) -> Iterator[Diagnosis]:
    """Yield what is likely where nothing explains the signature."""
    value = value_of(body)
    if not body.strip():
        yield Diagnosis(code="body-empty", certain=False)
    elif value is None:
        yield Diagnosis(code="body-not-json", certain=False)
    elif PROVIDER in writers_of(body, value) and not _is_disordered(value):
        yield Diagnosis(code="key-wrong", certain=False)
    else:
        yield _diagnosis("body-reserialised", body, certain=False)


def _is_disordered(value: object) -> bool:
    return isinstance(value, dict) and list(value) == ["call_id", "payload"]
