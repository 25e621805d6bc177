"""Telegram's Bot API as a long-polling bot sees it, with people who write and read."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .loopback import Exchange, Loopback

BOT = {
    "id": 4242,
    "is_bot": True,
    "first_name": "Claw",
    "username": "claw_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": True,
    "supports_inline_queries": False,
}
LONGEST_POLL_S = 25.0


@dataclass(frozen=True)
class Person:
    """Someone with a Telegram account."""

    id: int
    name: str

    def chat(self) -> Chat:
        """Return the private chat with the bot."""
        return Chat(self.id, "private", self.name)

    def as_user(self) -> dict[str, Any]:
        return {"id": self.id, "is_bot": False, "first_name": self.name, "username": self.name.lower()}


@dataclass(frozen=True)
class Chat:
    """Where people write."""

    id: int
    type: str
    title: str

    def as_chat(self) -> dict[str, Any]:
        named = {"first_name": self.title} if self.type == "private" else {"title": self.title}
        return {"id": self.id, "type": self.type, **named}


@dataclass(frozen=True)
class Sent:
    """One call that the bot made."""

    method: str
    parameters: dict[str, Any]
    number: int = 0
    """Of the message that was sent or edited."""

    @property
    def text(self) -> str:
        return str(self.parameters.get("text", ""))

    @property
    def chat(self) -> int:
        return int(self.parameters.get("chat_id") or 0)

    @property
    def keys(self) -> list[list[dict[str, str]]]:
        """Return the rows of buttons."""
        markup = self.parameters.get("reply_markup") or {}
        rows: list[list[dict[str, str]]] = markup.get("inline_keyboard", [])
        return rows


@dataclass(frozen=True)
class Refusal:
    """What the Bot API answers, once, to a message or an edit with this text."""

    text: str
    code: int
    description: str
    retry_after: int | None = None

    def as_answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        return (
            answer
            if self.retry_after is None
            else {**answer, "parameters": {"retry_after": self.retry_after}}
        )


class FakeTelegram(Loopback):
    """Hold updates until the bot polls them, and what the bot sends."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self.refused: list[Sent] = []
        self.refusals: list[Refusal] = []
        self.polls = 0
        self._files: dict[str, bytes] = {}
        self._updates: list[dict[str, Any]] = []
        self._update, self._message = 1, 1000
        self._closed = False

    def write(self, person: Person, text: str, chat: Chat | None = None, *, marked: bool = False) -> int:
        """Let a person write and return how many messages the bot had sent before.

        `marked`: as the real Telegram marks a command; OpenClaw then takes it natively, and else as text.
        """
        with self.changed:
            before = len(self.sent)
            message = {
                "message_id": self._next_message(),
                "date": int(time.time()),
                "from": person.as_user(),
                "chat": (chat or person.chat()).as_chat(),
                "text": text,
            }
            if marked:
                length = len(text.split(maxsplit=1)[0])
                message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
            self._add({"message": message})
            return before

    def speak(
        self, person: Person, voice: bytes, chat: Chat | None = None, *, forwarded: Person | None = None
    ) -> int:
        """Let a person send a voice note, perhaps somebody else's; return how many messages the bot had sent before."""
        with self.changed:
            before, number = len(self.sent), self._next_message()
            self._files[f"voice-{number}"] = voice
            told = {"file_id": f"voice-{number}", "file_unique_id": f"u{number}", "mime_type": "audio/ogg"}
            message = {
                "message_id": number,
                "date": int(time.time()),
                "from": person.as_user(),
                "chat": (chat or person.chat()).as_chat(),
                "voice": {**told, "duration": 3, "file_size": len(voice)},
            }
            if forwarded is not None:
                origin = {"type": "user", "sender_user": forwarded.as_user(), "date": int(time.time())}
                message["forward_origin"] = origin
            self._add({"message": message})
            return before

    def press(self, person: Person, shown: Sent, data: str, number: int, press: str = "") -> int:
        """Let a person press a button of a message and return how many messages the bot had sent before."""
        with self.changed:
            before = len(self.sent)
            chat = Chat(shown.chat, "private" if shown.chat > 0 else "supergroup", "Chat")
            message = {"message_id": number, "date": int(time.time()), "from": BOT, "chat": chat.as_chat()}
            query = {
                "id": press or str(9_000_000 + self._update),
                "from": person.as_user(),
                "chat_instance": "1",
                "data": data,
                "message": {**message, "text": shown.text},
            }
            self._add({"callback_query": query})
            return before

    def _add(self, update: dict[str, Any]) -> None:
        self._updates.append({"update_id": self._update, **update})
        self._update += 1
        self.changed.notify_all()

    def reads(self, chat: Chat, text: str, since: int, seconds: float = 60.0) -> Sent:
        """Wait until the bot has written this in the chat, after the `since`th message."""

        def found() -> Sent | None:
            fitting = (one for one in self.sent[since:] if one.chat == chat.id and text in one.text)
            return next(fitting, None)

        sent: Sent = self.wait(found, f"{text!r} in chat {chat.id}", seconds)
        return sent

    def close(self) -> None:
        with self.changed:
            self._closed = True
            self.changed.notify_all()

    def get(self, exchange: Exchange) -> None:
        self.post(exchange, {})

    def post(self, exchange: Exchange, body: dict[str, Any]) -> None:
        where = urlsplit(exchange.path)
        method = where.path.rpartition("/")[2]
        parameters = {**dict(parse_qsl(where.query)), **body}
        if where.path.startswith("/file/bot"):
            exchange.send(self._files[method.partition(".")[0]])
            return
        if method == "getUpdates":
            exchange.reply({"ok": True, "result": self._poll(parameters)})
            return
        with self.changed:
            asked = Sent(method, parameters)
            refusal = next((one for one in self.refusals if asked.text == one.text), None)
            if refusal is not None:
                self.refusals.remove(refusal)
                self.refused.append(asked)
                exchange.reply(refusal.as_answer(), refusal.code)
                return
            result = self._result(method, parameters)
            number = int(result.get("message_id", 0)) if isinstance(result, dict) else 0
            self.sent.append(replace(asked, number=number))
            self.changed.notify_all()
        exchange.reply({"ok": True, "result": result})

    def _poll(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        offset = int(parameters.get("offset") or 0)
        longest = min(float(parameters.get("timeout") or 0), LONGEST_POLL_S)
        with self.changed:
            self.polls += 1
            self.changed.notify_all()
            self._updates = [one for one in self._updates if one["update_id"] >= offset]
            self.changed.wait_for(lambda: self._updates or self._closed, timeout=longest)
            return list(self._updates)

    def _next_message(self) -> int:
        self._message += 1
        return self._message

    def _result(self, method: str, parameters: dict[str, Any]) -> object:
        if method == "getMe":
            return BOT
        if method == "getWebhookInfo":
            return {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
        if method == "getFile":
            file = str(parameters["file_id"])
            return {"file_id": file, "file_unique_id": file, "file_path": f"voice/{file}.oga"}
        if method == "getMyCommands":
            return []
        if method in ("getChat", "sendMessage", "editMessageText"):
            chat = int(parameters.get("chat_id") or 0)
            described = Chat(chat, "private" if chat > 0 else "supergroup", "Chat").as_chat()
            if method == "getChat":
                return described
            number = int(parameters.get("message_id") or self._next_message())
            said = {"message_id": number, "date": int(time.time()), "from": BOT, "chat": described}
            return {**said, "text": parameters.get("text", "")}
        return True
