"""What a compaction lost comes back once, to those who may see it, within its budget."""

from __future__ import annotations

from clawcortex.skills.contribution import Contribution
from clawcortex.text.tokens import count_tokens
from context_retention import compaction, hooks, shapes
from context_retention import operations as op

from .conftest import Asking
from .events import Chat
from .test_hooks import fire, private

SAID = (
    "My goal is to ship the clock firmware before the fair",
    "We decided to use the STM32 and not the ESP",
    "Remind me to call Mr. Novak by Friday",
    "The repository is https://git.example.org/clock and the ticket is CLK-481",
    "Nice weather today",
)


def talk(asking: Asking, chat: Chat) -> None:
    for text in SAID:
        fire(asking, hooks.capture_turn, chat.turn(text))


def compact(asking: Asking, chat: Chat, count: int = 12) -> None:
    fire(asking, hooks.before_compaction, chat.event("before_compaction", {"messageCount": 12}))
    fire(asking, hooks.after_compaction, chat.compacted(count))


def restored(asking: Asking, chat: Chat, *, delivered: bool = True, fits: int = 99) -> Contribution | None:
    block: Contribution | None = fire(asking, hooks.restore_compacted, chat.prompt("go on"))
    if block is not None and delivered and block.delivered is not None:
        block.delivered({one.id for one in block.items[:fits]})
    return block


def test_goal_decision_ask_and_identifier_come_back_once(asking: Asking) -> None:
    chat = private(asking)
    talk(asking, chat)
    assert restored(asking, chat) is None
    compact(asking, chat)
    block = restored(asking, chat)
    assert block is not None
    assert set(SAID[:4]) <= {item.text for item in block.items}
    assert {"Goal", "Decided", "Open", "Exact"} <= {item.source.split(",")[0] for item in block.items}
    assert restored(asking, chat) is None
    compact(asking, chat)
    assert restored(asking, chat) is not None


def test_a_block_that_came_too_late_comes_again(asking: Asking) -> None:
    chat = private(asking)
    talk(asking, chat)
    compact(asking, chat)
    assert restored(asking, chat, delivered=False)
    assert restored(asking, chat, fits=0), "nothing of it fitted"
    assert restored(asking, chat)
    assert restored(asking, chat) is None


def test_a_compaction_that_did_nothing_restores_nothing(asking: Asking) -> None:
    chat = private(asking)
    talk(asking, chat)
    compact(asking, chat, count=0)
    assert restored(asking, chat) is None


def test_the_block_stays_within_its_budget(asking: Asking) -> None:
    chat = private(asking)
    for number in range(150):
        fire(
            asking,
            hooks.capture_turn,
            chat.turn(f"We decided on plan {number} with budget {number * 1000} euros"),
        )
    compact(asking, chat)
    block = restored(asking, chat)
    assert block is not None
    assert sum(count_tokens(item.text) for item in block.items) <= compaction.block_tokens(asking())


def test_two_people_in_one_session_get_their_own(asking: Asking) -> None:
    ann, bob = private(asking), private(asking, chat="222", sender="222")
    talk(asking, ann)
    fire(asking, hooks.capture_turn, bob.turn("We decided that Bob gets a blue bicycle"))
    compact(asking, ann)
    hers, his = restored(asking, ann), restored(asking, bob)
    assert hers is not None
    assert his is not None
    assert all("bicycle" not in item.text for item in hers.items)
    assert [item.text for item in his.items if "firmware" in item.text] == []
    assert any("bicycle" in item.text for item in his.items)


def test_what_is_forgotten_does_not_come_back(asking: Asking) -> None:
    chat = private(asking)
    talk(asking, chat)
    fire(asking, hooks.before_compaction, chat.event("before_compaction", {}))
    op.forget(asking(), shapes.ForgetInput(query="STM32 ESP decided"))
    fire(asking, hooks.after_compaction, chat.compacted())
    block = restored(asking, chat)
    assert block is not None
    assert all("STM32" not in item.text for item in block.items)


def test_after_a_compaction_recall_reaches_the_lost_turns(asking: Asking) -> None:
    chat = private(asking)
    talk(asking, chat)
    compact(asking, chat)
    found: Contribution | None = fire(
        asking, hooks.recall_for_prompt, chat.prompt("Which chip did we decide on, the STM32?")
    )
    assert found is not None
    assert found.extends_budget
    assert any("STM32" in item.text for item in found.items)
