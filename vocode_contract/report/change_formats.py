"""The formats in which the changes between two contracts are reported."""

from collections.abc import Callable, Mapping

from vocode_contract.report.changes import (
    ChangeReport,
    render_changes_github,
    render_changes_json,
    render_changes_markdown,
    render_changes_sarif,
    render_changes_text,
)
from vocode_contract.report.changes_html import render_changes_html

#: Format -> the function that renders it.
CHANGE_REPORTS: Mapping[str, Callable[[ChangeReport], str]] = {
    "text": render_changes_text,
    "json": render_changes_json,
    "markdown": render_changes_markdown,
    "github": render_changes_github,
    "sarif": render_changes_sarif,
    "html": render_changes_html,
}
