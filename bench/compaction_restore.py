"""Measure how many lost facts come back after a compaction, within its token budget.

    install.py run -- python bench/compaction_restore.py --data ../shared/data/locomo-dev.json

Each LoCoMo conversation is captured as one running session, everything but its last session counts as
compacted away. Each question is then the first prompt after a compaction, sent through the real hooks;
a fact is restored when the text of its evidence turn stands in what would be injected.
"""

from __future__ import annotations

import argparse
import statistics
import sys

from clawcortex.client import Connection
from clawcortex.text.fence import escape
from clawcortex.text.tokens import count_tokens
from locomo import Conversation, load, turn_text
from report import emit
from resident import Resident, post

CHAT = {"agentId": "", "channel": "local", "accountId": "default", "chatId": "local", "senderId": "owner"}


def feed(connection: Connection, conversation: Conversation) -> None:
    """Capture every turn as the hooks would have."""
    for turn in conversation.turns:
        post(connection, "/v1/context-retention/capture", {
            "text": turn_text(turn), "speaker": turn.speaker, "timestamp": turn.at.isoformat(),
            "session": f"{conversation.name}#0", "agent": conversation.name, "source_ref": turn.ref,
        })  # fmt: skip


def tell_chat(connection: Connection, conversation: Conversation) -> None:
    """Say, as OpenClaw does with every message, that the chat is a private one."""
    ctx = {**CHAT, "sessionKey": f"agent:{conversation.name}:main", "conversationId": CHAT["chatId"]}
    event = {"channel": CHAT["channel"], "senderId": CHAT["senderId"], "isGroup": False, "content": "hi"}
    post(connection, "/v1/hooks/before_dispatch", {"event": event, "ctx": ctx})


def first_prompt(connection: Connection, conversation: Conversation, question: str) -> str:
    """Return what is injected when this question follows a compaction."""
    context = {**CHAT, "agentId": conversation.name, "sessionKey": conversation.name, "trigger": "user"}
    post(connection, "/v1/hooks/before_compaction", {"event": {"messageCount": 2}, "ctx": context})
    post(connection, "/v1/hooks/after_compaction", {"event": {"compactedCount": 2}, "ctx": context})
    answer = post(
        connection, "/v1/hooks/before_prompt_build", {"event": {"prompt": question}, "ctx": context}
    )
    return str(answer.get("prependContext", ""))


def measure(data: str) -> dict[str, float]:
    """Return the figures over all conversations."""
    shares, tokens = [], []
    with Resident() as resident, Connection() as connection:
        conversations = load(data)
        for conversation in conversations:
            feed(connection, conversation)
            tell_chat(connection, conversation)
        resident.until_ready()
        for conversation in conversations:
            texts = {turn.ref: turn_text(turn) for turn in conversation.turns}
            kept = conversation.turns[-1].session
            lost = {turn.ref for turn in conversation.turns if turn.session != kept}
            for question in conversation.questions:
                evidence = [ref for ref in question.evidence if ref in lost]
                if not evidence:
                    continue
                block = first_prompt(connection, conversation, question.text)
                tokens.append(count_tokens(block))
                found = sum(escape(texts[ref]) in block for ref in evidence)
                shares.append(found / len(evidence))
            print(f"{conversation.name}: {statistics.mean(shares):.3f} so far", file=sys.stderr)
    return {
        "evidence_restored": statistics.mean(shares),
        "questions": len(shares),
        "tokens_mean": statistics.mean(tokens),
        "tokens_max": max(tokens),
    }


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    emit("compaction_restore", measure(chosen.data), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
