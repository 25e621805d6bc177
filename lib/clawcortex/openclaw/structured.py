"""Answers of a model as pydantic models: the schema is asked for, the answer is checked, one mistake forgiven."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from clawcortex.errors import HostError
from clawcortex.openclaw.host import Completes

Shape = TypeVar("Shape", bound=BaseModel)

LONGEST_ANSWER = 200_000
"""Characters; a longer answer is refused unread."""
TRIES = 2
STARTS = 50
"""How many opening braces are tried: a model may write braces before its answer."""
FAULTS = 5
"""How many faults of an answer the model is told about."""

ASKING = """

Answer with exactly one JSON object and nothing else: no explanation, no Markdown.
It must match this JSON Schema:
"""


def complete_as(
    host: Completes,
    model_type: type[Shape],
    system: str,
    prompt: str,
    *,
    agent: str,
    purpose: str,
    max_tokens: int = 2_000,
    timeout_s: float = 60.0,
) -> Shape:
    """Return the model's answer as `model_type`.

    `timeout_s` is for each of the two tries. Raise HostError when both answers are not what was asked for,
    and at once when the host itself fails.
    """
    schema = json.dumps(model_type.model_json_schema(), separators=(",", ":"), ensure_ascii=False)
    whole, asked, fault = system.rstrip() + ASKING + schema, prompt, ""
    for _ in range(TRIES):
        said = host.complete(
            whole, asked, agent=agent, max_tokens=max_tokens, purpose=purpose, timeout_s=timeout_s
        )
        try:
            return read_answer(model_type, said.text)
        except ValueError as error:
            fault = str(error)
            asked = f"{prompt}\n\nAn earlier answer was refused: {fault}\nGive the whole JSON object again."
    raise HostError(
        f"the model did not answer {purpose} with a {model_type.__name__}: {fault}",
        hint="Choose a model for the agent that follows a JSON schema (`openclaw models set`).",
        lasting=True,
    )


def read_answer(model_type: type[Shape], text: str) -> Shape:
    """Return the first JSON object in the text that fits; raise ValueError that says what is wrong."""
    if len(text) > LONGEST_ANSWER:
        raise ValueError(f"the answer is {len(text):,} characters, more than {LONGEST_ANSWER:,}")
    fault = "there is no complete JSON object in it"
    longest = 0
    for found in _objects(text):
        try:
            return model_type.model_validate_json(found)
        except ValidationError as error:
            if len(found) > longest:  # the largest is the one that was meant
                longest, fault = len(found), _faults(error)
    raise ValueError(fault)


def _objects(text: str) -> Iterator[str]:
    """Yield every JSON object of the text that stands in no other one."""
    decoder, end = json.JSONDecoder(), 0
    for tried, match in enumerate(re.finditer(r"\{", text)):
        start = match.start()
        if start < end:
            continue
        if tried > STARTS:
            return
        try:
            _, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        yield text[start:end]


def _faults(error: ValidationError) -> str:
    """Return what is wrong, without the values: they are the model's words and may be anybody's."""
    told = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [f"{'.'.join(map(str, one['loc'])) or 'the object'}: {one['msg']}" for one in told[:FAULTS]]
    more = [f"and {len(told) - FAULTS} more"] if len(told) > FAULTS else []
    return "; ".join(lines + more)
