"""Load the contract that a server publishes, for the commands that hold a server against documents."""

from typing import TYPE_CHECKING

from vocode_contract.cli.options import resolve_name
from vocode_contract.contract.model import PROFILES, Contract
from vocode_contract.contract.reading import MOST_BYTES
from vocode_contract.errors import InvalidOption
from vocode_contract.http.client.authentication import token_of_environment
from vocode_contract.http.published import fetch_document, locate_document

if TYPE_CHECKING:
    from vocode_contract.conformance.run.settings import Settings


def load_published(settings: "Settings", profile: str, *, sends_token: bool) -> tuple[str, Contract]:
    """Return the URL of the document that a server publishes, and its contract.

    Raises:
        Inconclusive: The document cannot be fetched.
        InvalidOption: It cannot be used; with the place and the reason.
    """
    known = resolve_name(profile, PROFILES, "profile")
    if settings.endpoint is None:
        raise ValueError("the settings name no server")
    url = locate_document(settings.endpoint)
    content = fetch_document(
        settings.endpoint,
        token_of_environment(settings.authentication) if sends_token else None,
        timing=settings.timing,
        most=MOST_BYTES,
        ca_file=settings.ca_file,
        authentication=settings.authentication,
    )
    try:
        return url, Contract.from_openapi(content, profile=known)
    except InvalidOption as error:
        raise InvalidOption(url, error.reason) from None
