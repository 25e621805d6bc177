"""Words as search sees them: folded, without stopwords, stemmed.

The same stems go into full-text search, into the columns that ranking reads, and into a query,
so every stem is one run of letters and digits that any tokenizer leaves whole.
"""

from __future__ import annotations

import re
import threading
import unicodedata
import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import Stemmer
from numpy.typing import NDArray

LONGEST = 40
"""Longer runs are hashes, keys and encoded bytes: cut, so that they still match themselves."""

STOPWORDS = frozenset(
    """a about above after again against all also am an and any are as at be because been before being below
    between both but by can cannot could did do does doing done down during each few for from further get gets
    getting got had has have having he her here hers herself hey hi hello him himself his how i if in into is it
    its itself just let like lot may maybe me might more most much must my myself no nor not now of off oh ok okay
    on once only or other our ours ourselves out over own please quite really same shall she should so some such
    than thank thanks that the their theirs them themselves then there these they this those through to too under
    until up upon us very was we well were what when where which while who whom whose why will with would wow yeah
    yep yes you your yours yourself yourselves""".split()
)

_IRREGULAR = """be been being|begin began begun|bite bit bitten|blow blew blown|break broke broken|bring brought
build built|buy bought|catch caught|choose chose chosen|come came|draw drew drawn|dream dreamt|drink drank drunk
drive drove driven|eat ate eaten|fall fell fallen|feel felt|fight fought|find found|fly flew flown
forget forgot forgotten|forgive forgave forgiven|freeze froze frozen|give gave given|go went gone
grow grew grown|hang hung|hear heard
hide hid hidden|hold held|keep kept|know knew known|learn learnt|leave left|lend lent|lose lost|make made|mean meant
meet met|pay paid|ride rode ridden|ring rang rung|rise rose risen|run ran|say said|see saw seen|seek sought|sell sold
send sent|shake shook shaken|shoot shot|show shown|sing sang sung|sit sat|sleep slept|speak spoke spoken|spend spent
stand stood|steal stole stolen|stick stuck|swim swam swum|take took taken|teach taught|tear tore torn|tell told
think thought|throw threw thrown|understand understood|wake woke woken|wear wore worn|win won|write wrote written
child children kid kids|person people|man men|woman women|foot feet|tooth teeth|mouse mice|wife wives|life lives
knife knives|leaf leaves|mom mum mother mama mommy|dad father daddy papa|grandma grandmother granny
grandpa grandfather|photo photograph pic picture|tv television|bike bicycle|fridge refrigerator"""

BASE = {form: group.split()[0] for group in re.split(r"[|\n]", _IRREGULAR) for form in group.split()[1:]}
"""Forms that no suffix rule reaches, and the few pairs of everyday words that mean the same."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_CJK = re.compile(
    "([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f]+)"
)
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\uff07": "'"})
_NEGATED = re.compile(r"n't$")
_local = threading.local()


def fold(text: str) -> str:
    """Return the text in lower case, compatibility forms unified, marks above and below letters gone."""
    text = text.translate(_APOSTROPHES)
    if not text.isascii():
        spread = unicodedata.normalize("NFKD", text.casefold())
        text = unicodedata.normalize("NFC", "".join(c for c in spread if unicodedata.category(c)[0] != "M"))
    return text.casefold()


def stem(word: str) -> str:
    """Return the stem of one folded word."""
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:
        stemmer = _local.stemmer = Stemmer.Stemmer("english")
    return str(stemmer.stemWord(BASE.get(word, word)))


@lru_cache(maxsize=32_768)
def _stems(word: str) -> tuple[str, ...]:
    whole, _, ending = _NEGATED.sub("", word).partition("'")
    if whole in STOPWORDS or (ending and len(whole) == 1 and whole in "ij"):
        return ()
    if len(whole) == 1 and ending and len(ending) > 2:
        whole += ending  # o'brien, d'arcy
    if whole.isascii():
        return (stem(whole[:LONGEST]),)
    found: list[str] = []
    for part in filter(None, _CJK.split(whole)):
        if _CJK.match(part):
            found += [part] if len(part) == 1 else [part[i : i + 2] for i in range(len(part) - 1)]
        else:
            found.append(stem(part[:LONGEST]))
    return tuple(found)


def terms(text: str) -> list[str]:
    """Return the stems of a text in order, stopwords left out."""
    found: list[str] = []
    for word in _WORD.findall(fold(text)):
        if len(word) <= 4 * LONGEST:
            found += _stems(word)
        else:
            found.append(word[:LONGEST])
    return found


def hashed(stems: Sequence[str]) -> NDArray[np.uint32]:
    """Return the crc32 of every stem."""
    return np.fromiter(
        (zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in stems), np.uint32, len(stems)
    )
