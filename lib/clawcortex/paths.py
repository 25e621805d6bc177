"""Where everything lives: one function and one environment variable decide.

State is `$OPENCLAW_STATE_DIR/clawcortex`, by default `~/.openclaw/clawcortex`.
"""

from __future__ import annotations

import os
from pathlib import Path

from clawcortex.errors import InputError

LONGEST_NAME = 255
"""Bytes of a file's name; no file system that people use has more."""
SOCKET_LIMIT = 100  # a sockaddr_un holds 104 (macOS) to 108 (Linux) bytes with its end


def openclaw_dir() -> Path:
    """Return OpenClaw's state folder."""
    named = os.environ.get("OPENCLAW_STATE_DIR", "").strip()
    return Path(named).expanduser() if named else Path.home() / ".openclaw"


def state_dir() -> Path:
    """Return clawcortex's own folder inside OpenClaw's state."""
    return openclaw_dir() / "clawcortex"


def database_path() -> Path:
    """Return the SQLite file that holds rows and vectors; OpenClaw's backup knows a database by this ending."""
    return state_dir() / "memory.sqlite"


def settings_path() -> Path:
    """Return the person's settings file; it may not exist."""
    return state_dir() / "settings.toml"


def cache_dir() -> Path:
    """Return the folder of what can be made again: models, index snapshot."""
    return state_dir() / "cache"


def models_dir() -> Path:
    """Return the folder of exported models; $CLAWCORTEX_MODELS_DIR shares one between states, as tests do."""
    named = os.environ.get("CLAWCORTEX_MODELS_DIR", "").strip()
    return Path(named).expanduser() if named else cache_dir() / "models"


def spool_dir() -> Path:
    """Return the folder where turns wait while the server is down."""
    return state_dir() / "spool"


def log_path() -> Path:
    """Return the server's JSON-lines log."""
    return state_dir() / "logs" / "server.jsonl"


def venv_python() -> Path:
    """Return the interpreter of the environment that install.py made."""
    return state_dir() / "venv" / "bin" / "python"


def socket_path() -> Path:
    """Return the server's socket, in a short runtime folder when the state path is too long."""
    direct = state_dir() / "run" / "server.sock"
    if len(os.fsencode(direct)) <= SOCKET_LIMIT:
        return direct
    import hashlib
    import tempfile

    digest = hashlib.sha256(os.fsencode(state_dir())).hexdigest()[:12]
    # tempfile honours TMPDIR, which on macOS is itself too long: /tmp is the short one there.
    base = Path(tempfile.gettempdir())
    base = base if len(os.fsencode(base)) < SOCKET_LIMIT - 50 else Path("/tmp")  # noqa: S108
    return base / f"clawcortex-{os.getuid()}-{digest}" / "server.sock"


def repo_root() -> Path:
    """Return the checkout: the folder that holds `skills/` and `openclaw.plugin.json`."""
    return Path(__file__).resolve().parents[2]


def skills_dir() -> Path:
    """Return the folder of skills; `CLAWCORTEX_SKILLS` names another one."""
    named = os.environ.get("CLAWCORTEX_SKILLS", "").strip()
    return Path(named) if named else repo_root() / "skills"


def lock_path(name: str) -> Path:
    """Return the lock file of this name: "server" while one lives, "starting" until it listens."""
    return state_dir() / "run" / f"{name}.lock"


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can enter (0700) and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)
    return path


def resolve(path: Path) -> Path:
    """Return the path with `~` and symlinks resolved; InputError for what is no path."""
    try:
        real = path.expanduser().resolve()
    except (ValueError, RuntimeError, OSError) as error:  # a NUL character, an unknown ~user, a loop of links
        raise InputError(f"{str(path)[:200]!r} is no path: {error}") from error
    if len(os.fsencode(real.name)) > LONGEST_NAME:
        raise InputError(f"{str(path)[:200]!r} is no path: its name is too long")
    return real


def confine(path: Path, *roots: Path) -> Path:
    """Return the path with symlinks resolved, or refuse it when it leaves every root."""
    real = resolve(path)
    if any(real.is_relative_to(root.resolve()) for root in roots):
        return real
    allowed = ", ".join(str(root) for root in roots)
    raise InputError(f"{path} lies outside the allowed folders", hint=f"Use a path under: {allowed}")
