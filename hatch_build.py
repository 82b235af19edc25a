"""Make the description of the package from the README, whose relative links and pictures no index can follow."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r'<picture>.*?<img alt="(?P<alt>.*?)" src="(?P<path>.*?)">.*?</picture>', re.DOTALL)
_IMAGE = re.compile(r"!\[(?P<alt>[^]]*)\]\((?!https?:)(?P<path>[^)]*)\)")
_LINK = re.compile(r"(?<!!)\[(?P<text>[^]]*)\]\((?!https?:)(?P<path>[^)]*)\)")


class DescriptionHook(MetadataHookInterface):
    """Sets the field ``readme`` of the metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the description, with the address under ``Repository`` in ``[project.urls]``."""
        readme = Path(self.root, "README.md").read_text("utf-8")
        repository = metadata.get("urls", {}).get("Repository", "")
        text = make_description(readme, repository.rstrip("/"), f"v{metadata['version']}")
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def make_description(readme: str, repository: str, tag: str) -> str:
    """Return the README with absolute links; as long as the repository has no address, without links and pictures.

    Args:
        readme: The text of the README.
        repository: Address of the repository, or an empty string.
        tag: The tag that its files are linked at.
    """
    if repository:
        image, link = rf"![\g<alt>]({repository}/raw/{tag}/\g<path>)", rf"[\g<text>]({repository}/blob/{tag}/\g<path>)"
    else:
        image, link = r"*\g<alt>*", r"\g<text>"
    return _LINK.sub(link, _IMAGE.sub(image, _PICTURE.sub(r"![\g<alt>](\g<path>)", readme)))
