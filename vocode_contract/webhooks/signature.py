"""The signature of external actions: made, and verified in constant time.

Source: ``x-vocode-signature`` is base64(HMAC-SHA256(base64_decode(signature_secret), raw request body)).
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from vocode_contract.errors import InvalidOption
from vocode_contract.validation.masking import Secret
from vocode_contract.webhooks.request import Body, Text, octets, raw

HEADER = "x-vocode-signature"

#: Bytes of a secret, decoded, below which it is refused: shorter ones can be guessed.
LEAST_KEY = 16

SecretText: TypeAlias = str | Secret
Secrets: TypeAlias = SecretText | Iterable[SecretText]
Reason: TypeAlias = Literal["valid", "missing", "mismatch", "too-large"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether a signature holds; true exactly if it does.

    Attributes:
        valid: Whether one of the secrets made the signature.
        index: Which of the secrets did, from 0; ``None`` where none did.
        reason: ``valid``; ``missing`` for no header field; ``mismatch``; ``too-large`` for a body over
            the limit, which is not hashed.
    """

    valid: bool
    index: int | None = None
    reason: Reason

    def __bool__(self) -> bool:
        """Return whether the signature holds, so that a forgotten ``.valid`` is no hole."""
        return self.valid


def signature_of(body: Body, secret: SecretText) -> str:
    """Return the value of ``x-vocode-signature`` for a body.

    Args:
        body: The raw body.
        secret: Base64, as the action's ``signature_secret`` has it.

    Raises:
        InvalidOption: The secret is empty, not base64, or decodes to fewer than 16 bytes; or the body
            is not bytes.
    """
    return _signature(raw(body), _key(secret, "secret")).decode()


def verify_signature(body: Body, header: Text | None, secrets: Secrets) -> Verification:
    """Verify a signature, in a time that does not depend on where it is wrong.

    Args:
        body: The raw body, as received.
        header: The value of ``x-vocode-signature``; ``None`` where there is none. Taken literally: two
            ways to write one signature are not both right.
        secrets: One secret, or several while secrets are rotated; each is tried, whichever fits.

    Raises:
        InvalidOption: There is no secret, or one of them is unusable; or the body is not bytes.
    """
    keys = keys_of(secrets)
    data = raw(body)
    if header is None:
        return Verification(valid=False, reason="missing")
    given = octets(header)
    fitting = [index for index, key in enumerate(keys) if hmac.compare_digest(_signature(data, key), given)]
    if not fitting:
        return Verification(valid=False, reason="mismatch")
    return Verification(valid=True, index=fitting[0], reason="valid")


def keys_of(secrets: Secrets) -> tuple[bytes, ...]:
    """Decode the secrets.

    Raises:
        InvalidOption: There is none, or one of them is unusable.
    """
    keys = tuple(_key(secret, f"secrets[{index}]") for index, secret in enumerate(several(secrets)))
    if not keys:
        raise InvalidOption("secrets", "there is none; give the action's signature_secret")
    return keys


def several(secrets: Secrets) -> tuple[str, ...]:
    """Return the texts of one secret or several."""
    some = (secrets,) if isinstance(secrets, str | Secret) else tuple(secrets)
    return tuple(secret.reveal() if isinstance(secret, Secret) else secret for secret in some)


def _key(secret: SecretText, name: str) -> bytes:
    [text] = several(secret)
    try:
        key = b64decode(text, validate=True)
    except ValueError:  # its text may quote the secret
        raise InvalidOption(name, "it is not base64; give the signature_secret unchanged") from None
    if not key:
        raise InvalidOption(name, "it is empty; anyone could sign with it")
    if len(key) < LEAST_KEY:
        raise InvalidOption(name, f"it holds {len(key)} bytes; at least {LEAST_KEY} are needed")
    return key


def _signature(data: bytes, key: bytes) -> bytes:
    return b64encode(hmac.digest(key, data, hashlib.sha256))
