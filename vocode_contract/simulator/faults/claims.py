"""What faults break that is no code of one payload: the words of `Fault.breaks` beside `CODES`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something that a sound server keeps.

    Attributes:
        title: The claim.
        outcome: What breaking it leads to: a violation, a judgement that cannot be made for lack of
            a complete response, or advice.
    """

    title: str
    outcome: Literal["violation", "inconclusive", "advice"] = "violation"


CLAIMS: Mapping[str, Claim] = {
    # One answer.
    "body-missing": Claim(title="A declared body is there"),
    "content-type": Claim(title="Each media type is a declared one"),
    "encoding-unasked": Claim(title="A body is compressed only on request"),
    "framing": Claim(title="The length of a body is told in one way", outcome="advice"),
    "redirect": Claim(title="No answer sends the client elsewhere"),
    "status-undeclared": Claim(title="Each status code is a declared one"),
    "status-unexpected": Claim(title="A request is answered as its case demands"),
    "other-call": Claim(title="The answer holds the call that was asked for"),
    "slow": Claim(title="An answer comes within its budget of time", outcome="advice"),
    # Who may know and do what.
    "method-taken": Claim(title="Another method does not do what the operation does"),
    "not-refused": Claim(title="A request without valid authentication is refused"),
    "refusal-ignored": Claim(title="What was refused is not done"),
    "refusal-leaks": Claim(title="A refusal tells nothing of a call"),
    "secret-leaked": Claim(title="No answer holds the secrets of others"),
    "token-echoed": Claim(title="No answer holds the token"),
    # One call, by itself and over time.
    "agent-changed": Claim(title="The agent stays"),
    "call-not-ended": Claim(title="A call ends once its end is accepted"),
    "end-before-start": Claim(title="A call ends after it starts"),
    "end-time-missing": Claim(title="An ended call says when it ended", outcome="advice"),
    "end-time-moved": Claim(title="The end time stays"),
    "foreign-owner": Claim(title="All parts of a call belong to one account"),
    "hipaa-transcript": Claim(title="A HIPAA call returns no transcript", outcome="advice"),
    "number-changed": Claim(title="The phone numbers stay"),
    "other-ended": Claim(title="A request ends no other call than the one it names"),
    "outcome-changed": Claim(title="A call that is over keeps its outcome", outcome="advice"),
    "owner-changed": Claim(title="The owner stays"),
    "start-time-moved": Claim(title="The start time stays"),
    "status-went-back": Claim(title="The status of a call never goes back"),
    "transcript-lost-text": Claim(title="A transcript only grows"),
    # Create, lists and recordings.
    "created-lost": Claim(title="A created call is there"),
    "created-twice": Claim(title="A request creates one call, which is a new one"),
    "not-as-asked": Claim(title="The created call is the one that was asked for"),
    "has-more-wrong": Claim(title="A page says rightly whether another follows"),
    "item-missing": Claim(title="Every call is on some page"),
    "item-twice": Claim(title="No call is on two pages, or twice on one"),
    "page-not-obeyed": Claim(title="The page is the one that was asked for"),
    "size-not-obeyed": Claim(title="A page holds as many calls as asked for"),
    "sort-not-obeyed": Claim(title="Calls come in the order that was asked for"),
    "total-wrong": Claim(title="A page says rightly how many calls there are"),
    "recording-missing": Claim(title="A recording is there when the call says so"),
    "recording-not-audio": Claim(title="A recording is sound"),
    "recording-unexpected": Claim(title="A recording is there only when the call says so"),
    # No complete response.
    "closed": Claim(title="The connection lasts until the answer", outcome="inconclusive"),
    "gateway": Claim(title="The server itself answers, no proxy before it", outcome="inconclusive"),
    "protocol": Claim(title="The answer is HTTP/1.1", outcome="inconclusive"),
    "rate-limited": Claim(title="The server has time for the request", outcome="inconclusive"),
    "timeout-read": Claim(title="An answer begins in time", outcome="inconclusive"),
    "timeout-total": Claim(title="An answer comes to its end in time", outcome="inconclusive"),
    "too-large": Claim(title="An answer is of a size that can be judged", outcome="inconclusive"),
    "truncated": Claim(title="The answer is complete", outcome="inconclusive"),
}
