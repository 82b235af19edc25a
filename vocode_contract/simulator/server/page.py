"""The page that shows the calls live in a browser: three files, served as they are."""

import os
from collections.abc import Mapping

from vocode_contract.http.message import Response

#: Nothing from elsewhere, nothing inline, in no frame.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_TYPES = {"page.html": "text/html", "page.css": "text/css", "page.js": "text/javascript"}


def _file(name: str, media: str) -> Response:
    path = os.path.join(os.path.dirname(__file__), "files", name)
    return Response(
        status=200,
        headers=(
            ("content-type", f"{media}; charset=utf-8"),
            ("content-security-policy", _POLICY),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ),
        # Through the loader, which also knows zipped wheels.
        body=__spec__.loader.get_data(path),  # type: ignore[union-attr]  # every loader of files has it
    )


#: The files by name, as answers; `page.html` is the page itself.
FILES: Mapping[str, Response] = {name: _file(name, media) for name, media in _TYPES.items()}
