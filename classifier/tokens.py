"""Cuts a message into words: one text normal form, one tokenizer, the city's own words known to it.

The words are jieba's: its dictionary and its hidden Markov model for unknown words. Two programs speak that dictionary:
jieba itself, and rjieba, the same in Rust, which cuts some sixteen times as many messages a second and gives the
same words on nine messages in ten. rjieba is used where it is installed; a model remembers which of the two it was trained with.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.reference import Reference

LIMIT = 4000  # characters read of a message; the matter of a request stands long before that

ODD = 0xFFFD

Cut = Callable[[str], list[str]]


def normal(text: str) -> str:
    """NFKC, lower case, white space run together, cut at LIMIT. Cut first too: NFKC may lengthen a text eighteenfold."""
    plain = " ".join(unicodedata.normalize("NFKC", text[: 2 * LIMIT]).lower().split())[:LIMIT]
    try:
        plain.encode()
    except UnicodeEncodeError:  # half a character, as a page may hold; no tokenizer takes it
        plain = plain.encode(errors="replace").decode()
    return plain


def normals(texts: Sequence[str]) -> list[str]:
    """``normal`` of each text: by one table look-up for all of them, one by one only where that would not do.

    Chinese, ASCII and the full-width forms stand for themselves or for one other character, whatever their neighbours.
    """
    short = ["" if (len(t) > LIMIT // 3 and len(t) + 2 * t.count("…") > LIMIT) or "\0" in t else t for t in texts]
    joined = "\0".join(short).replace("…", "...")
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    plain = _plain().take(codes, mode="clip")
    strange = np.flatnonzero(plain == ODD)
    odd = set(np.searchsorted(np.flatnonzero(codes == 0), strange).tolist())
    odd.update(i for i, (a, b) in enumerate(zip(short, texts, strict=True)) if a is not b)
    space = plain == ord(" ")
    kept = plain[~(space & np.concatenate([[False], space[:-1]]))]
    found = kept.tobytes().decode("utf-32-le").split("\0") if texts else []
    return [normal(texts[i]) if i in odd else text.strip(" ") for i, text in enumerate(found)]


@lru_cache(maxsize=1)
def _plain() -> NDArray[np.uint32]:
    """Code point -> what it is in normal form, ODD where that is not one character that is the same anywhere."""
    table = np.full(0x10000, ODD, np.uint32)
    table[0] = 0
    table[0x4E00:0xA000] = np.arange(0x4E00, 0xA000)
    for code in (*range(1, 0x7F), 0xB7, *range(0x2010, 0x2027), *range(0x3000, 0x3021), *range(0xFF01, 0xFF5F)):
        one = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(one) == 1 and not unicodedata.combining(one) and not chr(code).isspace():
            table[code] = ord(one)
        elif chr(code).isspace():
            table[code] = ord(" ")
    return table


def words(text: str, city: tuple[str, ...] = ()) -> list[str]:
    """The words of ``text`` in their order, without white space; ``city``: further words to keep whole."""
    return [w for w in cutter(city)(normal(text)) if not w.isspace()]


def city_words(reference: Reference) -> tuple[str, ...]:
    """Names of units and places that the tokenizer should not cut in two, sorted."""
    units = (name for u in reference.units for name in (u.name, *u.aliases))
    places = (name for p in reference.places for name in (p.name, *p.aliases))
    districts = (name for d in reference.districts for name in (d.name, *d.aliases))
    return tuple(sorted({normal(w) for w in (*units, *places, *districts) if 2 <= len(w) <= 16}))


def engine() -> str:
    """The tokenizer this machine has: rjieba where it is installed, else jieba."""
    return "rjieba" if find_spec("rjieba") else "jieba"


@lru_cache(maxsize=4)
def cutter(city: tuple[str, ...] = (), name: str = "") -> Cut:
    """The cutting function itself, for many texts in normal form; ``name`` asks for one tokenizer, if it is there."""
    cut: Cut = _tokenizer(city, name).cut if _rusty(name) else _tokenizer(city, name).lcut
    return cut


@lru_cache(maxsize=2)
def every(city: tuple[str, ...] = ()) -> Cut:
    """Every word of the dictionary that stands anywhere in a text in normal form, as a search index needs them.

    A sentence is cut in one way only: of 路灯不亮 jieba makes 路 and 灯不亮, and who looks for 路灯 would not find it.
    """
    tokenizer = _tokenizer(city)
    found: Cut = tokenizer.cut_all if _rusty() else partial(tokenizer.lcut, cut_all=True)
    return found


def _rusty(name: str = "") -> bool:
    return (name or engine()) == "rjieba" and find_spec("rjieba") is not None


@lru_cache(maxsize=4)
def _tokenizer(city: tuple[str, ...], name: str = "") -> Any:
    return _rust(city) if _rusty(name) else _python(city)


def _rust(city: tuple[str, ...]) -> Any:
    import rjieba

    tokenizer = rjieba.Jieba()
    for word in city:
        tokenizer.add_word(word, tokenizer.suggest_freq(word), None)
    return tokenizer


def _python(city: tuple[str, ...]) -> Any:
    import logging
    from pathlib import Path

    import jieba
    import platformdirs

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    # jieba reads its cached dictionary with marshal; in the shared /tmp anybody could have put it there
    folder = Path(platformdirs.user_cache_dir("liandong"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.tmp_dir = str(folder)
    except OSError:
        pass
    for word in city:
        tokenizer.add_word(word)
    return tokenizer
