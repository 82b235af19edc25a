"""Split the URL of a server, a proxy or a webhook receiver, refuse what no client can use, and hide credentials."""

import re
from urllib.parse import SplitResult, urlsplit

from vocode_contract.errors import InvalidOption

DEFAULT_PORTS = {"http": 80, "https": 443}
NO_AUTHORITY = "is not a URL with a host and a port of 1 to 65535"

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")
_LONGEST = 2_000
#: A user name and a password, however they are written: with `/` or `@` in them, or without `//` before them.
_USER = re.compile(r"(?:^|(?<=/))[^/@:]*:(?!/|[0-9]+[/?#]).*@|(?<=//)[^/]*@", re.DOTALL)
HIDDEN = "***"


def split_url(url: str, option: str, *, scheme_rule: str, variable: str = "") -> tuple[SplitResult, str, int | None]:
    """Return the parts of an http or https URL, its host in lower case, and its port if it has one.

    Args:
        url: The URL as its user wrote it.
        option: Its name in an error.
        scheme_rule: What to say of another scheme.
        variable: The environment variable that takes what a user name and a password are meant for.

    Raises:
        InvalidOption: With the reason, and without the URL, which may hold a secret.
    """
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise InvalidOption(option, "holds characters that a URL cannot hold, or is too long")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise InvalidOption(option, NO_AUTHORITY) from None
    if parts.scheme not in DEFAULT_PORTS:
        raise InvalidOption(option, scheme_rule)
    if "@" in parts.netloc:
        remedy = f"; {variable} holds what is secret" if variable else ""
        raise InvalidOption(option, f"must hold no user name and no password{remedy}")
    if not _HOST.fullmatch(host) or port == 0:
        raise InvalidOption(option, NO_AUTHORITY)
    return parts, host, port


def hide_credentials(url: str) -> str:
    """Return a URL with what may be secret replaced by ``***``: user name, password, parameters, query and fragment.

    Args:
        url: A URL, valid or not, or a chain of them as in fsspec, such as ``zip://a.jsonl::https://host/a.zip``.
    """
    return "::".join(map(_hide_credentials, url.split("::")))


def _hide_credentials(url: str) -> str:
    shown = _USER.sub(f"{HIDDEN}@", url) if "@" in url else url
    rest = re.search("[;?#]", shown)
    return f"{shown[: rest.end()]}{HIDDEN}" if rest and rest.end() < len(shown) else shown


def is_host(text: str) -> bool:
    """Return whether a text is a host name or an address, without brackets and without a port."""
    return bool(_HOST.fullmatch(text)) and text.count(":") != 1


def bracket(host: str) -> str:
    """Return a host as it stands in a URL: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host
