"""One exchange against its operation, and several exchanges about one call."""

from collections.abc import Mapping
from functools import partial

from vocode_contract.validation.codes.code import Code

_inferred = partial(Code, basis="inference")

EXCHANGES: Mapping[str, Code] = {
    "status-undeclared": Code(
        title="Each status code is a declared one",
        meaning="The contract does not list this status code for the operation, and no policy allows it here. "
        "Examples are a 404 for a call that exists, and every 500.",
        example="500 from End Call",
    ),
    "redirect": Code(
        title="No response redirects the client",
        meaning="The server redirects where the contract declares a response. Redirects are never followed: a "
        "repeated POST would end or place a call twice, and the token would go to another address.",
        example="307 from End Call",
    ),
    "encoding-unasked": Code(
        title="A body is compressed only on request",
        meaning="The request asked for no content coding and the response has one (RFC 9110 section 12.5.3). The body "
        "was not decompressed, and so not checked.",
        example="Content-Encoding: gzip",
        basis="RFC 9110 section 12.5.3",
    ),
    "framing": Code(
        title="A response can be parsed in only one way",
        meaning="The response has both Content-Length and Transfer-Encoding (RFC 9112 section 6.3), two media types, "
        "folded lines, lines without CR, another version, or bytes after its end. Proxies parse it differently, which "
        "makes request smuggling possible.",
        example="Content-Length: 10 beside Transfer-Encoding: chunked",
        level="advice",
        basis="RFC 9112 section 6.3",
    ),
    "content-type": Code(
        title="Each media type is a declared one",
        meaning="The contract lists other media types for this status code.",
        example="text/html with status 200",
    ),
    "body-missing": Code(
        title="A declared body is present",
        meaning="The contract declares a body for this status code, and the body is empty or blank.",
        example="200 with Content-Length: 0",
    ),
    "body-not-json": Code(
        title="A declared JSON body is JSON",
        meaning="The body is not strict JSON, or exceeds a limit; the note names the json-* code with the details. A "
        "body that is cut off is often caused by a wrong Content-Length.",
        example="An HTML page with status 200",
        basis="RFC 8259",
    ),
    "other-call": _inferred(
        title="The response holds the requested call",
        meaning="The id in the response is not the id in the request: calls were mixed up, or a cache responded.",
        example="Get Call for one id returns the call of another",
    ),
    "token-echoed": Code(
        title="No response holds the token",
        meaning="The request's token was returned, and may end up in logs and caches.",
        example='{"detail": "invalid token <the token>"}',
        basis="practice",
    ),
    "redirect-elsewhere": Code(
        title="No response redirects the client to another host",
        meaning="The server redirects to another host, or to an address that is not HTTP. A client that follows sends "
        "the request there, and some clients also the token. The redirect was not followed.",
        example="307 with a Location at another host",
    ),
    "detail-string": Code(
        title="The detail of a 422 is a list",
        meaning="The contract declares a list of entries with loc, msg and type, and the detail is a string. The "
        "official clients parse the list, and fail with an error of their own.",
        example='{"detail": "field required"} with status 422',
    ),
    "secret-leaked": Code(
        title="No rejection holds a secret",
        meaning="A response that rejects the request holds a credential that the request did not send. It belongs to "
        "somebody else, and was shown to the rejected client.",
        example='"twilio_auth_token" with a value, in a 401',
        basis="practice",
    ),
    "default-missing": Code(
        title="A property with a default is present",
        meaning="The contract gives a default for this property, and the property is missing. No document forbids "
        "that: it is checked only under the policy missing-keys=forbid.",
        example='A Call without "hipaa_compliant".',
        basis="policy missing-keys",
    ),
    "slow": Code(
        title="A response arrives within the time budget",
        meaning="The response took more than 0.75 seconds. No document promises any time.",
        example="A response after 2 seconds",
        level="advice",
        basis="practice",
    ),
    "clock-skew": Code(
        title="The server's clock is right",
        meaning="The Date of the response differs from this machine's clock by more than 5 seconds; one of the two is "
        "wrong. Times in calls were compared with the server's clock.",
        example="Date: a minute ago",
        level="advice",
        basis="practice",
    ),
    "status-unexpected": _inferred(
        title="The status code is the right one for the request",
        meaning="The status code is declared, but it is not right for this request: a valid request was rejected, or "
        "an invalid one was accepted. If a policy allows more codes, it is named.",
        example="422 for the id of a call that exists",
    ),
    "not-refused": Code(
        title="A request without valid authentication is rejected",
        meaning="The contract requires a bearer token. The request had none, or an invalid one, and was accepted.",
        example="200 from End Call without Authorization",
        basis="policy authentication",
    ),
    "refusal-leaks": _inferred(
        title="A rejection does not show a call",
        meaning="The request was rejected, but the response holds a call.",
        example="401 with a Call in its body",
    ),
    "refusal-ignored": _inferred(
        title="A rejected request has no effect",
        meaning="The request was rejected, but the call ended right after it.",
        example="401 from End Call, and the call is ended",
    ),
    "call-not-ended": _inferred(
        title="A call ends once End Call is accepted",
        meaning="End Call returned 200, but the call had no final status within the time allowed.",
        example='"status": "in_progress" long after End Call',
    ),
    "read-acts": _inferred(
        title="Reading a call does not change it",
        meaning="A call that nobody asked to end was in progress when Get Call was requested, and over at the next "
        "request: polling ends calls.",
        example='"in_progress" from Get Call, and "ended" from the next',
    ),
    "method-taken": _inferred(
        title="Another method does not run the operation",
        meaning="The operation was run by a method that the contract does not declare for it. Browsers, link previews "
        "and caches send GET on their own. The policy other-method says how such a request is to be rejected.",
        example="GET /v1/calls/end ends the call",
    ),
    "other-ended": _inferred(
        title="A request ends only the call that it names",
        meaning="A call that nobody asked to end is over, right after another one was ended.",
        example="End Call for one id, and a second call has ended as well",
    ),
    "created-lost": _inferred(
        title="A created call can be read",
        meaning="Create Call returned a call that Get Call does not find.",
        example="404 from Get Call for the id that Create Call returned",
    ),
    "created-twice": _inferred(
        title="A request creates one new call",
        meaning="One request placed two calls, or returned a call that already existed.",
        example="Two calls with the context of one request",
    ),
    "not-as-asked": _inferred(
        title="The created call is the requested one",
        meaning="A number, the agent or the context of the created call differs from the request.",
        example='Another "to_number" than requested',
    ),
    "page-not-obeyed": _inferred(
        title="The page is the requested one",
        meaning="The page has another number, or holds the calls of another page.",
        example='"page": 3 where the second was requested',
    ),
    "size-not-obeyed": _inferred(
        title="A page holds at most as many calls as requested",
        meaning="The page holds more calls than requested, or states another size.",
        example="Ten calls where two were requested",
    ),
    "item-twice": _inferred(
        title="No call is on two pages, or twice on one",
        meaning="The same call occurred twice while a list was read page by page.",
        example="The last call of one page is the first of the next",
    ),
    "item-missing": _inferred(
        title="Every call is on some page",
        meaning="A call that exists is not in the list, or a page is not full although another one follows.",
        example="A created call that List Calls does not return",
    ),
    "has-more-wrong": _inferred(
        title="A page says correctly whether another follows",
        meaning='"has_more" is true on the last page, or false before it.',
        example='"has_more": true on a page without calls',
    ),
    "sort-not-obeyed": _inferred(
        title="Calls are in the requested order",
        meaning="The list was requested in the order of a column, and was returned in another order.",
        example="sort_column=to_number, and the numbers are not in order",
    ),
    "total-wrong": _inferred(
        title="A page says correctly how many calls there are",
        meaning='"total" is not an estimate, and is not the number of calls on all pages.',
        example='"total": 13 with 14 calls',
    ),
    "recording-missing": _inferred(
        title="A recording exists if the call says so",
        meaning="The call says that its recording is available, and Get Recording does not find it.",
        example='404 though "recording_available" is true',
    ),
    "recording-unexpected": _inferred(
        title="A recording exists only if the call says so",
        meaning="The call says that no recording is available, and Get Recording returns one, which may belong to "
        "another call.",
        example='200 though "recording_available" is false',
    ),
    "recording-not-audio": Code(
        title="A recording is audio",
        meaning="The body is declared as audio/mpeg, but starts neither with an ID3 tag nor with an MPEG frame.",
        example="An HTML page of type audio/mpeg",
        basis="ISO/IEC 11172-3 section 2.4.1.3",
    ),
}
