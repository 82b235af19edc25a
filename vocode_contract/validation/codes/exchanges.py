"""One exchange against its operation, and several exchanges about one call."""

from collections.abc import Mapping

from vocode_contract.validation.codes.code import Code

EXCHANGES: Mapping[str, Code] = {
    "status-undeclared": Code(
        title="Each status code is a declared one",
        meaning="The contract does not list this status code for the operation, and no policy of ours takes "
        "it in this case. A 404 for a call that exists and every 500 are of this kind.",
        example="500 from End Call",
    ),
    "redirect": Code(
        title="No answer sends the client elsewhere",
        meaning="The server redirects where the contract declares an answer. A redirect is never followed: a "
        "POST sent again would end or ring twice, and the token would go to another address.",
        example="307 from End Call",
    ),
    "encoding-unasked": Code(
        title="A body is compressed only on request",
        meaning="The request asked for no content coding and the answer has one (RFC 9110 section 12.5.3). The "
        "body was not unpacked, so it was not judged.",
        example="Content-Encoding: gzip",
        basis="RFC 9110 section 12.5.3",
    ),
    "framing": Code(
        title="An answer can be read in one way",
        meaning="The answer has both Content-Length and Transfer-Encoding (RFC 9112 section 6.3), or two media types, "
        "folded lines, lines without CR, another version, or bytes behind its end. Proxies differ in what they make "
        "of it, and requests are smuggled between the two.",
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
        title="A declared body is there",
        meaning="The contract declares a body for this status code, and it is empty or blank.",
        example="200 with Content-Length: 0",
    ),
    "body-not-json": Code(
        title="A declared JSON body is JSON",
        meaning="The body is not JSON in the strict sense, or beyond a limit; the note names the json-* code "
        "that says more. A body cut off before its end often comes from a wrong Content-Length.",
        example="An HTML page with status 200",
        basis="RFC 8259",
    ),
    "other-call": Code(
        title="The answer holds the call that was asked for",
        meaning="The id in the answer is not the id in the request: calls are mixed up, or a cache answered.",
        example="Get Call for one id answers with the call of another",
        basis="inference",
    ),
    "token-echoed": Code(
        title="No answer holds the token",
        meaning="The token of the request came back, and from there goes into logs and caches.",
        example='{"detail": "invalid token <the token>"}',
        basis="practice",
    ),
    "redirect-elsewhere": Code(
        title="No answer sends the client to another host",
        meaning="The server redirects to another host, or to something that is no HTTP address. A client that "
        "follows gives the request away, and some clients the token with it. It was not followed.",
        example="307 with a Location at another host",
    ),
    "detail-string": Code(
        title="The detail of a 422 is a list",
        meaning="The contract declares a list of entries with loc, msg and type, and a string came. The official "
        "clients parse the list, and fail with an error of their own.",
        example='{"detail": "field required"} with status 422',
    ),
    "secret-leaked": Code(
        title="No refusal holds a secret",
        meaning="An answer that refuses holds a credential which the request did not send, so it belongs to "
        "someone, and whoever was refused has it now.",
        example='"twilio_auth_token" with a value, in a 401',
        basis="practice",
    ),
    "default-missing": Code(
        title="A key with a default is there",
        meaning="The contract gives a default for this key, and the key was left out. No document forbids that: "
        "it is judged only under the policy missing-keys=forbid.",
        example='A Call without "hipaa_compliant".',
        basis="policy missing-keys",
    ),
    "slow": Code(
        title="An answer comes within its budget of time",
        meaning="The answer took more than 0.75 seconds. No document promises any time.",
        example="An answer after 2 seconds",
        level="advice",
        basis="practice",
    ),
    "clock-skew": Code(
        title="The server's clock is right",
        meaning="The Date of the answer is more than 5 seconds off this machine's clock; one of the two is wrong. "
        "Times in calls were compared with the server's.",
        example="Date: a minute ago",
        level="advice",
        basis="practice",
    ),
    "status-unexpected": Code(
        title="A request is answered as this case demands",
        meaning="The status code is declared, but it is not the answer to this request: a sound request was "
        "refused, or one that cannot be understood was accepted. Where a policy takes more codes, it is named.",
        example="422 for the id of a call that exists",
        basis="inference",
    ),
    "not-refused": Code(
        title="A request without valid authentication is refused",
        meaning="The contract demands a bearer token. The request had none, or not a valid one, and was served.",
        example="200 from End Call without Authorization",
        basis="policy authentication",
    ),
    "refusal-leaks": Code(
        title="A refusal tells nothing of a call",
        meaning="The request was refused, and yet the answer holds a call.",
        example="401 with a Call in its body",
        basis="inference",
    ),
    "refusal-ignored": Code(
        title="What was refused is not done",
        meaning="The request was refused, and yet the call ended right after it.",
        example="401 from End Call, and the call is ended",
        basis="inference",
    ),
    "call-not-ended": Code(
        title="A call ends once its end is accepted",
        meaning="End Call was answered with 200, but the call had no final status within the time given.",
        example='"status": "in_progress" long after End Call',
        basis="inference",
    ),
    "read-acts": Code(
        title="Reading a call changes nothing",
        meaning="A call that nobody asked to end went on when Get Call was asked for it, and was over at the next "
        "look. Whoever polls ends calls.",
        example='"in_progress" from Get Call, and "ended" from the next',
        basis="inference",
    ),
    "method-taken": Code(
        title="Another method does not do what the operation does",
        meaning="The operation was done by a method that the contract does not give it. Browsers, link previews and "
        "caches send GET by themselves. How such a request is refused is the policy other-method.",
        example="GET /v1/calls/end ends the call",
        basis="inference",
    ),
    "other-ended": Code(
        title="A request ends no other call than the one it names",
        meaning="A call that nobody asked to end is over, right after another one was ended.",
        example="End Call for one id, and a second call has ended as well",
        basis="inference",
    ),
    "created-lost": Code(
        title="A created call is there",
        meaning="Create Call answered with a call that Get Call does not find.",
        example="404 from Get Call for the id that Create Call gave",
        basis="inference",
    ),
    "created-twice": Code(
        title="A request creates one call, which is a new one",
        meaning="One request placed two calls, or was answered with a call that was there before.",
        example="Two calls with the context of one request",
        basis="inference",
    ),
    "not-as-asked": Code(
        title="The created call is the one that was asked for",
        meaning="A number, the agent or the context of the created call is not what the request said.",
        example='Another "to_number" than asked for',
        basis="inference",
    ),
    "page-not-obeyed": Code(
        title="The page is the one that was asked for",
        meaning="The page bears another number, or holds the calls of another page.",
        example='"page": 3 where the second was asked for',
        basis="inference",
    ),
    "size-not-obeyed": Code(
        title="A page holds at most as many calls as asked for",
        meaning="The page holds more calls than asked for, or names another size.",
        example="Ten calls where two were asked for",
        basis="inference",
    ),
    "item-twice": Code(
        title="No call is on two pages, or twice on one",
        meaning="The same call came twice while a list was read page by page.",
        example="The last call of one page is the first of the next",
        basis="inference",
    ),
    "item-missing": Code(
        title="Every call is on some page",
        meaning="A call that exists is not in the list, or a page has room though another one follows.",
        example="A created call that List Calls does not show",
        basis="inference",
    ),
    "has-more-wrong": Code(
        title="A page says rightly whether another follows",
        meaning='"has_more" is true behind the last page, or false before it.',
        example='"has_more": true on a page without calls',
        basis="inference",
    ),
    "sort-not-obeyed": Code(
        title="Calls come in the order that was asked for",
        meaning="The list was asked for in the order of a column and came in another.",
        example="sort_column=to_number, and the numbers go up and down",
        basis="inference",
    ),
    "total-wrong": Code(
        title="A page says rightly how many calls there are",
        meaning='"total" is no estimate and is not the number of calls on all pages.',
        example='"total": 13 with 14 calls',
        basis="inference",
    ),
    "recording-missing": Code(
        title="A recording is there when the call says so",
        meaning="The call says that its recording is available, and Get Recording has none.",
        example='404 though "recording_available" is true',
        basis="inference",
    ),
    "recording-unexpected": Code(
        title="A recording is there only when the call says so",
        meaning="The call says that no recording is available, and Get Recording answers with one: perhaps that of "
        "another call.",
        example='200 though "recording_available" is false',
        basis="inference",
    ),
    "recording-not-audio": Code(
        title="A recording is sound",
        meaning="The body calls itself audio/mpeg and begins neither with an ID3 tag nor with an MPEG frame.",
        example="An HTML page of type audio/mpeg",
        basis="ISO/IEC 11172-3 section 2.4.1.3",
    ),
}
