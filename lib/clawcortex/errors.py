"""The one error tree. Every error says what failed, on what, and what to do next.

ClawcortexError
├── InputError            the caller sent something that cannot be used
│   └── AudioError            a recording that nothing can be heard from: asking again is of no use
│       ├── NotAudioError         no sound in it, or in no format we read
│       ├── BrokenAudioError      it cannot be decoded
│       ├── AudioTooLongError     more seconds than are taken, declared or found while decoding
│       └── AudioTooLargeError    more bytes than are taken, or more memory to unpack
├── NotFoundError         what was named does not exist
├── DeniedError           the caller may not do this
├── ConflictError         the request contradicts what is stored
├── SettingsError         the settings file cannot be used
├── UnavailableError      try again, or start what is down
│   ├── ServerDownError       nobody answers on the socket
│   ├── BusyError             a queue is full
│   ├── DeadlineError         the answer did not come in time
│   ├── ModelError            the embedding model cannot be loaded
│   ├── EngineError           a speech engine or its weights are missing
│   └── TranscriberError      the transcriber's process died, grew too large, or was stopped
├── StorageError          the store refused
│   ├── DiskFullError
│   ├── ReadOnlyError
│   ├── LockedError           another process holds the database
│   ├── CorruptedError        bytes on disk are not what was written
│   └── SchemaTooNewError     written by a newer clawcortex
├── HostError             OpenClaw refused or did not answer
└── SetupError            an installation stopped half-way; it resumes
"""

from __future__ import annotations

import errno
from pathlib import Path


class ClawcortexError(Exception):
    """Carry a sentence for the user, a hint, a stable code, an HTTP status and an exit code."""

    code = "internal"
    status = 500
    exit_code = 1
    default_hint = "Run `clawcortex doctor` and send its output with your report."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint

    def as_dict(self) -> dict[str, str]:
        """Return the error as it crosses every border: code, message, hint."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class InputError(ClawcortexError):
    """Refuse input that cannot be used as it is."""

    code, status, exit_code = "invalid_input", 400, 2
    default_hint = "Correct the named field and call again; `--help` lists what is accepted."


class AudioError(InputError):
    """Refuse a recording for good; a caller that keeps it sets it aside with the reason."""

    code = "bad_audio"
    default_hint = "Record or export it again, as ogg/opus, m4a, mp3, wav, webm or flac."


class NotAudioError(AudioError):
    """Refuse a file that holds no sound, or in a format that is not read."""

    code = "not_audio"


class BrokenAudioError(AudioError):
    """Refuse a recording that cannot be decoded."""

    code = "broken_audio"


class AudioTooLongError(AudioError):
    """Refuse a recording with more seconds than are taken, whatever its header says."""

    code = "audio_too_long"
    default_hint = "Cut it into shorter parts, or raise speech_max_s in settings.toml."


class AudioTooLargeError(AudioError):
    """Refuse a recording with more bytes than are taken, or that needs too much memory to unpack."""

    code, status = "audio_too_large", 413
    default_hint = "Export it as ogg/opus, which is smaller, or raise speech_max_mb in settings.toml."


class NotFoundError(ClawcortexError):
    """Report that what was named does not exist."""

    code, status, exit_code = "not_found", 404, 3
    default_hint = "List what exists with `clawcortex context-retention status`."


class DeniedError(ClawcortexError):
    """Refuse a caller who may not do this."""

    code, status, exit_code = "denied", 403, 4
    default_hint = "Only the owner may do this, from the command line."


class ConflictError(ClawcortexError):
    """Refuse a request that contradicts what is stored."""

    code, status, exit_code = "conflict", 409, 5
    default_hint = "Read the current state and decide which one is right."


class SettingsError(ClawcortexError):
    """Refuse a settings file that cannot be used."""

    code, status, exit_code = "bad_settings", 500, 6
    default_hint = "Correct the named line in settings.toml, or move the file away to use defaults."


class UnavailableError(ClawcortexError):
    """Report something that is down or not ready yet."""

    code, status, exit_code = "unavailable", 503, 7
    default_hint = "Try again in a moment; `clawcortex status` says what is not ready."


class ServerDownError(UnavailableError):
    """Report that nobody answers on the socket."""

    code = "server_down"
    default_hint = "Start the resident server with `clawcortex start`."


class BusyError(UnavailableError):
    """Report a full queue."""

    code, status = "busy", 429
    default_hint = "Wait for the queue to drain and call again."


class DeadlineError(UnavailableError):
    """Report an answer that did not come in time."""

    code, status = "deadline", 504


class ModelError(UnavailableError):
    """Report a model that cannot be loaded or run."""

    code = "model_unavailable"
    default_hint = "Run `python3 install.py` again to restore the model files."


class EngineError(UnavailableError):
    """Report that a speech engine or its weights are not on this machine; the hint is the command that helps."""

    code = "engine_missing"
    default_hint = "Run `python3 install.py` again to restore speech recognition."


class TranscriberError(UnavailableError):
    """Report that the transcriber's process ended before it answered; the next call starts a new one."""

    code = "transcriber_died"
    default_hint = "Call again; if it stays so, read logs/transcriber.log in the state folder."


