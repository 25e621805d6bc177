"""Who may see the page in a browser: the holder of a one-time key, and from then on of the cookie it was changed for.

A browser cannot send the gateway's bearer when a person opens a link. Keys and sessions live in this process only.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from clawcortex.errors import BusyError, DeniedError

KEY_S, SESSION_S = 600.0, 8 * 3600.0
"""How long a key waits to be used, and how long a session lasts."""
MOST = 20
"""So many keys, and so many sessions, are there at once; the oldest goes."""
WRONG_PER_MINUTE = 10
AGAIN = "Run `clawcortex page` for a new link: each opens the page once, within ten minutes."


class NotOpenError(DeniedError):
    """Refuse who has neither key nor session."""

    code, status = "page_closed", 401
    default_hint = AGAIN


@dataclass(slots=True)
class Session:
    """One browser that may see the page and press its buttons."""

    token: str
    """The cookie."""
    csrf: str
    """In every form; another site's form has it not."""
    until: float
    said: str = ""
    """What the last button did; told once."""

    def is_form(self, given: str) -> bool:
        """Return whether a form came from this session's page."""
        return hmac.compare_digest(self.csrf.encode(), given.encode())


class Door:
    """Give keys to the owner at the machine, and change each once for a session."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, float] = {}
        self._sessions: dict[str, Session] = {}
        self._wrong: deque[float] = deque(maxlen=WRONG_PER_MINUTE)

    def key(self) -> str:
        """Return a new key."""
        made = secrets.token_urlsafe(32)
        with self._lock:
            self._keys[_digest(made)] = self._clock() + KEY_S
            while len(self._keys) > MOST:
                del self._keys[next(iter(self._keys))]
        return made

    def enter(self, key: str) -> Session:
        """Change a key for a session; NotOpenError for a wrong one, BusyError for too many of them."""
        now = self._clock()
        with self._lock:
            if len(self._wrong) == WRONG_PER_MINUTE and now - self._wrong[0] < 60:
                raise BusyError("too many wrong keys", hint="Wait a minute.")
            until = self._keys.pop(_digest(key), 0.0)
            if until <= now:
                self._wrong.append(now)
                raise NotOpenError("this link was used, or is too old")
            session = Session(secrets.token_urlsafe(32), secrets.token_urlsafe(32), now + SESSION_S)
            self._sessions[_digest(session.token)] = session
            while len(self._sessions) > MOST:
                del self._sessions[next(iter(self._sessions))]
        return session

    def session(self, token: str) -> Session:
        """Return the session of a cookie; NotOpenError when there is none."""
        with self._lock:
            session = self._sessions.get(_digest(token))
            if session is None or session.until <= self._clock():
                raise NotOpenError("nobody is signed in here")
            return session

    def take_said(self, session: Session) -> str:
        """Return what the last button did, once."""
        with self._lock:
            said, session.said = session.said, ""
        return said


def _digest(secret: str) -> str:
    """Return what a secret is looked up by: a comparison's time tells nothing of the secret."""
    return sha256(secret.encode()).hexdigest()
