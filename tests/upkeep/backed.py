"""What the tests of backups stand on: a small state, and processes that die at a chosen moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clawcortex import paths
from clawcortex.openclaw.host import Agent
from clawcortex.settings import Settings, load_settings
from clawcortex.skills.registry import Registry, load
from clawcortex.store.opening import open_store
from clawcortex.store.records import LOCAL, NewMemory
from clawcortex.store.sqlite.store import SqliteStore
from clawcortex.testing import FakeHost
from clawcortex.text.terms import terms
from clawcortex.upkeep.backup import taking
from clawcortex.upkeep.backup.manifest import Manifest

TOPICS = ("sister in Lisbon", "red car", "dentist on Friday", "piano lessons", "green tea")


def registry() -> Registry:
    """Return the real skills."""
    return load()


def host(workspace: Path) -> FakeHost:
    """Return an OpenClaw with one agent."""
    return FakeHost(agents=[Agent("main", workspace)])


def memory(number: int) -> NewMemory:
    """Return a memory of this number."""
    text = f"Note {number}: the {TOPICS[number % len(TOPICS)]}, as told the time before last"
    return NewMemory(
        text=text, key=f"key-{number}", created_at=datetime.now(UTC), scope=LOCAL, terms=tuple(terms(text))
    )


def store_of(settings: Settings) -> SqliteStore:
    """Return the settings' store."""
    store = open_store(settings)
    assert isinstance(store, SqliteStore)
    return store


def fill(settings: Settings, first: int, count: int) -> None:
    """Add memories, each with its line of the audit."""
    with closing(store_of(settings)) as store:
        for number in range(first, first + count):
            store.add([memory(number)])
            store.audit("owner", "capture", f"key-{number}", {})


def texts(path: Path | None = None) -> list[str]:
    """Return what a database holds, by default the living one."""
    settings = load_settings() if path is None else Settings(store_url=f"sqlite:{path}")
    with closing(store_of(settings)) as store:
        assert store.check() == []
        return [one.text for one in store.rows(store.columns().n.tolist())]


def take(workspace: Path, began: Callable[[str], None] = lambda _: None) -> Manifest:
    """Take a backup by the settings as they are."""
    settings = load_settings()
    with closing(store_of(settings)) as store:
        return taking.take(settings, store, registry(), host(workspace), began=began)


def dies_at(step: int, work: Callable[[], Any]) -> bool:
    """Do the work in a process that kills itself at its n-th fsync or rename; return whether it came so far."""
    child = os.fork()
    if child == 0:  # pragma: no cover - this process is killed
        code = 1
        try:
            _arm(step)
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _arm(step: int) -> None:  # pragma: no cover - in the process that is killed
    left = iter(range(step - 1))

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*given, **named)

        return run

    os.fsync = deadly(os.fsync)
    Path.rename = deadly(Path.rename)  # type: ignore[method-assign]
    Path.replace = deadly(Path.replace)  # type: ignore[method-assign]


@contextmanager
def flipped(path: Path, at: int) -> Iterator[None]:
    """Change one bit of a file for a while."""
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[at] ^= 1 << (at % 8)
    path.write_bytes(changed)
    yield
    path.write_bytes(whole)


def modes(folder: Path) -> set[int]:
    """Return the permission bits that others have anywhere below."""
    return {path.stat().st_mode & 0o077 for path in folder.rglob("*")}


def state_file(name: str) -> Path:
    """Return a file of the state folder."""
    return paths.state_dir() / name
