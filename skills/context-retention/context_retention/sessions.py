"""Where one conversation ends and the next begins.

OpenClaw's `/new` keeps the session id, and two people may share a session key,
so a stored session is named "<session key>#<epoch>" and counts its own beginnings.
"""

from __future__ import annotations

from clawcortex.skills.context import Context

SESSIONS = "sessions"


def _epoch(context: Context, agent: str, session_key: str) -> int:
    known = context.store.get_record(SESSIONS, f"{agent}|{session_key}")
    return int(str(known["epoch"])) if known else 0


def session_name(context: Context, agent: str, session_key: str) -> str:
    """Return the name under which the running conversation is stored."""
    return f"{session_key}#{_epoch(context, agent, session_key)}"


def previous_session(context: Context, agent: str, session_key: str) -> str:
    """Return the name of the conversation before the last boundary."""
    return f"{session_key}#{max(0, _epoch(context, agent, session_key) - 1)}"


def begin_session(context: Context, agent: str, session_key: str, event: str = "") -> None:
    """Count the beginning of a new conversation under the same session key; the same event counts once."""
    known = context.store.get_record(SESSIONS, f"{agent}|{session_key}")
    if event and known and known.get("event") == event:
        return
    epoch = _epoch(context, agent, session_key) + 1
    context.store.put_record(SESSIONS, f"{agent}|{session_key}", {"epoch": epoch, "event": event})
