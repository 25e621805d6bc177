"""Whether a sentence asks for something to be done or promises it: a small linear classifier.

Fitted by bench/fit_intent.py on public sentences (intent.json says which, and their licence). The weights are of word
sequences that several sentences share; names, numbers, links and addresses are masked before they are counted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from clawcortex.text.linear import linear
from voice_pipeline.extracting.verbs import VERBS

WEIGHTS = Path(__file__).with_name("intent.json")
LONGEST = 600
"""Characters that are read."""
LONGEST_SEQUENCE = 3
_TOKEN = linear(
    r"(?i)https?://\S+|www\.\S+|\$[a-z]+|[^\s@]{1,64}@[^\s@]+|\pL+(?:['’]\pL+)*|[0-9]+|[?!:;,.*>(]"
)
_CUES = {
    "@asks": linear(
        r"\b(?:can|could|would|will) (?:you|we|someone|somebody|anyone)\b|\bif you (?:can|could|would)\b"
        r"|\blet me know\b|\b(?:want|need|like|love) (?:you|us|him|her|them) to\b|\bplease\b|\b(?:do|would) you mind\b"
    ),
    "@promises": linear(
        r"\b(?:i|we)(?:'ll| will| can| shall| am going to| are going to|'m going to|'re going to| plan to| need to"
        r"| have to| should| must)\b|\blet me\b|\bi would like to\b|\bi want to\b|\bi'd like to\b|\blet's\b"
        r"|\bshould we\b"
    ),
    "@bulk": linear(
        r"\b(?:click|unsubscribe|below|here|link|subscription|newsletter|free|offer|customer|account|download|app|deals?)\b"
    ),
}
_QUESTION_TO_YOU = linear(r"\byou\b")
_WORD = linear(r"[a-z']+")


@dataclass(frozen=True, slots=True)
class Intent:
    """The classifier's weights."""

    weights: Mapping[str, float]
    bias: float
    threshold: float

    def chance(self, sentence: str) -> float:
        """Return the probability, 0 to 1, that the sentence gives somebody something to do."""
        found = features(sentence)
        total = sum(self.weights.get(name, 0.0) for name in found) / math.sqrt(max(1, len(found)))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total + self.bias))))

    def wants(self, sentence: str) -> bool:
        """Tell whether it does."""
        return self.chance(sentence) >= self.threshold


@lru_cache(maxsize=1)
def intent() -> Intent:
    """Return the classifier that is shipped."""
    read = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return Intent(read["weights"], read["bias"], read["threshold"])


def features(sentence: str) -> set[str]:
    """Return what the classifier sees: sequences of up to three words, cues, length."""
    shown = sentence[:LONGEST]
    tokens = _tokens(shown)
    bounded = ["^", *tokens, "$"]
    found = {
        " ".join(bounded[i : i + size])
        for size in range(1, LONGEST_SEQUENCE + 1)
        for i in range(len(bounded) - size + 1)
    }
    found.add(f"@length {min(6, len(tokens) // 6)}")
    low = shown.lower().replace("’", "'")
    words = _WORD.findall(low)
    pairs = list(pairwise(words))
    cues = {name for name, pattern in _CUES.items() if pattern.search(low)}
    cues |= {"@imperative"} if words and words[0] in VERBS else set()
    cues |= {"@please verb"} if any(a == "please" and b in VERBS for a, b in pairs) else set()
    if any(a in {"to", "and", "then"} and b in VERBS for a, b in pairs):
        found.add("@to verb")
    if cues - {"@bulk"}:
        cues |= {"@any", "@any bulk"} if "@bulk" in cues else {"@any"}
    if low.rstrip().endswith("?"):
        cues |= {"@question", "@question to you"} if _QUESTION_TO_YOU.search(low) else {"@question"}
    return found | cues


def _tokens(sentence: str) -> list[str]:
    found: list[str] = []
    began = False
    for match in _TOKEN.finditer(sentence):
        text = match[0]
        if text[0].isalpha() and "@" not in text and "//" not in text and not text.lower().startswith("www."):
            found.append(_masked(text) if began else text.lower().replace("’", "'"))
            began = True
        elif "@" in text:
            found.append("_mail")
        elif text[0].isdigit():
            found.append("_number")
        else:
            found.append("_link" if len(text) > 1 else text)
    return found


def _masked(word: str) -> str:
    """Return a word in small letters; a name inside a sentence as `_name`."""
    if word[0].isupper() and not word.isupper() and not word.startswith(("I'", "I’")):
        return "_name"
    return word.lower().replace("’", "'")
