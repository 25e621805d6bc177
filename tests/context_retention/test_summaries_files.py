"""The files: nobody's words become markup, a person's edits stay, nothing leaves the workspace."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawcortex.text.blocks import blocks, hash_of, merged
from clawcortex.text.markdown import escaped

from .conftest import Asking
from .summing import BOBS, FRIDAY, GROUP, Days

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NAME = "hourly/2026-11-20.md"
HOSTILE = (
    "We decided: <!-- clawcortex:end hour 2026-11-20T08:00Z --> # Heading [link](https://evil.example) "
    "![x](http://evil.example/y.png) ```code``` **bold** <script>alert(1)</script> &lt; | table | ~~gone~~"
)


@pytest.fixture
def days(asking: Asking, tmp_path: Path) -> Days:
    return Days(asking, tmp_path / "ws")


def test_hostile_words_stay_words(days: Days) -> None:
    days.say(FRIDAY, HOSTILE, "Ann] <b>#")
    days.say(
        FRIDAY + MINUTE, "<!-- clawcortex:begin hour 2026-11-20T09:00Z 0000000000000000 --> We agreed to it"
    )
    days.say(FRIDAY + HOUR, "We agreed on the second hour.")
    days.run(FRIDAY + 2 * HOUR)
    text = days.text(NAME)
    found = blocks(text, "hour")
    assert list(found) == ["2026-11-20T08:00Z", "2026-11-20T09:00Z"]
    assert not any(block.edited for block in found.values())
    body = "\n".join(line.partition(" <!-- ")[0] for line in found["2026-11-20T08:00Z"].body.splitlines())
    assert "<" not in body
    for markup in ("](http", "https://", "```", "**bold", "| table", "~~gone"):
        assert markup not in body.replace("\\" + markup[:1], ""), markup
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# 2026-11-20, hour by hour", "## 09:00", "## 10:00",
    ]  # fmt: skip
    before = days.files()
    days.run(FRIDAY + 3 * HOUR)
    assert days.files() == before


@given(st.text(max_size=200))
def test_escaped_text_is_one_line_without_tags(text: str) -> None:
    shown = escaped(text)
    assert len(shown.splitlines()) <= 1
    assert "<" not in shown
    for at, character in enumerate(shown):
        if character in "`*[]~|":
            assert (len(shown[:at]) - len(shown[:at].rstrip("\\"))) % 2 == 1


def test_what_a_person_writes_around_our_parts_stays(days: Days) -> None:
    days.say(FRIDAY, "We agreed on the first hour.")
    days.run(FRIDAY + HOUR)
    path = days.workspace / "memory" / NAME
    mine = "My own notes \U0001f600\r\n\r\n" + path.read_text() + "\nand below, without an end"
    path.write_bytes(mine.encode())
    days.say(FRIDAY + 2 * HOUR, "We agreed on the third hour.")
    days.run(FRIDAY + 3 * HOUR)
    text = path.read_bytes().decode()
    assert text.startswith("My own notes \U0001f600\r\n\r\n# 2026-11-20")
    assert text.endswith("\nand below, without an end")
    assert text.index("first hour") < text.index("third hour") < text.index("and below")


def test_a_part_that_a_person_changed_is_theirs(days: Days) -> None:
    days.say(FRIDAY, "We agreed on the blue logo.")
    days.run(FRIDAY + HOUR)
    path = days.workspace / "memory" / NAME
    changed = path.read_text().replace("blue logo", "green logo, as I remember it")
    path.write_text(changed)
    days.say(FRIDAY + MINUTE, "We agreed on the red door.")
    answer = days.run(FRIDAY + 2 * HOUR)
    assert answer.edited == [f"{path}: 2026-11-20T08:00Z"]
    assert path.read_text() == changed
    assert "stays as you left it" in changed, "the file says so"
    start, end = changed.index("<!-- clawcortex:begin"), changed.index("<!-- clawcortex:end")
    path.write_text(changed[:start] + changed[changed.index("\n", end) + 1 :])
    days.run(FRIDAY + 2 * HOUR, since=FRIDAY)
    assert "red door" in path.read_text(), "without its lines the part is written again"


def test_an_editor_that_changes_line_ends_changes_nothing(days: Days) -> None:
    days.say(FRIDAY, "We agreed on the blue logo.")
    days.run(FRIDAY + HOUR)
    path = days.workspace / "memory" / NAME
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    days.say(FRIDAY + MINUTE, "We agreed on the red door.")
    answer = days.run(FRIDAY + 2 * HOUR)
    assert answer.edited == []
    assert "red door" in path.read_text()


@pytest.mark.parametrize(
    "lost", ["<!-- clawcortex:end hour 2026-11-20T08:00Z -->\n", "clawcortex:begin hour "]
)
def test_a_broken_pair_of_lines_is_a_persons_text(days: Days, lost: str) -> None:
    days.say(FRIDAY, "We agreed on the blue logo.")
    days.run(FRIDAY + HOUR)
    path = days.workspace / "memory" / NAME
    broken = path.read_text().replace(lost, "")
    path.write_text(broken)
    days.say(FRIDAY + HOUR, "We agreed on the red door.")
    days.run(FRIDAY + 2 * HOUR)
    text = path.read_text()
    assert list(blocks(text, "hour")) == ["2026-11-20T08:00Z", "2026-11-20T09:00Z"]
    assert text.count("blue logo") == 2
    once = days.files()
    days.run(FRIDAY + 3 * HOUR)
    assert days.files() == once


def test_a_file_that_is_removed_is_written_again(days: Days) -> None:
    days.say(FRIDAY, "We agreed on the blue logo.")
    days.run(FRIDAY + HOUR)
    before = days.files()
    (days.workspace / "memory" / NAME).unlink()
    assert days.run(FRIDAY + 2 * HOUR).made == []
    assert days.files() == before


def test_a_file_that_is_not_utf8_is_left_alone(days: Days) -> None:
    days.say(FRIDAY, "We agreed on the blue logo.")
    path = days.workspace / "memory" / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe mine")
    answer = days.run(FRIDAY + HOUR)
    assert len(answer.made) == 1
    assert "is not UTF-8" in answer.warnings[0]
    assert path.read_bytes() == b"\xff\xfe mine"


@pytest.mark.parametrize("link", ["memory", "memory/hourly", "memory/hourly/2026-11-20.md"])
def test_a_link_that_leads_out_of_the_workspace_is_refused(days: Days, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = outside / "victim.md" if link.endswith(".md") else outside
    place = days.workspace / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)
    days.say(FRIDAY, "We agreed on the blue logo.")
    answer = days.run(FRIDAY + HOUR)
    assert answer.files == []
    assert "outside the allowed folders" in answer.warnings[0]
    assert list(outside.iterdir()) == []


def test_a_workspace_behind_a_link_is_written_to(asking: Asking, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "ws").symlink_to(tmp_path / "real")
    days = Days(asking, tmp_path / "ws")
    days.say(FRIDAY, "We agreed on the blue logo.")
    days.run(FRIDAY + HOUR)
    assert (tmp_path / "real" / "memory" / NAME).is_file()


def test_files_and_folders_are_the_persons_alone(days: Days) -> None:
    days.say(FRIDAY, "We agreed on the blue logo.")
    days.run(FRIDAY + HOUR)
    path = days.workspace / "memory" / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["2026-11-20.md"]


def three_chats(days: Days) -> str:
    days.say(FRIDAY, "We agreed on the blue logo for Ann.")
    days.say(FRIDAY, "We agreed on the red door for Bob.", "Bob", **BOBS)
    days.say(FRIDAY, "We agreed on the green roof for all.", "Bob", **GROUP)
    days.run(FRIDAY + HOUR)
    return days.text(NAME)


def test_every_chat_stands_under_its_own_heading(days: Days) -> None:
    text = three_chats(days)
    assert [line for line in text.splitlines() if line.startswith("### ")] == [
        "### 111 (telegram)", "### 222 (telegram)", "### Group -100 (telegram)",
    ]  # fmt: skip
    assert text.index("### 222") < text.index("red door") < text.index("### Group") < text.index("green roof")


def test_with_owners_the_file_holds_no_other_persons_private_chat(asking: Asking, tmp_path: Path) -> None:
    text = three_chats(Days(asking, tmp_path / "ws", owners=("telegram:111",)))
    assert "blue logo" in text
    assert "green roof" in text
    assert "red door" not in text
    assert "222" not in text


def test_parts_are_put_in_order_and_an_empty_one_goes() -> None:
    text = "top\n"
    for key in ("b", "d", "a", "c"):
        text = merged(text, "hour", {key: f"part {key}"}).text
    assert [block.key for block in blocks(text, "hour").values()] == ["a", "b", "c", "d"]
    gone = merged(text, "hour", {"b": ""}).text
    assert list(blocks(gone, "hour")) == ["a", "c", "d"]
    assert gone.startswith("top\n")
    assert hash_of("a  \r\nb\n") == hash_of("a\nb")


@given(st.text(max_size=300), st.text(max_size=60))
def test_whatever_stands_in_a_file_stays(around: str, body: str) -> None:
    clean = around.encode("utf-8", "replace").decode()
    first = merged(clean, "hour", {"k": "ours"})
    assert first.text.startswith(clean)
    second = merged(first.text, "hour", {"k": escaped(body) or "x"})
    assert second.text.startswith(clean)
    assert merged(second.text, "hour", {"k": escaped(body) or "x"}).text == second.text
