"""Make the signature of external actions, and verify it in constant time.

Source: ``x-vocode-signature`` is base64(HMAC-SHA256(base64_decode(signature_secret), raw request body)).
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeAlias

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.masking import Secret
from vocode_contract.webhooks.request import Body, Text, octets, raw

HEADER = "x-vocode-signature"

#: Minimum length in bytes of a decoded secret: shorter ones can be guessed.
LEAST_KEY = 16

SecretText: TypeAlias = str | Secret
Secrets: TypeAlias = SecretText | Iterable[SecretText]
Reason: TypeAlias = Literal["valid", "missing", "mismatch", "too-large"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The result of verifying a signature; true if it is valid.

    Attributes:
        valid: Whether one of the secrets made the signature.
        index: Index of that secret, from 0; ``None`` if there is none.
        reason: ``valid``; ``missing`` without the header field; ``mismatch``; ``too-large`` for a body over the
            limit, which is not hashed.
    """

    valid: bool
    index: int | None = None
    reason: Reason

    def __bool__(self) -> bool:
        """Return whether the signature is valid, so that a forgotten ``.valid`` accepts nothing."""
        return self.valid


def signature_of(body: Body, secret: SecretText) -> str:
    """Return the value of ``x-vocode-signature`` for a raw body; the secret is the action's, in base64.

    Raises:
        InvalidOption: The secret is empty, not base64, or decodes to fewer than 16 bytes; or the body is not bytes.
    """
    return _sign(raw(body), _key(secret, "secret")).decode()


def verify_signature(body: Body, header: Text | None, secrets: Secrets) -> Verification:
    """Verify a signature in constant time.

    Args:
        body: The raw body, as received.
        header: The value of ``x-vocode-signature``, compared literally; ``None`` if it is missing.
        secrets: One secret, or several while secrets are rotated.

    Raises:
        InvalidOption: There is no secret, or one of them is unusable; or the body is not bytes.
    """
    keys = decode_secrets(secrets)
    data = raw(body)
    if header is None:
        return Verification(valid=False, reason="missing")
    given = octets(header)
    # All keys are tried, so that the time does not tell which one matches.
    matching = [index for index, key in enumerate(keys) if hmac.compare_digest(_sign(data, key), given)]
    if not matching:
        return Verification(valid=False, reason="mismatch")
    return Verification(valid=True, index=matching[0], reason="valid")


def decode_secrets(secrets: Secrets) -> tuple[bytes, ...]:
    """Return the keys of the secrets.

    Raises:
        InvalidOption: There is none, or one of them is unusable.
    """
    keys = tuple(_key(secret, f"secrets[{index}]") for index, secret in enumerate(reveal_secrets(secrets)))
    if not keys:
        raise InvalidOption("secrets", "must not be empty; use the action's signature_secret")
    return keys


def reveal_secrets(secrets: Secrets) -> tuple[str, ...]:
    """Return the texts of one secret or several.

    Raises:
        InvalidOption: The secret is bytes, which would be taken for several numbers.
    """
    if isinstance(secrets, bytes | bytearray):
        raise InvalidOption("secrets", "must be a string: the signature_secret unchanged, not its bytes")
    some = (secrets,) if isinstance(secrets, str | Secret) else tuple(secrets)
    return tuple(secret.reveal() if isinstance(secret, Secret) else secret for secret in some)


def _key(secret: SecretText, name: str) -> bytes:
    [text] = reveal_secrets(secret)
    key = None
    # Raised outside: the error of the decoder quotes the secret, and some libraries pickle an error with its context.
    with suppress(ValueError):
        key = b64decode(text, validate=True)
    if key is None:
        raise InvalidOption(name, "is not base64; use the signature_secret unchanged")
    if not key:
        raise InvalidOption(name, "is empty; anyone could sign with it")
    if len(key) < LEAST_KEY:
        raise InvalidOption(name, f"decodes to {len(key)} bytes; at least {LEAST_KEY} are needed")
    return key


def _sign(data: bytes, key: bytes) -> bytes:
    return b64encode(hmac.digest(key, data, hashlib.sha256))
