"""What is written for others to read, and what is read of the scripts before this skill."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from clawcortex.errors import NotFoundError
from memory_compounding import filing, operations, shapes
from tests.memory_compounding.house import MONDAY, House


def read(house: House, path: Path | str = "") -> shapes.ImportOutput:
    """Import and let the consumers follow."""
    answer = operations.import_(house.context(), shapes.ImportInput(path=str(path)))
    house.follow()
    return answer


def old(kind: str, **more: Any) -> dict[str, Any]:
    """Return a record as the old logger wrote it."""
    given = {"timestamp": "2026-02-09T10:00:00", "agent": "main", "feedback_type": kind, "subject": "a mail"}
    return given | more


def test_feedback_and_mistakes_are_written_for_others(house: House) -> None:
    for _ in range(3):
        house.decide("reject", "too long")
    folder = house.workspace / "feedback"
    filing.publish_files.run(
        house.context(), {}
    )  # what each feedback queues; the queue has a clock of its own
    content = json.loads((folder / "mistakes.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, filing.MistakesFile.model_json_schema())
    assert content["mistakes"][0]["key"] == "too-long"
    assert content["lessons"][0]["status"] == "active"
    lines = (folder / "feedback-2026-W47.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines:
        jsonschema.validate(json.loads(line), filing.Exported.model_json_schema())
    assert [json.loads(line)["mistake"] for line in lines] == ["too-long"] * 3
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "mistakes.json").stat().st_mode & 0o077 == 0


def test_the_week_is_the_persons(house: House) -> None:
    """Sunday 23:30 UTC is Monday in Berlin."""
    late = MONDAY - timedelta(hours=9, minutes=30)
    request = shapes.LogInput(kind="skip", subject="a mail", timestamp=late)
    operations.log(house.context(), request)
    files = operations.track(house.context(), shapes.TrackInput()).files
    assert [Path(one).name for one in files] == ["mistakes.json", "feedback-2026-W47.jsonl"]


def test_old_files_are_read_once_and_learned_from(house: House) -> None:
    folder = house.workspace / "feedback"
    (folder / "archive").mkdir(parents=True)
    (folder / "pending").mkdir()
    rows = [old("reject", subject=f"mail {n}", reason="way too formal", category="email") for n in range(3)]
    (folder / "feedback-2026-02.json").write_text(json.dumps(rows), encoding="utf-8")
    archived = old("approved", item="a plan", subject="", decided_at="2026-02-10T08:00:00Z", timestamp="")
    (folder / "archive" / "x.json").write_text(json.dumps(archived), encoding="utf-8")
    (folder / "pending" / "y.json").write_text(
        json.dumps({"title": "?", "status": "pending"}), encoding="utf-8"
    )
    answer = read(house)
    assert (answer.imported, answer.known, answer.pending, answer.bad) == (4, 0, 1, [])
    assert house.feedback()[0].at.isoformat() == "2026-02-09T09:00:00+00:00", "a time without a zone is local"
    assert house.lessons()[0].mistakes == ("too-formal",)
    assert (folder / "feedback-2026-W07.jsonl").is_file()
    assert read(house).known == 4
    assert house.mistakes()["too-formal"].count == 3


BAD = [
    (old("approvedd"), "no kind of feedback"),
    (old("reject", subject=" "), "subject is empty"),
    (old("reject", timestamp="yesterday"), "timestamp is no time"),
    (old("reject", timestamp=""), "no timestamp"),
    (old("reject", timestamp=1e300), "timestamp is no time"),
    (old("reject", timestamp="1970-01-01T00:00:00Z"), "cannot be the time"),
    (["list"], "not a JSON object"),
    (17, "not a JSON object"),
]


def test_each_bad_record_is_reported_by_its_place_and_costs_no_other(house: House, tmp_path: Path) -> None:
    file = tmp_path / "feedback-1.json"
    rows = [old("edit"), *(one for one, _ in BAD), old("skip")]
    file.write_text(json.dumps({"feedback": rows}), encoding="utf-8")
    answer = read(house, file)
    assert answer.imported == 2
    assert [one.position for one in answer.bad] == list(range(2, 2 + len(BAD)))
    for found, (_, reason) in zip(answer.bad, BAD, strict=True):
        assert reason in found.reason
        assert found.file == str(file)


def test_a_damaged_file_gives_what_can_be_read(house: House, tmp_path: Path) -> None:
    file = tmp_path / "feedback-1.json"
    good = [json.dumps(old("reject", subject=f"mail {n}")) for n in range(3)]
    file.write_text(f'[\n{good[0]},\n{{"subject": "cut\n{good[1]},\n{good[2]}\n', encoding="utf-8")
    answer = read(house, file)
    assert answer.imported == 3
    assert [(one.position, one.reason) for one in answer.bad] == [(2, "damaged: not valid JSON")]


@pytest.mark.parametrize(
    ("content", "bad"),
    [(b"", 0), (b"\xff\xfe\x00", 1), (b"not json", 1), (b"[" * 100_000, 1), (b"\xef\xbb\xbf[]", 0)],
)
def test_a_file_that_is_none_is_reported(house: House, tmp_path: Path, content: bytes, bad: int) -> None:
    file = tmp_path / "feedback-1.json"
    file.write_bytes(content)
    answer = read(house, file)
    assert (answer.imported, len(answer.bad)) == (0, bad)


def test_a_folder_that_is_not_there_is_named(house: House, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is not there"):
        read(house, tmp_path / "nowhere")
