"""The formats in which the result of an audit is reported."""

from vocode_contract.report.audit_html import render_audit_html
from vocode_contract.report.audit_json import render_audit_json
from vocode_contract.report.audit_markdown import render_audit_markdown
from vocode_contract.report.audit_text import render_audit_text
from vocode_contract.report.files import Formats

#: Format -> the function that renders it, and the extension of its default file.
AUDIT_FORMATS: Formats = {
    "text": (render_audit_text, "txt"),
    "json": (render_audit_json, "json"),
    "markdown": (render_audit_markdown, "md"),
    "html": (render_audit_html, "html"),
}
