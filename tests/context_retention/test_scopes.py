"""Private stays private: who may see what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.settings import Settings
from clawcortex.skills.visibility import may_see
from clawcortex.store.records import LOCAL, ChatType, Scope
from context_retention.scopes import chosen, named_scope, parse_chat, visible

ANN = Scope("main", "telegram", "default", "111", "111", ChatType.PRIVATE)
BOB = Scope("main", "telegram", "default", "222", "222", ChatType.PRIVATE)
GROUP = Scope("main", "telegram", "default", "-100", "111", ChatType.GROUP)
ANN_AT_WORK = replace(ANN, agent="work")
PLAIN = Settings()
OWNED = Settings(owners=("telegram:111",))


@pytest.mark.parametrize(
    ("asker", "memory", "settings", "seen"),
    [
        (ANN, ANN, PLAIN, True),
        (BOB, ANN, PLAIN, False),
        (GROUP, ANN, PLAIN, False),
        (ANN, GROUP, PLAIN, False),
        (GROUP, replace(GROUP, sender="222"), PLAIN, True),
        (replace(GROUP, chat="-200"), GROUP, PLAIN, False),
        (ANN_AT_WORK, ANN, PLAIN, False),
        (ANN_AT_WORK, ANN, Settings(share_between_agents=True), True),
        (replace(BOB, agent="work"), ANN, Settings(share_between_agents=True), False),
        (ANN, LOCAL, PLAIN, False),
        (ANN, LOCAL, OWNED, True),
        (LOCAL, ANN, OWNED, True),
        (BOB, LOCAL, OWNED, False),
        (ANN, GROUP, Settings(share_groups_with_owner=True, owners=("telegram:111",)), True),
        (BOB, GROUP, Settings(share_groups_with_owner=True, owners=("telegram:111",)), False),
        (ANN, replace(ANN, chat_type=ChatType.UNKNOWN), PLAIN, True),
        (replace(ANN, chat_type=ChatType.UNKNOWN), ANN, PLAIN, False),
        (replace(ANN, account="second"), ANN, PLAIN, False),
        (replace(ANN, sender="unknown"), replace(BOB, sender="unknown"), PLAIN, False),
        (replace(ANN, sender="unknown"), replace(ANN, sender="unknown"), PLAIN, True),
        (
            ANN,
            replace(BOB, chat_type=ChatType.UNKNOWN),
            Settings(share_groups_with_owner=True, owners=("telegram:111",)),
            False,
        ),
    ],
)
def test_one_rule_decides(asker: Scope, memory: Scope, settings: Settings, seen: bool) -> None:
    assert may_see(asker, memory, settings) is seen


SCOPES = st.builds(
    Scope,
    agent=st.sampled_from(["main", "work"]),
    channel=st.sampled_from(["telegram", "discord"]),
    account=st.sampled_from(["default", "second"]),
    chat=st.sampled_from(["1", "2", "-3"]),
    sender=st.sampled_from(["1", "2", "unknown"]),
    chat_type=st.sampled_from(ChatType),
)


@given(SCOPES, SCOPES)
def test_a_private_memory_is_never_seen_by_a_group_or_another_person(asker: Scope, memory: Scope) -> None:
    if memory.chat_type is ChatType.PRIVATE and may_see(asker, memory, PLAIN):
        assert asker.chat_type is ChatType.PRIVATE
        assert (asker.channel, asker.account, asker.sender, asker.agent) == (
            memory.channel, memory.account, memory.sender, memory.agent,
        )  # fmt: skip


def test_visible_and_chosen_give_numbers() -> None:
    scopes = {1: ANN, 2: BOB, 3: GROUP, 4: ANN_AT_WORK}
    assert visible(scopes, ANN, PLAIN) == [1]
    assert chosen(scopes) == [1, 2, 3, 4]
    assert chosen(scopes, agent="work") == [4]
    assert chosen(scopes, chat="telegram:default:-100") == [3]
    assert chosen(scopes, agent="main", chat="telegram:222") == [2]


def test_a_chat_is_named_in_three_ways() -> None:
    assert parse_chat("telegram:second:-1:5") == ("telegram", "second", "-1:5")
    assert parse_chat("telegram:111") == ("telegram", "default", "111")
    assert parse_chat("kitchen") == ("local", "default", "kitchen")
    assert named_scope() == LOCAL
    assert named_scope(chat="telegram:111").chat_type is ChatType.UNKNOWN
    assert named_scope(chat="telegram:111", chat_type="private", agent="work") == ANN_AT_WORK
