"""Sound becomes windows of speech: nothing that is said is lost, what is no voice is not there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from clawcortex.speech.decoding import RATE
from clawcortex.speech.gate import FRAME, Gate
from clawcortex.speech.windows import LONGEST, PAD, Window, Windows
from tests.speech.speaking import Sound, decode, spoken

SPEECH = decode(spoken("Please send the report to Anna by Friday."))
GATE = Gate()


def blocks(sound: Sound) -> Iterator[Sound]:
    for at in range(0, len(sound), RATE):
        yield sound[at : at + RATE]


def cut(sound: Sound, *, pause_s: float = 0.6) -> list[Window]:
    GATE.reset()
    return list(Windows(GATE, pause_s=pause_s).cut(blocks(sound)))


def quiet(seconds: float) -> Sound:
    return np.zeros(int(seconds * RATE), np.float32)


def test_a_note_is_one_window_around_its_words() -> None:
    (window,) = cut(np.concatenate([quiet(3), SPEECH, quiet(3)]))
    assert 2.4 < window.start_s < 3.2
    end = window.start_s + len(window.samples) / RATE
    assert 3 + len(SPEECH) / RATE - 0.4 < end < 3 + len(SPEECH) / RATE + 0.6


def test_pauses_cut_where_the_engine_wants_it() -> None:
    sound = np.concatenate([SPEECH, quiet(1), SPEECH, quiet(5), SPEECH])
    assert len(cut(sound, pause_s=0.6)) == 3
    first, second = cut(sound, pause_s=2.0)
    assert len(first.samples) > 2 * len(SPEECH)
    assert second.start_s == pytest.approx((2 * len(SPEECH) / RATE) + 6, abs=0.5)


def test_who_speaks_without_a_pause_is_cut_where_it_is_quietest_and_nothing_is_lost() -> None:
    sound = np.tile(SPEECH, 30)  # 90 seconds
    windows = cut(sound, pause_s=2.0)
    assert len(windows) >= 4
    assert all(len(window.samples) <= LONGEST * FRAME for window in windows)
    for before, after in itertools.pairwise(windows):
        assert after.start_s == pytest.approx(before.start_s + len(before.samples) / RATE, abs=1e-6)
    whole = np.concatenate([window.samples for window in windows])
    start = round(windows[0].start_s * RATE)
    size = min(len(whole), len(sound) - start)
    assert np.array_equal(whole[:size], sound[start : start + size])
    assert len(whole) > 0.99 * len(sound) - PAD * FRAME


@pytest.mark.parametrize("size", [1, 160, FRAME - 1, FRAME, RATE + 7])
def test_blocks_of_any_size_give_the_same_windows(size: int) -> None:
    sound = np.concatenate([quiet(1), SPEECH[: 2 * RATE], quiet(1)])
    wanted = cut(sound)
    GATE.reset()
    some = list(Windows(GATE, pause_s=0.6).cut(sound[at : at + size] for at in range(0, len(sound), size)))
    assert [window.start_s for window in some] == [window.start_s for window in wanted]
    assert np.array_equal(some[0].samples, wanted[0].samples)


def test_many_minutes_take_no_more_memory_than_a_window() -> None:
    windows = Windows(GATE, pause_s=2.0)
    GATE.reset()
    most = 0

    def minutes() -> Iterator[Sound]:
        nonlocal most
        for _ in range(30):
            yield from blocks(np.concatenate([SPEECH, quiet(2.5)]))
            most = max(most, len(windows._frames) + len(windows._lead))

    assert sum(1 for _ in windows.cut(minutes())) == 30
    assert most <= LONGEST + PAD


def test_a_word_in_noise_is_still_a_voice() -> None:
    word = decode(spoken("Call the dentist."))
    chance = np.random.default_rng(1)
    for below_db in (20, 10):
        power = float(np.mean(word**2)) / 10 ** (below_db / 10)
        noise = chance.standard_normal(len(word) + 2 * RATE) * np.sqrt(power)
        sound = np.concatenate([quiet(1), word, quiet(1)]) + noise.astype(np.float32)
        assert cut(sound)
