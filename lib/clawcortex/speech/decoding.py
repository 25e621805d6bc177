"""A file becomes sound: 16 kHz, mono, float, block by block; bounded whatever the file claims.

FFmpeg (PyAV's wheel brings it) only gets an open descriptor and a list of the formats and codecs of recordings:
a playlist or a script renamed to .ogg opens nothing else. `Recording` is a context manager.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from clawcortex.errors import (
    AudioTooLargeError,
    AudioTooLongError,
    BrokenAudioError,
    DeniedError,
    EngineError,
    InputError,
    NotAudioError,
    NotFoundError,
    StorageError,
    UnavailableError,
)

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler

    from clawcortex.models.base import Floats

RATE = 16_000
BLOCK = RATE
"""Samples of a block; the last one is shorter."""
FORMATS = "ogg,mov,mp4,m4a,3gp,mp3,wav,matroska,webm,flac,aac,aiff,amr,caf"
CODECS = (
    "opus,vorbis,aac,mp3,mp3float,flac,alac,amrnb,amrwb,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_u8,pcm_f32le,pcm_f32be,pcm_f64le,pcm_alaw,pcm_mulaw"
)
MOST_CHANNELS, HIGHEST_RATE = 32, 384_000
FAULTS = 200
"""Packets in a row that cannot be decoded before the rest is given up."""


class Recording:
    """One opened file; raise AudioError for one that is of no use, NotFoundError for one that is gone."""

    def __init__(self, path: Path, *, max_bytes: int, max_s: float) -> None:
        self.path = path
        self.max_s = max_s
        self.cut = False
        """True once the file proved damaged after its beginning."""
        self.seconds = 0.0
        """What was decoded so far."""
        self.declared_s = 0.0
        """What the header says; 0 where it says nothing."""
        self._file = _open(path, max_bytes)
        try:
            self._before = os.fstat(self._file.fileno())
            self.sha256 = hashlib.file_digest(self._file, "sha256").hexdigest()
            self._file.seek(0)
            self._container, self._stream = self._enter()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()
        self._file.close()

    def blocks(self) -> Iterator[Floats]:
        """Yield the sound in blocks of a second, samples in [-1, 1]."""
        waiting: list[Floats] = []
        count = 0
        for piece in self._pieces():
            self.seconds += len(piece) / RATE
            if self.seconds > self.max_s:
                raise self._too_long("goes on past")
            waiting.append(piece)
            count += len(piece)
            if count >= BLOCK:
                joined = np.concatenate(waiting)
                whole = len(joined) // BLOCK * BLOCK
                yield from np.split(joined[:whole], whole // BLOCK)
                waiting, count = [joined[whole:]], len(joined) - whole
        if count:
            yield np.concatenate(waiting)
        if not self.seconds:
            raise BrokenAudioError(f"{self.path}: none of its sound can be decoded")
        after = os.fstat(self._file.fileno())
        if (after.st_size, after.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns):
            raise UnavailableError(
                f"{self.path}: was still being written", hint="Call again when the file is complete."
            )

    def _enter(self) -> tuple[Any, Any]:
        try:
            import av
        except ImportError as error:
            raise EngineError(
                "recordings cannot be decoded: PyAV is not installed",
                hint="Run `python3 install.py` without --no-voice and --minimal.",
            ) from error
        av.logging.set_level(av.logging.PANIC)
        try:
            container = av.open(
                self._file,
                container_options={"format_whitelist": FORMATS, "codec_whitelist": CODECS},
                metadata_errors="ignore",
            )
        except (av.FFmpegError, ValueError, OSError) as error:
            raise NotAudioError(f"{self.path}: is not a recording in a format that is read") from error
        try:
            return container, self._choose(container)
        except BaseException:
            container.close()
            raise

    def _choose(self, container: Any) -> Any:
        if not container.streams.audio:
            raise NotAudioError(f"{self.path}: has no sound in it")
        stream = container.streams.audio[0]
        context = stream.codec_context
        if context is None:
            raise NotAudioError(f"{self.path}: its sound is in a codec that is not read")
        if not 0 < context.sample_rate <= HIGHEST_RATE or not 0 < context.channels <= MOST_CHANNELS:
            raise BrokenAudioError(
                f"{self.path}: claims {context.channels} channels at {context.sample_rate} Hz"
            )
        if stream.duration and stream.time_base:
            self.declared_s = max(0.0, float(stream.duration * stream.time_base))
        elif container.duration:
            self.declared_s = max(0.0, container.duration / 1e6)
        if self.declared_s > self.max_s:
            raise self._too_long(f"is {self.declared_s:.0f} s long, past")
        return stream

    def _too_long(self, what: str) -> AudioTooLongError:
        return AudioTooLongError(f"{self.path}: {what} the limit of {self.max_s:g} s")

    def _pieces(self) -> Iterator[Floats]:
        resampler = _resampler()
        for frame in self._frames():
            frame.pts = None  # gaps and jumps of a live recording are no reason to refuse it
            try:
                made = resampler.resample(frame)
            except ValueError:  # another rate or layout in the middle: the parts of a chained ogg
                yield from _samples(resampler.resample(None))
                resampler = _resampler()
                made = resampler.resample(frame)
            yield from _samples(made)
        yield from _samples(resampler.resample(None))

    def _frames(self) -> Iterator[AudioFrame]:
        import av

        faults = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                for frame in packet.decode():
                    faults = 0
                    yield frame
            except av.EOFError:
                return
            except (av.FFmpegError, ValueError):
                self.cut = True
                faults += 1
                if faults > FAULTS:
                    return


def _open(path: Path, max_bytes: int) -> Any:
    """Open a plain file, never a link, a pipe or a device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: is not there any more", hint="Name a file that exists.") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise DeniedError(f"{path}: is a link", hint="Name the file itself.") from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise DeniedError(
                f"{path}: may not be read", hint="Give its owner the right to read it."
            ) from error
        raise StorageError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{str(path)!r} is no path") from error
    found = os.fstat(descriptor)
    refused: InputError | None = None
    if not stat.S_ISREG(found.st_mode):
        refused = NotAudioError(f"{path}: is not a file")
    elif not found.st_size:
        refused = NotAudioError(f"{path}: is empty (0 bytes)")
    elif found.st_size > max_bytes:
        refused = AudioTooLargeError(
            f"{path}: is {found.st_size / 1e6:.0f} MB, past the limit of {max_bytes / 1e6:.0f} MB"
        )
    if refused:
        os.close(descriptor)
        raise refused
    return os.fdopen(descriptor, "rb")


def _resampler() -> AudioResampler:
    from av.audio.resampler import AudioResampler

    return AudioResampler(format="flt", layout="mono", rate=RATE)


def _samples(frames: list[AudioFrame]) -> Iterator[Floats]:
    for frame in frames:
        found = frame.to_ndarray().reshape(-1)
        # A float file may hold anything: what is no number would silence all that follows in the gate.
        yield np.clip(np.nan_to_num(found, copy=False), -1.0, 1.0).astype(np.float32, copy=False)
