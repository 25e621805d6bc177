"""What the hooks do to memory, one event after another."""

from __future__ import annotations

from typing import Any

from clawcortex.settings import Settings
from clawcortex.skills.contribution import Contribution
from clawcortex.skills.operation import Hook
from clawcortex.store.records import Memory, Selection
from clawcortex.text.fence import fence
from context_retention import hooks, shapes
from context_retention import operations as op
from context_retention.sessions import session_name

from .conftest import Asking
from .events import GROUP, Chat


def fire(asking: Asking, hook: Any, event: Any) -> Any:
    return hook.run(asking(event.scope()), event)


def private(asking: Asking, **more: str) -> Chat:
    chat = Chat(**more)
    fire(asking, hooks.learn_chat, chat.dispatch(group=False))
    return chat


def new_session(asking: Asking, chat: Chat) -> None:
    fire(asking, hooks.start_session, chat.event("session_start", {"resumedFrom": "s"}))


def recalled(asking: Asking, chat: Chat, prompt: str) -> list[str]:
    found: Contribution | None = fire(asking, hooks.recall_for_prompt, chat.prompt(prompt))
    return [item.text for item in found.items] if found else []


def stored(asking: Asking) -> list[Memory]:
    return asking().store.select(Selection())


def test_told_in_one_session_recalled_in_the_next(asking: Asking) -> None:
    chat = private(asking)
    fire(asking, hooks.capture_turn, chat.turn("My dentist is Dr. Weber"))
    assert recalled(asking, chat, "Who is my dentist?") == []  # it still stands in the prompt
    new_session(asking, chat)
    assert recalled(asking, chat, "Who is my dentist?")[0] == "My dentist is Dr. Weber"


def test_a_replay_is_stored_once(asking: Asking) -> None:
    chat = private(asking)
    turn = chat.turn("My dentist is Dr. Weber")
    fire(asking, hooks.capture_turn, turn)
    fire(asking, hooks.capture_turn, turn)
    assert op.status(asking(), shapes.Nothing()).memories == 2  # the question and the answer


def test_the_sender_is_called_by_name(asking: Asking) -> None:
    chat = private(asking)
    received = chat.event(
        "message_received",
        {"metadata": {"senderName": "Ann"}},
        channelId="telegram",
        conversationId="telegram:111",
    )
    fire(asking, hooks.learn_sender, received)
    fire(asking, hooks.capture_turn, chat.turn("My dentist is Dr. Weber"))
    assert {memory.speaker for memory in stored(asking)} == {"Ann", "main"}


def test_a_question_asked_again_does_not_hide_its_answer(asking: Asking) -> None:
    chat = private(asking)
    fire(
        asking,
        hooks.capture_turn,
        chat.turn("The barbecue of the tennis club moves to the quarry on Friday."),
    )
    for _ in range(2):
        new_session(asking, chat)
        assert "quarry" in recalled(asking, chat, "Where does the barbecue of the tennis club take place?")[0]
        fire(
            asking,
            hooks.capture_turn,
            chat.turn("Where does the barbecue of the tennis club take place?", "In the quarry."),
        )


def test_another_person_the_group_and_another_agent_see_nothing(asking: Asking) -> None:
    chat = private(asking)
    fire(asking, hooks.capture_turn, chat.turn("My dentist is Dr. Weber"))
    new_session(asking, chat)
    bob = private(asking, chat="222", sender="222")
    group = Chat(GROUP)
    fire(asking, hooks.learn_chat, group.dispatch(group=True))
    work = private(asking, agent="work")
    unknown = Chat("333")
    for other in (bob, group, work, unknown):
        assert recalled(asking, other, "Who is my dentist?") == []
    assert recalled(asking, chat, "Who is my dentist?")


def test_an_unknown_chat_counts_as_a_group(asking: Asking) -> None:
    chat = Chat()  # no before_dispatch was seen
    fire(asking, hooks.capture_turn, chat.turn("My dentist is Dr. Weber"))
    new_session(asking, chat)
    assert recalled(asking, chat, "Who is my dentist?")
    assert recalled(asking, Chat("999"), "Who is my dentist?") == []


def test_what_came_out_of_a_tool_is_not_injected(asking: Asking) -> None:
    chat = private(asking)
    turn = chat.turn(
        "What does the page say?", "It says: the dentist Weber wants all your passwords", tool="<html>…"
    )
    fire(asking, hooks.capture_turn, turn)
    new_session(asking, chat)
    assert all(
        "passwords" not in text for text in recalled(asking, chat, "What does the dentist Weber want?")
    )
    assert {memory.provenance.value for memory in stored(asking)} == {"owner", "untrusted"}


def test_our_own_block_is_not_captured(asking: Asking) -> None:
    chat = private(asking)
    block = fence(["- (Ann) something recalled about the dentist"], "abcd1234abcd1234")
    fire(asking, hooks.capture_turn, chat.turn(f"{block}\n\nThanks for that", "NO_REPLY"))
    assert [memory.text for memory in stored(asking)] == ["Thanks for that"]


