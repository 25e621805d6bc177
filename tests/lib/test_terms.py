"""What search sees of a text."""

import threading

import numpy as np
import pytest

from clawcortex.text.terms import LONGEST, hashed, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n\t ", []),
        ("What is it?", []),
        ("The dentist's appointments", ["dentist", "appoint"]),
        ("I don\u2019t like running", ["run"]),
        ("She bought it, we buy them", ["buy", "buy"]),
        ("Caf\u00e9 NA\u00cfVE \ufb01ne", ["cafe", "naiv", "fine"]),
        ("O'Brien", ["obrien"]),
        ("ASUS RT-AX88U", ["asus", "rt", "ax88u"]),
        ("snake_case 42", ["snake", "case", "42"]),
        ("\u6771\u4eac\u30bf\u30ef\u30fc", ["\u6771\u4eac", "\u4eac\u30bf", "\u30bf\u30ef", "\u30ef\u30fc"]),
        ("\u732b", ["\u732b"]),
        ("\ud55c\uad6d\uc5b4", ["\ud55c\uad6d", "\uad6d\uc5b4"]),
        (
            "\u0421\u044a\u0435\u0448\u044c \u0451\u043b\u043a\u0443",
            ["\u0441\u044a\u0435\u0448\u044c", "\u0435\u043b\u043a\u0443"],
        ),
        ("\U0001f600 \u200f\u05e9\u05dc\u05d5\u05dd", ["\u05e9\u05dc\u05d5\u05dd"]),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_every_stem_is_one_run_of_letters_and_digits() -> None:
    everything = (
        "".join(map(chr, range(0x20, 0x3000))) + " don't o'neil a_b \u0928\u092e\u0938\u094d\u0924\u0947"
    )
    assert all(stem.isalnum() for stem in terms(everything))


def test_long_runs_are_cut_and_still_match_themselves() -> None:
    blob = "a1" * 5_000
    assert terms(blob) == [blob[:LONGEST]]


def test_lone_surrogates_are_hashed() -> None:
    assert len(hashed(terms("broken \ud800x"))) == 2


def test_hostile_runs_come_back_bounded() -> None:
    hostile = "'".join("a" * 20_000) + "n't" * 20_000
    assert all(len(stem) <= LONGEST for stem in terms(hostile))


def test_threads_stem_alike() -> None:
    text = " ".join(f"running{i} flies{i}" for i in range(2_000))
    results: list[list[str]] = []
    threads = [threading.Thread(target=lambda: results.append(terms(text))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result == results[0] for result in results)


def test_hashes_are_crc32() -> None:
    assert hashed(["dentist"]).tolist() == [1_821_358_137]
    assert hashed([]).dtype == np.uint32
