"""How long an answer is, and which words it holds."""

from __future__ import annotations

from recursive_prompting.shapes import Check


def check(answer: str, wanted: Check) -> tuple[bool, str]:
    """Return whether it is as wanted, and what is not."""
    folded = answer.casefold()
    words = len(answer.split())
    lines = sum(bool(line.strip()) for line in answer.splitlines())
    wrong = [f"“{one}” is missing" for one in wanted.contains if one.casefold() not in folded]
    wrong += [f"“{one}” must not stand there" for one in wanted.lacks if one.casefold() in folded]
    if words < wanted.least_words:
        wrong.append(f"it has {words} words, at least {wanted.least_words} are wanted")
    if wanted.most_words is not None and words > wanted.most_words:
        wrong.append(f"it has {words} words, at most {wanted.most_words} are wanted")
    if wanted.lines is not None and lines != wanted.lines:
        wrong.append(f"it has {lines} lines, {wanted.lines} are wanted")
    return not wrong, "; ".join(wrong)
