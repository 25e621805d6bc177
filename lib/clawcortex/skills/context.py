"""What an operation is given: the resident resources and who is calling."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from clawcortex import paths
from clawcortex.errors import storage_error
from clawcortex.store.records import LOCAL, Scope

if TYPE_CHECKING:  # numpy and faiss are slow to import; the server must listen before they are there
    from clawcortex.models.base import Embedder
    from clawcortex.openclaw.host import Host
    from clawcortex.settings import Settings
    from clawcortex.speech.transcriber import Transcriber
    from clawcortex.store.base import Store
    from clawcortex.store.index import Index

Origin = Literal["cli", "http", "hook", "tool", "mcp", "cron", "task", "command", "page"]


class Progress(BaseModel):
    """How far a long operation is; a skill's own class says more."""

    line: str
    """For people."""


def unheard(_: Progress) -> None:
    """Let go of progress that nobody waits for."""


def shared_workspace(settings: Settings, host: Host) -> Path:
    """Return the workspace that all agents share: of the setting, else the default agent's."""
    named = settings.shared_workspace
    return Path(named).expanduser() if named else host.agents()[0].workspace


@dataclass(frozen=True, slots=True)
class Caller:
    """Say who calls. A trusted caller is the owner at the machine and may name any scope."""

    origin: Origin
    scope: Scope = LOCAL
    trusted: bool = False
    actor: str = "owner"
    """Who the audit row names: "owner", "agent:main", "telegram:111"."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What the resident process holds once."""

    settings: Settings
    store: Store
    index: Index
    embedder: Embedder
    clock: Callable[[], datetime]
    wake: Callable[[], None]
    """Tell the worker that there are texts to embed."""
    drain: Callable[[], None]
    """Apply what waits in the spool now; return when the spool is empty."""
    host: Host
    """OpenClaw: its agents, and one completion of a model."""
    target: Embedder | None = None
    """The model that all is being embedded with anew, while `embedder` and `index` still answer from the old."""
    hears: Transcriber | None = None
    """What a test hears with; else the process's one transcriber."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything one call may use."""

    resources: Resources
    caller: Caller
    log: logging.LoggerAdapter[logging.Logger]
    request_id: str = ""
    tell: Callable[[Progress], None] = unheard
    """Say how far it is; only of operations that declare `progress`. Never fails and never waits."""

    @property
    def store(self) -> Store:
        """Return the store."""
        return self.resources.store

    @property
    def index(self) -> Index:
        """Return the index."""
        return self.resources.index

    @property
    def settings(self) -> Settings:
        """Return the settings."""
        return self.resources.settings

    @property
    def embedder(self) -> Embedder:
        """Return the embedder; it may still be loading."""
        return self.resources.embedder

    @property
    def host(self) -> Host:
        """Return the way to OpenClaw."""
        return self.resources.host

    @property
    def transcriber(self) -> Transcriber:
        """Return what recordings are heard with; nothing is started yet."""
        from clawcortex.speech import get_transcriber

        return self.resources.hears or get_transcriber(self.settings)

    def shared_workspace(self) -> Path:
        """Return the workspace that all agents share: of the setting, else the default agent's."""
        return shared_workspace(self.settings, self.host)

    def shared_folder(self, name: str) -> Path:
        """Return a folder in the workspace that all agents share, made when it is not there (0700).

        InputError for one that leads out of the workspace, by a link or by its name.
        """
        workspace = self.shared_workspace()
        folder = paths.confine(workspace / name, workspace)
        try:
            return paths.private_folder(folder)
        except OSError as error:
            raise storage_error(error, folder) from error

    def local(self, moment: datetime) -> datetime:
        """Return a time as the person's clock shows it."""
        zone = self.settings.timezone
        return moment.astimezone(ZoneInfo(zone) if zone else None)

    def now(self) -> datetime:
        """Return the current time in UTC."""
        return self.resources.clock()
