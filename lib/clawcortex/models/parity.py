"""Sentences of mixed length and language to compare two backends of one model with, always the same."""

from __future__ import annotations

import random

import numpy as np

from clawcortex.models.base import Floats

COUNT = 200
LEAST_COSINE = 0.999

_SAYINGS = (
    "I moved to Lisbon in May and started learning the cello.",
    "Her flight lands at 18:45, gate B22; please book a taxi.",
    "The build failed: TypeError in parser.py line 88 (expected str, got None)!",
    "Meine Schwester heißt Jana und wohnt seit 2019 in Göttingen.",
    "Können wir das Treffen auf nächsten Donnerstag verschieben?",
    "Il pleut depuis hier, mais nous irons quand même à la plage.",
    "Mañana compro los regalos para el cumpleaños de mi abuela.",
    "Мы переехали в новую квартиру на третьем этаже.",
    "我昨天在北京见到了我的老朋友。",
    "週末は京都へ行って、紅葉を見ました。",
    "우리는 내일 아침 일찍 출발할 거예요.",
    "سافرت إلى القاهرة مع عائلتي في الصيف الماضي.",
    "הכלב שלי אוהב לרוץ על החוף בבוקר.",
    "मुझे चाय कॉफ़ी से ज़्यादा पसंद है।",
    "คืนนี้เราจะไปกินข้าวเย็นที่ตลาด",
    "Γεννήθηκα στη Θεσσαλονίκη και δουλεύω ως γιατρός.",
    "😀🎉 yes!!! 👩‍👩‍👧 see you 🇵🇹",
    "https://example.org/a/b?c=d#e  user@example.org  +49 170 0000000",
    "SELECT name, total FROM orders WHERE total > 1e6;",
    "naïve façade coöperate Ærøskøbing  ½ ﬁne ＡＢＣ",
)
_SHORT = ("a", "ok", "?", "No.", "42", "猫", "🙂", "É", "MiXeD CaSe", "  spaces   around  ")


def sentences(count: int = COUNT) -> list[str]:
    """Return different texts of one letter up to more than any short-text model reads, in many scripts."""
    draw = random.Random(20_260_314)  # noqa: S311 (the same texts on every machine, no secret)
    texts = dict.fromkeys((*_SHORT, *_SAYINGS))
    while len(texts) < count:
        parts = draw.choices(_SAYINGS, k=draw.choice((1, 2, 2, 3, 5, 8, 30)))
        words = " ".join(parts).split(" ")
        texts[" ".join(words[draw.randrange(len(words)) // 2 :])] = None
    return list(texts)[:count]


def least_cosine(left: Floats, right: Floats) -> float:
    """Return the lowest cosine between rows of the same number."""
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return float(np.min(np.einsum("ij,ij->i", left, right) / norms))
