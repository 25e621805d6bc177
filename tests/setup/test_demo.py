from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clawcortex.demo.__main__ import judge
from clawcortex.demo.host import SESSION_KEY, Injected
from clawcortex.demo.sample import Question, read_sample
from clawcortex.setup.console import Console

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def block(*texts: str) -> Injected:
    lines = [f"- (Ann, 2026-11-02 18:40) “{text}”" for text in texts]
    return Injected("\n".join(["<fence>", "## From earlier conversations", *lines, "</fence>"]), 1.0)


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clawcortex.demo", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=170)


def test_the_sample_tells_of_three_weeks_that_end_now() -> None:
    sample = read_sample(NOW)
    turns = list(sample.captures(SESSION_KEY))
    times = [datetime.fromisoformat(turn["timestamp"]) for turn in turns]
    assert times == sorted(times)
    assert times[-1] <= NOW
    assert 18 <= (times[-1] - times[0]).days <= 22
    assert len({turn["session"] for turn in turns}) == len(sample.sessions) == 6
    assert len({turn["source_ref"] for turn in turns}) == len(turns) > 55
    spoken = " ".join(str(turn["text"]) for turn in turns)
    for question in (*sample.questions, sample.compaction):
        assert all(wanted in spoken for wanted in question.expect)


@pytest.mark.parametrize(
    ("texts", "missing"),
    [
        (["The deadline is the 12th, no longer the 28th."], 0),
        (["The deadline is the 12th.", "The deadline is the 28th."], 0),
        (["The deadline is the 28th.", "The deadline is the 12th."], 1),
        (["The deadline is the 28th."], 1),
        ([], 1),
    ],
)
def test_the_current_fact_must_come_before_the_one_it_replaced(texts: list[str], missing: int) -> None:
    question = Question("When?", ("12th",), outdated="28th")
    assert len(judge(Console(io.StringIO()), block(*texts), question)) == missing


@pytest.mark.usefixtures("models_cache")
def test_everything_comes_back_from_a_real_server(tmp_path: Path) -> None:
    result = demo()
    assert result.returncode == 0, result.stdout + result.stderr
    assert "allergic to hazelnuts" in result.stdout
    assert "What this conversation held before it was compacted" in result.stdout
    assert "Everything that was expected came back" in result.stdout
    assert "\x1b" not in result.stdout


def test_without_a_model_words_are_enough_for_these_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWCORTEX_MODELS_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("CLAWCORTEX_EMBEDDING_MODEL", str(tmp_path / "none"))
    result = demo("--words")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_server_that_cannot_start_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAWCORTEX_LOG_LEVEL", "LOUD")
    result = demo()
    assert result.returncode == 6
    assert "log_level" in result.stdout.lower()
    assert "Next:" in result.stdout
    assert "Traceback" not in result.stderr + result.stdout
    assert os.environ["CLAWCORTEX_LOG_LEVEL"] == "LOUD"
