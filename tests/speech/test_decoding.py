"""A file becomes sound, or is refused in a way that says why; nothing else."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from clawcortex.errors import (
    AudioError,
    AudioTooLargeError,
    AudioTooLongError,
    DeniedError,
    NotAudioError,
    NotFoundError,
    UnavailableError,
)
from clawcortex.speech.decoding import BLOCK, RATE, Recording
from tests.speech.speaking import Sound, decode, encode, spoken

CLIP = spoken("Please send the report to Anna by Friday.")


def heard(path: Path, *, max_bytes: int = 10**9, max_s: float = 600) -> tuple[Sound, Recording]:
    """Return all of a recording."""
    with Recording(path, max_bytes=max_bytes, max_s=max_s) as recording:
        blocks = list(recording.blocks())
    assert all(len(block) == BLOCK for block in blocks[:-1])
    return np.concatenate(blocks), recording


def envelope(sound: Sound) -> Sound:
    """Return how loud each twentieth of a second is."""
    found: Sound = np.abs(sound[: len(sound) // 800 * 800]).reshape(-1, 800).mean(axis=1)
    return found


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.ogg", "libopus", 48_000),
        ("a.m4a", "aac", 44_100),
        ("a.mp3", "libmp3lame", 44_100),
        ("a.wav", "pcm_s16le", 8_000),
        ("a.webm", "libopus", 48_000),
        ("a.flac", "flac", 22_050),
    ],
)
def test_every_format_sounds_the_same(name: str, codec: str, rate: int, tmp_path: Path) -> None:
    sound = decode(CLIP)
    found, recording = heard(encode(sound, tmp_path / name, codec=codec, rate=rate))
    assert not recording.cut
    assert recording.seconds == pytest.approx(len(sound) / RATE, abs=0.15)
    assert recording.declared_s == pytest.approx(recording.seconds, abs=0.15)
    a, b = envelope(sound), envelope(found)
    size = min(len(a), len(b))
    assert max(np.corrcoef(np.roll(a[:size], shift), b[:size])[0, 1] for shift in (-1, 0, 1, 2)) > 0.9


def film(path: Path, *, sound: bool) -> Path:
    """Write a film of a second."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=10)
        picture.width = picture.height = 64
        track = container.add_stream("aac", rate=RATE, layout="mono") if sound else None
        for _ in range(10):
            container.mux(picture.encode(av.VideoFrame(64, 64, "yuv420p")))
        container.mux(picture.encode(None))
        if track is not None:
            for at in range(0, RATE, 1_024):
                tone = np.sin(np.arange(at, at + 1_024) / 20).astype(np.float32)
                frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
                frame.sample_rate, frame.pts = RATE, at
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


def test_of_a_film_the_sound_is_heard(tmp_path: Path) -> None:
    sound, _ = heard(film(tmp_path / "film.mp4", sound=True))
    assert len(sound) / RATE == pytest.approx(1, abs=0.2)
    assert np.abs(sound).max() > 0.5
    with pytest.raises(NotAudioError, match="has no sound in it"):
        heard(film(tmp_path / "mute.mp4", sound=False))


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    "content",
    [
        b"This is a shopping list: milk, bread.\n" * 40,
        bytes(range(256)) * 16,
        b"\x89PNG\r\n\x1a\n" + bytes(500),
        b"PK\x03\x04" + bytes(500),
        b"OggS",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        PLAYLIST,
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"\x1aE\xdf\xa3" + bytes(64),
    ],
    ids=["text", "bytes", "png", "zip", "ogg", "wav", "playlist", "concat", "matroska"],
)
def test_what_is_no_recording_is_refused_whatever_its_name(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "note.ogg"
    file.write_bytes(content)
    with pytest.raises(AudioError, match=r"note\.ogg: "):
        heard(file)


def _empty(path: Path) -> None:
    path.touch()


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link(path: Path) -> None:
    path.symlink_to(CLIP)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


def _absent(path: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (_empty, NotAudioError, r"is empty \(0 bytes\)"),
        (_folder, NotAudioError, "is not a file"),
        (_pipe, NotAudioError, "is not a file"),
        (_link, DeniedError, "is a link"),
        (_huge, AudioTooLargeError, "is 1074 MB, past the limit of 512 MB"),
        (_absent, NotFoundError, "is not there"),
    ],
)
def test_what_is_no_plain_file_is_refused_before_it_is_read(
    make: Callable[[Path], None], error: type[Exception], words: str, tmp_path: Path
) -> None:
    make(tmp_path / "note.ogg")
    with pytest.raises(error, match=words):
        heard(tmp_path / "note.ogg", max_bytes=512_000_000)