class StorageError(ClawcortexError):
    """Report a store that refused to read or write."""

    code, status, exit_code = "storage", 500, 8


class DiskFullError(StorageError):
    """Report that no space is left; nothing was acknowledged."""

    code, status = "disk_full", 507
    default_hint = (
        "Free some space on the disk that holds it, then call again; nothing acknowledged was lost."
    )


class ReadOnlyError(StorageError):
    """Report that the disk or file refuses writes."""

    code, status = "read_only", 507
    default_hint = (
        "Remount its disk writable, or give it to the user that clawcortex runs as; then call again."
    )


class LockedError(StorageError):
    """Report a database that another process holds for too long."""

    code, status = "locked", 503
    default_hint = (
        "Call again; if it stays so, stop the other clawcortex process (`clawcortex status` names it)."
    )


class CorruptedError(StorageError):
    """Report bytes on disk that are not what was written."""

    code = "corrupted"
    default_hint = "Move the named file away and restore the newest backup."


class SchemaTooNewError(StorageError):
    """Refuse data written by a newer clawcortex."""

    code = "schema_too_new"
    default_hint = "Update clawcortex to the version that wrote the database."


class HostError(ClawcortexError):
    """Report that OpenClaw refused or did not answer."""

    code, status, exit_code = "host", 502, 9
    default_hint = "Check the gateway with `openclaw gateway status`."

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        retry_after_s: float | None = None,
        uncertain: bool = False,
        lasting: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s
        """Seconds after which it may be tried again, where a channel said so (429)."""
        self.uncertain = uncertain
        """True when what was asked may have been done all the same: asking again may do it twice."""
        self.lasting = lasting
        """True when asking again is of no use: there is no model, a grant is missing, the model cannot answer this."""


class SetupError(ClawcortexError):
    """Report an installation that stopped half-way; running it again goes on from there."""

    code, status, exit_code = "setup", 500, 10
    default_hint = "Run `python3 install.py` again: it goes on from where it stopped."


def _tree(root: type[ClawcortexError]) -> list[type[ClawcortexError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in _tree(child))]


def from_dict(payload: dict[str, str]) -> ClawcortexError:
    """Rebuild the typed error that a server sent as `as_dict`."""
    kinds = {kind.code: kind for kind in _tree(ClawcortexError)}
    kind = kinds.get(payload.get("code", ""), ClawcortexError)
    return kind(payload.get("message", "unknown error"), hint=payload.get("hint"))


_FULL = {errno.ENOSPC, errno.EDQUOT}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}


def storage_error(error: OSError, path: Path) -> StorageError:
    """Return the typed error that says what the disk refused, on which path."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return DiskFullError(f"{path}: no space left on the disk ({reason})")
    if error.errno in _READ_ONLY:
        return ReadOnlyError(f"{path}: cannot be written ({reason})")
    return StorageError(f"{path}: {reason}", hint="Look at the named path; then call again.")
