"""The outcome of a run as SARIF 2.1.0: what code scanning reads."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from vocode_contract import __version__
from vocode_contract.codes import CODES
from vocode_contract.conformance.outcome import Cause, Outcome
from vocode_contract.conformance.summary import basis, came
from vocode_contract.report.inert import inert, inert_json
from vocode_contract.violation import Severity

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {"error": "error", "drift": "warning", "advice": "note"}


def as_sarif(outcome: Outcome) -> str:
    """Write one result a cause.

    Source: OASIS, SARIF 2.1.0.
    """
    codes = sorted({cause.violation.code for cause in outcome.causes})
    run = {
        "tool": {"driver": {"name": "vocode-contract", "version": __version__, "rules": [*map(_rule, codes)]}},
        "invocations": [{"executionSuccessful": outcome.exit_code in (0, 1), "exitCode": outcome.exit_code}],
        "columnKind": "utf16CodeUnits",
        "properties": {
            "contract": outcome.run.contract,
            "profile": outcome.run.profile,
            "where": inert(outcome.run.where),
            "verdict": outcome.verdict,
        },
        "results": [_result(cause, codes) for cause in outcome.causes],
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
    }


def _result(cause: Cause, codes: Sequence[str]) -> dict[str, object]:
    violation = cause.violation
    label, phrase = basis(cause)
    told = [f"{cause.place}: got {violation.actual}; {label}: {phrase}"]
    if cause.evidence:
        told += [f"before: {command}" for command in cause.evidence.before]
        told.append(f"sent: {cause.evidence.sent}; came: {came(cause.evidence)}")
    file = cause.rows[0].nodeid.partition("::")[0]
    place = {"artifactLocation": {"uri": quote(inert(file))}, "region": {"startLine": 1}}
    names = [{"fullyQualifiedName": inert(row.nodeid), "kind": "function"} for row in cause.rows]
    return {
        "ruleId": violation.code,
        "ruleIndex": codes.index(violation.code),
        "level": _LEVELS[violation.severity],
        "message": {"text": inert("; ".join([*told, f"rerun: {cause.rerun}"]))},
        "locations": [{"physicalLocation": place, "logicalLocations": names}],
        "partialFingerprints": {"vocodeContract/v1": _fingerprint(cause)},
    }


def _fingerprint(cause: Cause) -> str:
    """Return what is the same for the same cause in every run."""
    violation = cause.violation
    operations = sorted({row.operation for row in cause.rows})
    parts = (violation.code, violation.schema_pointer, violation.expected, *operations)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()