@pytest.mark.parametrize(
    ("name", "codec", "share"),
    [("a.ogg", "libopus", 0.5), ("a.mp3", "libmp3lame", 0.5), ("a.flac", "flac", 0.5)],
)
def test_of_a_recording_that_breaks_off_the_beginning_is_heard(
    name: str, codec: str, share: float, tmp_path: Path
) -> None:
    whole = encode(np.tile(decode(CLIP), 4), tmp_path / name, codec=codec)
    seconds = heard(whole)[1].seconds
    whole.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    found, _ = heard(whole)
    assert 0.2 * seconds < len(found) / RATE < 0.8 * seconds


def test_a_recording_without_its_index_is_refused(tmp_path: Path) -> None:
    file = encode(decode(CLIP), tmp_path / "a.m4a", codec="aac", rate=44_100)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(AudioError):
        heard(file)


def test_nothing_is_longer_than_allowed_whatever_its_header_says(tmp_path: Path) -> None:
    quiet = encode(np.zeros(60 * RATE, np.float32), tmp_path / "a.ogg", bit_rate=500)
    assert quiet.stat().st_size < 30_000
    with pytest.raises(AudioTooLongError, match="is 60 s long, past the limit of 10 s"):
        heard(quiet, max_s=10)
    liar = encode(np.tile(decode(CLIP), 10), tmp_path / "a.flac", codec="flac", rate=RATE)
    raw = bytearray(liar.read_bytes())
    raw[21:26] = bytes([raw[21] & 0xF0]) + (2 * RATE).to_bytes(4, "big")  # STREAMINFO: two seconds in all
    liar.write_bytes(raw)
    with pytest.raises(AudioTooLongError, match="goes on past the limit of 10 s"):
        heard(liar, max_s=10)


def test_what_is_no_number_does_not_silence_the_rest(tmp_path: Path) -> None:
    sound = decode(CLIP).copy()
    file = encode(sound, tmp_path / "a.wav", codec="pcm_f32le", rate=RATE)
    raw = bytearray(file.read_bytes())
    raw[200:208] = b"\x00\x00\xc0\x7f\x00\x00\x80\x7f"  # NaN, infinity
    file.write_bytes(raw)
    found, _ = heard(file)
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 1


def test_a_file_that_is_still_being_written_is_asked_for_later(tmp_path: Path) -> None:
    file = encode(decode(CLIP), tmp_path / "a.wav", codec="pcm_s16le")
    with Recording(file, max_bytes=10**9, max_s=600) as recording:
        blocks = recording.blocks()
        next(blocks)
        with file.open("ab") as more:
            more.write(bytes(1_000))
        with pytest.raises(UnavailableError, match="still being written"):
            list(blocks)


@pytest.mark.parametrize("name", ["a.ogg", "a.m4a", "a.webm"])
def test_damaged_bytes_are_heard_or_refused(name: str, tmp_path: Path) -> None:
    codec = "aac" if name.endswith("m4a") else "libopus"
    sound = encode(decode(CLIP)[:RATE], tmp_path / name, codec=codec).read_bytes()
    chance = random.Random(name)
    refused = 0
    for _ in range(40):
        raw = bytearray(sound)
        for _ in range(chance.choice([1, 5, 50])):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        file = tmp_path / "damaged"
        file.write_bytes(raw)
        try:
            assert len(heard(file)[0]) < 60 * RATE
        except AudioError:
            refused += 1
    assert refused < 40
