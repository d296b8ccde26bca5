"""Gold word links in Pharaoh format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from xner_hf.corpora.lines import numbered_lines
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError

_LINK = re.compile(r"(\d+)([-?p])(\d+)")

_NO_ZERO = "no link of the file has a word 0 on either side"

Links = list[set[tuple[int, int]]]


def read_links(path: Path, pairs: Sequence[Pair], first: int | None = None) -> tuple[Links, Links]:
    """Read the sure and the possible links of `pairs`, a line a pair.

    ``i-j`` is a sure link; ``i?j`` and ``ipj`` are possible ones. Sure links are possible as well.

    Args:
        path: the file.
        pairs: what is linked.
        first: the number of the first word, 0 or 1; None stands for 0 if the file shows that it is.

    Returns:
        Links that count words from 0.

    Raises:
        XnerError: another form, a link outside its sentences, another number of lines than pairs, or no `first` and no
            link of the whole file has a word 0 on either side.
    """
    sure: Links = []
    possible: Links = []
    start, place, from_zero = first or 0, "", False
    outside = ""
    for number, line in numbered_lines(path):
        if len(sure) == len(pairs):
            raise XnerError(
                f"{path}:{number}: there are more lines than the {len(pairs)} pairs. Give one line a pair."
            )
        pair = pairs[len(sure)]
        found: dict[str, set[tuple[int, int]]] = {"-": set(), "?": set(), "p": set()}
        for word in line.split():
            place = place or f"{path}:{number}"
            match = _LINK.fullmatch(word)
            if not match:
                raise XnerError(
                    f"{path}:{number}: {word!r} is not a link. Links are i-j (sure) or i?j (possible), without scores."
                )
            i, j = int(match[1]) - start, int(match[3]) - start
            from_zero = from_zero or -start in (i, j)
            if not outside and not (0 <= i < len(pair.source) and 0 <= j < len(pair.target)):
                outside = (
                    f"{path}:{number}: the link {word} points outside a pair of {len(pair.source)} and "
                    f"{len(pair.target)} words. Words are counted from {start}."
                )
            found[match[2]].add((i, j))
        sure.append(found["-"])
        possible.append(found["-"] | found["?"] | found["p"])
    if len(sure) != len(pairs):
        raise XnerError(
            f"{path} has {len(sure)} lines for {len(pairs)} pairs. Give one line a pair, empty for no link."
        )
    shifted = first is None and place and not from_zero
    if outside:
        raise XnerError(f"{outside} Since {_NO_ZERO}, try --gold-from 1." if shifted else outside)
    if shifted:
        raise XnerError(
            f"{place}: {_NO_ZERO}, so words are counted from 1, or no first word has a link. Say which: --gold-from 1 "
            "or --gold-from 0."
        )
    return sure, possible
