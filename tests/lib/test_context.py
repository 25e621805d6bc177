"""What a call is given: the folder that all agents share."""

from __future__ import annotations

import logging
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from clawcortex.errors import InputError, SettingsError
from clawcortex.openclaw.host import Agent
from clawcortex.settings import Settings, load_settings
from clawcortex.skills.context import Caller, Context
from clawcortex.testing import FakeHost


def context_of(settings: Settings, workspace: Path) -> Context:
    host = FakeHost(agents=[Agent("main", workspace), Agent("work", workspace / "other")])
    resources = cast(Any, SimpleNamespace(settings=settings, host=host))
    return Context(resources, Caller("cli"), logging.LoggerAdapter(logging.getLogger(), {}))


def test_the_shared_folder_lies_in_the_default_agents_workspace(tmp_path: Path) -> None:
    folder = context_of(Settings(), tmp_path / "ws").shared_folder("feedback")
    assert folder == tmp_path / "ws" / "feedback"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_setting_puts_it_elsewhere(tmp_path: Path) -> None:
    named = Settings(shared_workspace=str(tmp_path / "shared"))
    assert context_of(named, tmp_path / "ws").shared_folder("voice") == tmp_path / "shared" / "voice"


def test_it_never_leads_out_of_the_workspace(tmp_path: Path) -> None:
    context = context_of(Settings(), tmp_path / "ws")
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "feedback").symlink_to(tmp_path)
    for name in ("../out", "feedback"):
        with pytest.raises(InputError):
            context.shared_folder(name)


@pytest.mark.parametrize("hours", ["22-7", "25:00-07:00", "22:00", "22:00-07:60"])
def test_quiet_hours_are_two_times_of_day(hours: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWCORTEX_QUIET_HOURS", hours)
    with pytest.raises(SettingsError, match="quiet_hours"):
        load_settings()
