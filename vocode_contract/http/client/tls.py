"""TLS: trust the public authorities and those of the user, and prove the client's identity with a certificate."""

import os
import ssl
import sys

from vocode_contract.errors import InvalidOption, MissingExtra
from vocode_contract.http.client.authentication import PASSPHRASE_VARIABLE, ClientCertificate

try:
    import certifi
except ImportError:
    raise MissingExtra("client", "talking to a server") from None


def tls_context(ca_file: str = "", certificate: ClientCertificate | None = None) -> ssl.SSLContext:
    """Return a TLS context that verifies certificates, and that the environment cannot change.

    It equals `ssl.create_default_context`, except that it ignores ``SSLKEYLOGFILE``, which would write the keys of each
    connection to a file.

    Args:
        ca_file: PEM file of certificates to trust besides the public ones; empty for none.
        certificate: The client certificate; ``None`` for none.

    Raises:
        InvalidOption: A file cannot be read, or does not contain what it should.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and name
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cafile=certifi.where())
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except ssl.SSLError:
            raise InvalidOption("the file of certificates", f"{ca_file} holds no PEM certificate") from None
        except OSError as error:
            raise InvalidOption("the file of certificates", f"{ca_file}: {error.strerror}") from None
    if certificate is not None:
        _load_certificate(context, certificate)
    return context


class _Encrypted(Exception):
    """The key is encrypted, and there is no passphrase."""


def _load_certificate(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    passphrase = os.environ.get(PASSPHRASE_VARIABLE, "")

    def give_passphrase() -> str:  # OpenSSL would ask for it at the terminal
        if not passphrase:
            raise _Encrypted
        return passphrase

    problem = f"{certificate.file} holds no PEM certificate with its key"
    try:
        context.load_cert_chain(certificate.file, certificate.key_file or None, give_passphrase)
    except _Encrypted:
        problem = f"has an encrypted key; put its passphrase into {PASSPHRASE_VARIABLE}"
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            problem = "does not belong to the key"
        elif passphrase:
            problem += f", or {PASSPHRASE_VARIABLE} does not decrypt it"
    except OSError as error:
        unread = (path for path in (certificate.file, certificate.key_file) if not os.access(path, os.R_OK))
        problem = f"{next(unread, certificate.file)}: {error.strerror}"
    except ValueError:
        problem = f"has an encrypted key, for which {PASSPHRASE_VARIABLE} is too long"
    else:
        return
    raise InvalidOption("the client certificate", problem)
