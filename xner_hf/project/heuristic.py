"""The word-to-word heuristic of García-Ferrero et al. (2022) and Politov et al. (2025)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xner_hf.align.aligner import Link
from xner_hf.project.projector import (
    CONFLICT,
    LENGTH_RATIO,
    PROJECTED,
    UNALIGNED,
    ProjectedSpan,
    is_punctuation,
    lost,
)
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.registry import Method, register
from xner_hf.settings import setting
from xner_hf.spans import Span, overlap


@register("projector", "heuristic")
@dataclass(frozen=True)
class HeuristicConfig(Method):
    """Takes the largest run of linked words (García-Ferrero et al. 2022)."""

    citations = ("garcia-ferrero-etal-2022",)

    max_gap: int = setting(1, "runs of aligned words this many unaligned words apart are merged", within="[0, inf)")
    min_length_ratio: float = setting(
        0.0, "least target words per source word; 0 is off, since it destroys compounding languages", within="[0, inf)"
    )
    largest_run: bool = setting(
        True,
        "keep only the largest run of linked words; off: from the first to the last linked word, as "
        "direct span-to-span mapping does (Ebing & Glavaš 2025)",
    )

    def make(self) -> HeuristicProjector:
        return HeuristicProjector(self)


class HeuristicProjector:
    """Projects an entity onto the largest run of target words linked to it.

    Punctuation never counts as linked. Runs up to `max_gap` words apart are merged (the gap is measured between their
    inner ends), the largest is kept, the leftmost of equals; without `largest_run` all of them are, with whatever lies
    between. An entity's score is the share of its words that are linked into the run; where two entities claim a word
    the higher score wins, the earlier one of equals.
    """

    def __init__(self, config: HeuristicConfig):
        self.config = config

    def project(self, pair: SentencePair) -> list[ProjectedSpan]:
        spans = pair.spans
        content = [link for link in pair.links if not is_punctuation(pair.target[link.target])]
        claims = [self._claim(span, number, content) for number, span in enumerate(spans)]
        taken: list[ProjectedSpan] = []
        for claim in sorted(claims, key=lambda claim: (-claim.score, claim.source)):
            if claim.status == PROJECTED:
                if any(overlap(claim, other) for other in taken):
                    claims[claim.source] = lost(spans[claim.source], claim.source, CONFLICT, claim.score)
                else:
                    taken.append(claim)
        return claims

    def _claim(self, span: Span, number: int, links: Sequence[Link]) -> ProjectedSpan:
        own = [link for link in links if span.start <= link.source < span.end]
        runs: list[list[int]] = []
        for word in sorted({link.target for link in own}):
            if runs and word - runs[-1][1] <= self.config.max_gap:
                runs[-1][1] = word + 1
            else:
                runs.append([word, word + 1])
        if not runs:
            return lost(span, number, UNALIGNED)
        start, end = runs[0][0], runs[-1][1]
        if self.config.largest_run:
            start, end = max(runs, key=lambda run: (run[1] - run[0], -run[0]))
        linked = {link.source for link in own if start <= link.target < end}
        score = len(linked) / (span.end - span.start)
        if (end - start) / (span.end - span.start) < self.config.min_length_ratio:
            return lost(span, number, LENGTH_RATIO, score)
        return ProjectedSpan(start, end, span.label, score, number, PROJECTED)