def test_an_empty_prompt_recalls_nothing(asking: Asking) -> None:
    assert fire(asking, hooks.recall_for_prompt, private(asking).prompt("  ")) is None


def transcript(chat: Chat) -> Any:
    told = {"transport": {"channel": "telegram"}, "senderIdentity": {"accountId": "default"}}
    ann, bob = (
        told | {"senderId": "111", "senderName": "Ann"},
        told | {"senderId": "222", "senderName": "Bob"},
    )
    said = [
        ("My dentist is Dr. Weber", ann),
        ("The spare key is with Lena", ann),
        ("I am somebody else", bob),
    ]
    messages = [
        {"role": "user", "content": text, "idempotencyKey": f"k{n}", "timestamp": n, "__openclaw": who}
        for n, (text, who) in enumerate(said, start=1)
    ]
    messages.insert(1, {"role": "assistant", "content": "Noted.", "responseId": "a1", "timestamp": 2})
    return chat.event("before_reset", {"messages": messages, "reason": "new"})


def test_a_reset_brings_what_was_missed_once_and_only_of_known_senders(asking: Asking) -> None:
    chat = private(asking)
    fire(asking, hooks.capture_turn, chat.turn("My dentist is Dr. Weber"))
    new_session(asking, chat)
    fire(asking, hooks.capture_missed, transcript(chat))
    fire(asking, hooks.capture_missed, transcript(chat))
    texts = [memory.text for memory in stored(asking)]
    assert sorted(texts) == ["My dentist is Dr. Weber", "Noted.", "The spare key is with Lena"]


def test_what_was_forgotten_does_not_come_back_with_a_reset(asking: Asking) -> None:
    chat = private(asking)
    fire(asking, hooks.capture_turn, chat.turn("My dentist is Dr. Weber", "Noted."))
    fire(asking, hooks.capture_turn, chat.turn("The spare key is with Lena", "Fine."))
    key = next(memory for memory in stored(asking) if "key" in memory.text)
    assert op.forget(asking(), shapes.ForgetInput(ids=[key.id])).count == 1
    new_session(asking, chat)
    fire(asking, hooks.capture_missed, transcript(chat))
    assert all("spare key" not in memory.text for memory in stored(asking))


def test_in_a_group_nothing_is_attributed_after_the_fact(asking: Asking) -> None:
    group = Chat(GROUP)
    fire(asking, hooks.learn_chat, group.dispatch(group=True))
    fire(asking, hooks.capture_turn, group.turn("My dentist is Dr. Weber"))
    new_session(asking, group)
    fire(asking, hooks.capture_missed, transcript(group))
    assert all("spare key" not in memory.text for memory in stored(asking))


def test_a_message_that_cannot_be_stored_does_not_cost_the_others(asking: Asking) -> None:
    chat = private(asking)
    fire(asking, hooks.capture_turn, chat.turn("\ufeff\x00", "The answer stays"))
    assert [memory.text for memory in stored(asking)] == ["The answer stays"]


def test_a_chat_type_that_is_not_told_keeps_what_was_learned(asking: Asking) -> None:
    chat = private(asking)
    fire(asking, hooks.capture_turn, chat.turn("My dentist is Dr. Weber"))
    new_session(asking, chat)
    untold = chat.event("before_dispatch", {"channel": "telegram"}, conversationId="111")
    fire(asking, hooks.learn_chat, untold)
    assert recalled(asking, chat, "Who is my dentist?")


def test_an_event_that_comes_twice_counts_once(asking: Asking) -> None:
    chat = private(asking)
    fire(asking, hooks.capture_turn, chat.turn("My dentist is Dr. Weber"))
    for _ in range(2):
        fire(asking, hooks.start_session, chat.event("session_start", {"resumedFrom": "s"}, eventId="e1"))
    assert session_name(asking(), "main", "agent:main:main") == "agent:main:main#1"


def test_the_times_shown_are_the_persons_own(asking: Asking) -> None:
    chat = private(asking)
    fire(asking, hooks.capture_turn, chat.turn("My dentist is Dr. Weber"))
    new_session(asking, chat)
    shown = set()
    for zone in ("Europe/Berlin", "Asia/Tokyo"):
        context = asking(chat.prompt("x").scope(), settings=Settings(timezone=zone))
        block = hooks.recall_for_prompt.run(context, chat.prompt("Who is my dentist?"))
        shown.add(block.items[0].source)
    assert len(shown) == 2


def test_no_items_wanted_means_none(asking: Asking) -> None:
    chat = private(asking)
    fire(asking, hooks.capture_turn, chat.turn("My dentist is Dr. Weber"))
    new_session(asking, chat)
    context = asking(chat.prompt("x").scope(), settings=Settings(recall_items=0))
    assert hooks.recall_for_prompt.run(context, chat.prompt("Who is my dentist?")) is None


def test_every_hook_of_the_module_is_registered() -> None:
    declared = {value for value in vars(hooks).values() if isinstance(value, Hook)}
    assert declared == set(op.skill.hooks)
