"""What reaches the router: a press, a message, a prompt, another skill's wish to have something decided."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from clawcortex.errors import InputError
from clawcortex.openclaw.payloads import Dispatch, Pressed, PromptBuild
from clawcortex.skills.answers import Claim, Reply
from clawcortex.skills.context import Context
from clawcortex.skills.contribution import Contribution, Item
from clawcortex.skills.events import DecisionWanted
from clawcortex.skills.operation import consumer, hook
from clawcortex.store.records import Event
from clawcortex.text.chat import cut
from clawcortex.text.tokens import count_tokens
from feedback_router import asking, jobs, replies
from feedback_router.answering import answer
from feedback_router.answers import told
from feedback_router.asking import Question
from feedback_router.callback import decode
from feedback_router.keeping import every_news, find_either
from feedback_router.machine import Answer, Awaited, Refused
from feedback_router.records import NEWS, Ask, Decision
from feedback_router.rendering import verdict

LATE = timedelta(seconds=60)
"""A press that took longer was kept while the server was down: its person writes about something else by now."""
WANTED_OPEN = timedelta(days=7)
TOLD_TOKENS, MOST_TOLD = 700, 5
TEXT, REASON = 1_800, 400
"""Characters of an edit and of a reason that the agent is told; it reads the rest by asking again."""


@hook("button_pressed")
def take_press(context: Context, event: Pressed) -> Reply | None:
    """Record a press once, or say why not; None for a value that was never one of ours."""
    try:
        ask, option = decode(event.value)
    except InputError as error:
        context.log.warning("no press of ours: %s", error.message)
        return None
    now = context.now()
    at = min(event.at or now, now)
    late = now - at > LATE
    pressed = event.event
    person = replies.person_of(context, event.scope(), pressed.sender_name, authorised=pressed.is_authorized)
    outcome = answer(context, ask, Answer(option, person, "button", at), waiting=not late)
    if isinstance(outcome, Awaited) and late:
        jobs.show_again(context, ask)
    if isinstance(outcome, Refused):
        context.log.info("a press on %s by %s is refused: %s", ask, person.id, outcome.why)
    return Reply(told(outcome, context.local))


@hook("before_dispatch")
def take_reply(context: Context, event: Dispatch) -> Claim | None:
    """Take the message that a question waits for; any other goes to the agent."""
    said = replies.take(context, event.scope(), event.text)
    return Claim(said) if said else None


@hook("before_prompt_build")
def tell_decisions(context: Context, event: PromptBuild) -> Contribution | None:
    """Tell the agent, in the chat in which it asked, what was decided since; once."""
    scope = event.scope()
    origin = asking.origin_of(scope)
    if origin is None:
        return None
    silent: list[str] = []
    telling: dict[str, str] = {}
    items: list[Item] = []
    spent = 0
    for key, ask in every_news(context, scope.agent, origin, MOST_TOLD):
        over = find_either(context, ask)
        said = _told(context, over) if isinstance(over, Decision) else ""
        spent += count_tokens(said)
        if items and spent > TOLD_TOKENS:
            break  # the next prompt has it
        if said:
            telling[ask] = key
            items.append(Item(said, score=1.0, source="feedback-router", id=ask))
        else:
            silent.append(key)
    if not (telling or silent):
        return None

    def forget(placed: Collection[str]) -> None:
        for key in [*silent, *(key for ask, key in telling.items() if ask in placed)]:
            context.store.take_record(NEWS, key)

    return Contribution(
        "feedback-router",
        "Decided on your questions",
        tuple(items),
        rank=20,
        budget_tokens=TOLD_TOKENS + 100,  # for the sources and the heading
        extends_budget=True,
        delivered=forget,
    )


def _told(context: Context, decision: Decision) -> str:
    parts = [f"{decision.ask.title}: {verdict(decision, context.local)}"]
    parts += [f"instead: {cut(decision.text, TEXT)}"] if decision.text else []
    parts += [f"because: {cut(decision.reason, REASON)}"] if decision.reason else []
    if len(decision.text) > TEXT:
        parts.append("the text is longer: ask again with the same dedupe_key to read all of it")
    return "; ".join(parts)


@consumer("wanted", kinds=(DecisionWanted.event,))
def ask_wanted(context: Context, event: Event) -> None:
    """Ask what another skill wants to have decided; its key makes it one question."""
    wanted = DecisionWanted.of(event)
    places = asking.owner_places(context)
    question = Question(
        agent=wanted.agent,
        by=wanted.by,
        title=wanted.title,
        description=wanted.description,
        category=wanted.category[:64],
        options=wanted.options,
        key=wanted.key,
        expires_in=WANTED_OPEN,
        place=places[0] if places else None,
    )
    item, fresh = asking.put(context, question)
    if isinstance(item, Ask) and fresh and not places:
        context.log.warning("nobody to ask for %s: name `owners` in settings.toml", item.title[:80])
