"""Gold word links in Pharaoh format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from xner_hf.corpora.base import Pair
from xner_hf.corpora.lines import numbered_lines
from xner_hf.errors import XnerError

_LINK = re.compile(r"(\d+)([-?p])(\d+)")

Links = list[set[tuple[int, int]]]


def read_links(path: Path, pairs: Sequence[Pair]) -> tuple[Links, Links]:
    """Read the sure and the possible links of `pairs`, a line a pair, words counted from 0.

    ``i-j`` is a sure link; ``i?j`` and ``ipj`` are possible ones. Sure links are possible as well.

    Raises:
        XnerError: another form, a link outside its sentences, or another number of lines than pairs.
    """
    sure: Links = []
    possible: Links = []
    for number, line in numbered_lines(path):
        place = f"{path}:{number}"
        if len(sure) == len(pairs):
            raise XnerError(f"{place}: there are more lines than the {len(pairs)} pairs. Give one line a pair.")
        pair = pairs[len(sure)]
        found: dict[str, set[tuple[int, int]]] = {"-": set(), "?": set(), "p": set()}
        for word in line.split():
            match = _LINK.fullmatch(word)
            if not match:
                raise XnerError(f"{place}: {word!r} is no link. Links are i-j (sure) or i?j (possible).")
            i, j = int(match[1]), int(match[3])
            if i >= len(pair.source) or j >= len(pair.target):
                raise XnerError(
                    f"{place}: the link {word} points outside a pair of {len(pair.source)} and {len(pair.target)} "
                    "words. Words are counted from 0."
                )
            found[match[2]].add((i, j))
        sure.append(found["-"])
        possible.append(found["-"] | found["?"] | found["p"])
    if len(sure) != len(pairs):
        raise XnerError(
            f"{path} has {len(sure)} lines for {len(pairs)} pairs. Give one line a pair, empty for no link."
        )
    return sure, possible
