"""What the tests of speech stand on: the voice group, and transcribers that are closed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest

NEEDED = ("av", "faster_whisper", "pocketsphinx")
collect_ignore_glob = [] if all(map(find_spec, NEEDED)) else ["test_*.py"]

from clawcortex.settings import Settings  # noqa: E402 - after the check above
from clawcortex.speech import Transcriber  # noqa: E402

Opener = Callable[..., Transcriber]


@pytest.fixture
def transcriber() -> Iterator[Opener]:
    """Make transcribers with settings; pocketsphinx hears unless another engine is named."""
    opened: list[Transcriber] = []

    def make(**settings: Any) -> Transcriber:
        made = Transcriber(Settings(**{"speech_engine": "pocketsphinx", **settings}))
        opened.append(made)
        return made

    yield make
    for one in opened:
        one.close()
