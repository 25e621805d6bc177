"""Summaries as files in the agent's workspace: `memory/hourly`, `memory/daily`, `memory/weekly`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import ClawcortexError, HostError, InputError
from clawcortex.files import locked, write_parts
from clawcortex.skills.context import Context
from context_retention.summaries.kept import read
from context_retention.summaries.rendering import rendered, title
from context_retention.summaries.shapes import Summary

FOLDERS = {"hour": "hourly", "day": "daily", "week": "weekly"}
LOCK = "summaries"


@dataclass
class Filed:
    """What became of the files."""

    written: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Files that could not be written, or why it is not known which they are."""


def workspace_of(context: Context, agent: str) -> Path | None:
    """Return an agent's workspace; None when OpenClaw does not know the agent or its folder is not there."""
    found = next((one.workspace for one in context.host.agents() if one.id == agent), None)
    return found if found is not None and found.is_dir() else None


def publish(
    context: Context,
    summaries: Iterable[Summary],
    *,
    gone: Sequence[str] = (),
) -> Filed:
    """Bring the files of these summaries of one agent up to date; a file that cannot be is told, not raised.

    What the store holds by now is written: between making and writing, somebody may have had turns forgotten.
    """
    filed = Filed()
    ordered = sorted(summaries, key=lambda one: (one.period, one.file, one.start))
    if not ordered:
        return filed
    agent = ordered[0].agent
    try:
        workspace = workspace_of(context, agent)
    except (HostError, InputError) as error:
        filed.warnings.append(f"{error.message} {error.hint}")
        filed.failed.append(f"the summaries of {agent}: {error.message}")
        return filed
    if workspace is None:
        filed.warnings.append(f"{agent} has no workspace: its summaries stay in the store")
        return filed
    with locked(paths.private_folder(paths.state_dir() / "run") / LOCK, seconds=30):
        for (period, name), group in groupby(ordered, key=lambda one: (one.period, one.file)):
            file = Path("memory", FOLDERS[period], f"{name}.md")
            parts = [(one, _current(context, one)) for one in group]
            try:
                _write(workspace, file, parts, gone, filed)
            except ClawcortexError as error:
                context.log.warning("summaries of %s: %s", agent, error)
                filed.warnings.append(f"{error.message} {error.hint}")
                filed.failed.append(str(workspace / file))
    return filed


def _current(context: Context, summary: Summary) -> str:
    """Return what a summary's file shows of it now, "" when the store has it no more."""
    found = read(context, summary.agent, summary.period, summary.start)
    return rendered(context, found) if found is not None and found.file == summary.file else ""


def _write(
    workspace: Path, name: Path, parts: Sequence[tuple[Summary, str]], gone: Sequence[str], filed: Filed
) -> None:
    first = parts[0][0]
    bodies = {summary.start: body for summary, body in parts}
    result = write_parts(workspace, name, first.period, bodies, title=title(first), gone=gone)
    filed.edited += [f"{workspace / name}: {key}" for key in result.edited]
    if result.text:
        filed.written.append(str(workspace / name))
