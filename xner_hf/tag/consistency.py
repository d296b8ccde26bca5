"""One type for every name of a text: that which the tagger gives it most, wherever it occurs.

A tagger sees one sentence at a time. It calls the same town a place here and an organisation there, and misses it in a
third sentence. Within one text a name mostly means one thing, so all its occurrences vote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from xner_hf.spans import Span, overlap

LONGEST = 6
"""Words of the longest name that is looked for where the tagger did not find it."""


class NameVotes:
    """What a tagger makes of every name, over a whole text.

    Args:
        sentences: gives the words and the tagger's entities of every sentence; called twice.
        least_share: a name that the tagger finds in at least this share of its occurrences, twice or more, is an
            entity in all of them; above 1 nothing is added. Occurrences inside other entities do not count.
    """

    def __init__(
        self, sentences: Callable[[], Iterable[tuple[Sequence[str], Sequence[Span]]]], least_share: float = 0.5
    ):
        self._votes: dict[str, dict[str, float]] = defaultdict(dict)
        self._found: dict[str, int] = defaultdict(int)
        self._missed: dict[str, int] = defaultdict(int)
        self._least_share = least_share
        for words, spans in sentences():
            for span in spans:
                name = " ".join(words[span.start : span.end])
                votes = self._votes[name]
                votes[span.label] = votes.get(span.label, 0.0) + span.score
                self._found[name] += 1
        for words, spans in sentences():
            for place in self._unfound(words, spans):
                self._missed[" ".join(words[place.start : place.end])] += 1

    def settle(self, words: Sequence[str], spans: Sequence[Span]) -> list[Span]:
        """Return the entities of a sentence of the text, by position, each with the type that won for its name.

        The score is the sum of the winner's votes (the tagger's scores) over all occurrences of the name, missed ones
        included: a name that is called this here and that there, or nothing, keeps a low one. Ties go to the type of
        the occurrence, else to the first in the alphabet. Of added names the longer goes first, then the leftmost.
        """
        settled = [self._settled(words, span) for span in spans]
        added = sorted(self._unfound(words, spans), key=lambda span: (span.start - span.end, span.start))
        for place in added:
            name = " ".join(words[place.start : place.end])
            found = self._found[name]
            common = found > 1 and found >= self._least_share * (found + self._missed[name])
            if common and not any(overlap(place, other) for other in settled):
                settled.append(self._settled(words, place))
        return sorted(settled)

    def _settled(self, words: Sequence[str], span: Span) -> Span:
        name = " ".join(words[span.start : span.end])
        votes = self._votes[name]
        label = min(votes, key=lambda label: (-votes[label], label != span.label, label))
        return span._replace(label=label, score=votes[label] / (self._found[name] + self._missed[name]))

    def _unfound(self, words: Sequence[str], spans: Sequence[Span]) -> Iterator[Span]:
        """Yield the places where a known name stands and no entity is."""
        free = [True] * len(words)
        for span in spans:
            free[span.start : span.end] = [False] * (span.end - span.start)
        for start in range(len(words)):
            for end in range(start + 1, min(start + LONGEST, len(words)) + 1):
                if not free[end - 1]:
                    break
                if " ".join(words[start:end]) in self._found:
                    yield Span(start, end, "", 0.0)
