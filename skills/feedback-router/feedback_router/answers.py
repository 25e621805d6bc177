"""What a person is told after a press or a message: one clear sentence for each outcome."""

from __future__ import annotations

from clawcortex.text.chat import plain
from feedback_router.machine import Awaited, Decided, Outcome, Refused, Why
from feedback_router.records import Decision
from feedback_router.rendering import Local, verdict

CANCEL_WORDS = frozenset({"cancel", "stop", "never mind", "nevermind"})
NO_REASON_WORDS = CANCEL_WORDS | {"skip", "no", "no reason", "none", "-"}
REFUSALS = {
    Why.UNKNOWN: "I do not know this question. It may be from another installation. Nothing was recorded.",
    Why.UNAUTHORISED: "This question was not put to you: only the person it was sent to may answer it. "
    "Nothing was recorded.",
    Why.EXPIRED: "Too late: the time for this question is over. Nothing was recorded.",
    Why.DECIDED: "This was decided already. Nothing was changed.",
    Why.NO_OPTION: "This question does not offer that answer. Nothing was recorded.",
}
KEPT = "No reason, then. The answer stands."
STILL_OPEN = "Cancelled. The question is still open."
THANKS = "Noted, thank you."


def told(outcome: Outcome, local: Local) -> str:
    """Return what the person is told."""
    if isinstance(outcome, Awaited):
        return (
            "Send me the new text as your next message here, within 10 minutes; "
            "“cancel” leaves the question open."
        )
    if isinstance(outcome, Refused):
        return _refusal(outcome.why, outcome.decision, local)
    return _recorded(outcome, local)


def _recorded(outcome: Decided, local: Local) -> str:
    decision = outcome.decision
    said = f"{verdict(decision, local)}: “{plain(decision.ask.title, 80)}”"
    if outcome.asks_reason:
        return f"{said}\nWhy? Your next message here within 3 minutes is kept as the reason; “skip” for none."
    return said


def _refusal(why: Why, decision: Decision | None, local: Local) -> str:
    if why is Why.DECIDED and decision is not None:
        return f"Decided already: {verdict(decision, local)}. Nothing was changed."
    return REFUSALS[why]
