"""The outcome of a run as SARIF 2.1.0, for code scanning."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from vocode_contract._version import __version__
from vocode_contract.report.outcome import Cause, Outcome, list_policies
from vocode_contract.report.summary import describe_basis, describe_cause
from vocode_contract.validation.codes import CODES
from vocode_contract.validation.safe_text import inert, inert_json
from vocode_contract.validation.violation import Severity

#: Labels of what a result shows.
_SHOWN = frozenset(("before", "sent", "received", "rerun"))
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {"error": "error", "drift": "warning", "advice": "note"}


def render_sarif(outcome: Outcome) -> str:
    """Return JSON with one result per cause.

    Source: OASIS, SARIF 2.1.0.
    """
    causes = (*outcome.causes, *outcome.accepted_causes)
    codes = sorted({cause.violation.code for cause in causes})
    run = {
        # Neither tool nor rules have an informationUri: this project has no public address.
        "tool": {"driver": {"name": "vocode-contract", "version": __version__, "rules": [*map(_rule, codes)]}},
        "invocations": [{"executionSuccessful": outcome.exit_code in (0, 1), "exitCode": outcome.exit_code}],
        "columnKind": "utf16CodeUnits",
        "properties": {
            "contract": outcome.run.contract,
            "profile": outcome.run.profile,
            "where": inert(outcome.run.where),
            "verdict": outcome.verdict,
            "policies": {name: inert(value) for name, _, value in list_policies(outcome.run)},
            "remarks": [*outcome.outdated, *outcome.remarks],
        },
        "results": [_result(cause, codes, outcome.run.paths) for cause in causes],
    }
    return inert_json(json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)) + "\n"


def _rule(code: str) -> dict[str, object]:
    known = CODES.get(code)
    if known is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "fullDescription": {"text": known.meaning},
        "help": {"text": f"vocode-contract explain {code}"},
        "properties": {"basis": known.basis},
    }


def _result(cause: Cause, codes: Sequence[str], paths: Mapping[str, str]) -> dict[str, object]:
    violation = cause.violation
    label, phrase = describe_basis(cause)
    lines = [f"{cause.place}: got {violation.actual}; {label}: {phrase}"]
    lines += [f"{name}: {text}" for name, text in describe_cause(cause) if name in _SHOWN]
    names = [{"fullyQualifiedName": inert(row.nodeid), "kind": "function"} for row in cause.rows]
    accepted = [{"kind": "external", "justification": inert(violation.accepted)}] if violation.accepted else []
    return {
        "ruleId": violation.code,
        "ruleIndex": codes.index(violation.code),
        "level": _LEVELS[violation.severity],
        "message": {"text": "\n".join(map(inert, lines))},
        "locations": [{"physicalLocation": _place(cause, paths), "logicalLocations": names}],
        "partialFingerprints": {"vocodeContract/v1": _fingerprint(cause)},
        "suppressions": accepted,
    }


def _place(cause: Cause, paths: Mapping[str, str]) -> dict[str, object]:
    """Return where an alert is filed.

    GitHub requires a file, and accepts no absolute URL as one. The violation is on a server and in no file, so the
    alert is filed under the operation's URL path, which cannot be mistaken for a file of the user's; an alert from a
    user's own test is filed under that test.
    """
    row = cause.rows[0]
    path = next((paths[name] for name in cause.operations if name in paths), "")
    uri = path.lstrip("/") if path and row.module else row.nodeid.partition("::")[0]
    return {"artifactLocation": {"uri": quote(inert(uri))}, "region": {"startLine": 1}}


def _fingerprint(cause: Cause) -> str:
    violation = cause.violation
    operations = sorted({row.operation for row in cause.rows})
    parts = (violation.code, violation.schema_pointer, violation.expected, *operations)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()
