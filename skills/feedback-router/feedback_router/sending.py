"""Write to a chat: one message for one ask or for a batch, as fast as the chat bears, never twice for one ask.

A message that is lost between sending and remembering is sent again; its buttons mean the same ask, so that no
tap on either counts twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from clawcortex.errors import HostError
from clawcortex.openclaw.host import Button, Sent
from clawcortex.periods import quiet_until
from clawcortex.skills.context import Context
from feedback_router import pacing
from feedback_router.callback import encode, new_id
from feedback_router.keeping import Held, document_of, find, find_ask, find_decision, find_either, new
from feedback_router.pacing import Pace
from feedback_router.records import MESSAGES, NUMBERS, PACES, Ask, Decision, Message, Number, Place
from feedback_router.rendering import body, keyboard
from feedback_router.replies import number_key

T = TypeVar("T")
SENDING = "feedback-router"
"""The lock of which of several servers writes to chats."""
WITH_BUTTONS = frozenset({"telegram", "discord", "slack"})
"""Channels that tell a plugin of a press."""
MOST_NUMBERS = 999


def free_at(context: Context, place: Place, *, live: bool, now: datetime) -> datetime:
    """Return when the chat may be written to next: `now`, or when quiet hours, a pause or a 429 are over."""
    quiet = None if live else quiet_until(context.settings.quiet_hours, context.local(now))
    return max(pacing.ready_at(pace_of(context, place), now), quiet or now)


def pace_of(context: Context, place: Place) -> Pace:
    """Return how fast a chat was written to."""
    held = find(context, PACES, place.key, Pace)
    return held.value if held else Pace()


def send(context: Context, place: Place, asks: Sequence[Ask], *, head: str = "") -> None:
    """Send these asks as one message and remember it with each of them; HostError when the host does not take it."""
    numbers = _numbers(context, place, asks)
    text = body(asks, context.local, head=head, numbers=numbers)
    buttons = [] if numbers else _buttons(asks)
    agent = _speaker(context, asks[0].agent)
    sent = paced(
        context,
        place,
        lambda: context.host.message(
            agent=agent,
            channel=place.channel,
            target=place.target,
            account="" if place.account == "default" else place.account,
            thread=place.thread,
            text=text,
            buttons=buttons,
        ),
    )
    message = Message(
        place=place,
        agent=agent,
        asks=tuple(ask.id for ask in asks),
        sent={name: str(value) for name, value in asdict(sent).items()},
        shown=_digest(text, buttons),
        sent_at=context.now(),
        numbers=dict(numbers),
    )
    key = new_id(message.sent_at)
    context.store.amend([new(MESSAGES, key, message)])
    for ask in asks:
        _attach(context, ask.id, key)


def refresh(context: Context, held: Held[Message]) -> None:
    """Bring a message up to date with its asks; nothing is sent when it shows that already."""
    message = held.value
    items = [item for ask in message.asks if (item := find_either(context, ask)) is not None]
    text = body(items, context.local, numbers=message.numbers)
    buttons = [] if message.numbers else _buttons(items)
    shown = _digest(text, buttons)
    if shown == message.shown or not items:
        return
    sent = Sent(**message.sent)
    paced(context, message.place, lambda: context.host.edit_message(sent, text=text, buttons=buttons))
    context.store.amend([held.becomes(message.model_copy(update={"shown": shown}))])


def paced(context: Context, place: Place, call: Callable[[], T]) -> T:
    """Call the host and keep how the chat took it: a 429, or no gateway, makes the next call wait."""
    now = context.now()
    pace = pace_of(context, place)
    try:
        answer = call()
    except HostError as error:
        after = getattr(error, "retry_after_s", None) or 0.0
        _keep_pace(context, place, pacing.after_refusal(pace, now, float(after)))
        raise
    _keep_pace(context, place, pacing.after_sending(pace, now))
    return answer


def _keep_pace(context: Context, place: Place, pace: Pace) -> None:
    context.store.put_record(PACES, place.key, document_of(pace))


def _attach(context: Context, ask: str, message: str) -> None:
    """Remember with an ask, open or decided meanwhile, which message shows it."""
    while True:
        held = find_ask(context, ask)
        if held is not None:
            told = held.value.model_copy(update={"messages": (*held.value.messages, message)})
            if context.store.amend([held.becomes(told)]):
                return
            continue
        over = find_decision(context, ask)
        if over is None:
            return
        seen = over.value.ask.model_copy(update={"messages": (*over.value.ask.messages, message)})
        if context.store.amend([over.becomes(over.value.model_copy(update={"ask": seen}))]):
            enqueue_edit(context, message, f"late:{ask}")
            return


def enqueue_edit(context: Context, message: str, cause: str) -> None:
    """Queue the edit of a message, once for each cause."""
    key = f"feedback.edit:{message}:{cause}"
    context.store.enqueue("feedback-router.edit", {"message": message, "tries": 0, "cause": cause}, key=key)


def _speaker(context: Context, agent: str) -> str:
    """Return the agent through which OpenClaw sends: the asking one, else the default one."""
    known = [one.id for one in context.host.agents()]
    return agent if agent in known else known[0]


def _buttons(items: Sequence[Ask | Decision]) -> list[list[Button]]:
    return [
        [Button(key.label, encode(key.ask.id, key.option.key), key.style) for key in row]
        for row in keyboard(items)
    ]


def _numbers(context: Context, place: Place, asks: Sequence[Ask]) -> Mapping[str, int]:
    """Return the first number of each ask, and keep what each stands for; none where there are buttons."""
    if place.channel in WITH_BUTTONS:
        return {}
    counter = number_key(place.channel, place.account, place.target, 0)
    last = int(str((context.store.get_record(NUMBERS, counter) or {}).get("last", 0)))
    first: dict[str, int] = {}
    for ask in asks:
        if last + len(ask.options) > MOST_NUMBERS:
            last = 0
        first[ask.id] = last + 1
        for option in ask.options:
            last += 1
            key = number_key(place.channel, place.account, place.target, last)
            context.store.put_record(NUMBERS, key, document_of(Number(ask=ask.id, option=option.key)))
    context.store.put_record(NUMBERS, counter, {"last": last})
    return first


def _digest(text: str, buttons: Sequence[Sequence[Button]]) -> str:
    values = "\n".join(f"{one.label}\t{one.value}" for row in buttons for one in row)
    return sha256(f"{text}\n\n{values}".encode("utf-8", "replace")).hexdigest()[:16]
