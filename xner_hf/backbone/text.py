"""The parallel text that a backbone learns from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from xner_hf.backbone.config import BackboneConfig
from xner_hf.corpora.leakage import LeakCheck
from xner_hf.corpora.parallel import read_extra
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import XnerError
from xner_hf.languages import language, source_languages
from xner_hf.pipeline.chain import EVALUATION_OVERLAP
from xner_hf.pipeline.store import digest


@dataclass(frozen=True)
class BackboneText:
    """The pairs of all languages.

    Attributes:
        train: by code of the language, what it is trained on.
        held_out: by code, what is only scored.
        sources: by code, the source language of each pair in `train`.
        rows: read, by reference.
        rejected: left out, by reference and reason; rows are those of `train` and `held_out` and these.
        leakage: what was checked for evaluation sentences, by reference.
    """

    train: dict[str, list[Pair]] = field(default_factory=dict)
    held_out: dict[str, list[Pair]] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, dict[str, int]] = field(default_factory=dict)
    leakage: dict[str, dict] = field(default_factory=dict)


def read_text(config: BackboneConfig) -> BackboneText:
    """Return the pairs of all languages, without those that occur in an evaluation set.

    The held-out pairs depend only on their words, so the same text is always divided in the same way.

    Raises:
        XnerError: text that is not available, that is an evaluation set, or that is not enough to hold pairs out.
    """
    text = BackboneText()
    for code, references in config.languages.items():
        pairs: dict[str, tuple[Pair, str]] = {}
        for reference in references:
            corpus, _, name = reference.partition(":")
            leaks, source = LeakCheck(code, corpus, name), _source(code, name)
            reasons: Counter[str] = Counter()
            for number, pair in enumerate(read_extra(reference, source, code), 1):
                text.rows[reference] = number
                key = digest(pair.source, pair.target)
                if not pair.source or not pair.target:
                    reasons["empty_side"] += 1
                elif leaks.leaked(pair):
                    reasons[EVALUATION_OVERLAP] += 1
                elif key in pairs:
                    reasons["duplicate"] += 1
                else:
                    pairs[key] = pair, source
            text.rejected[reference] = dict(sorted(reasons.items()))
            text.leakage[reference] = leaks.report()
        if len(pairs) <= config.held_out:
            raise XnerError(
                f"{code}: there are {len(pairs):,} pairs in {', '.join(references)}, and {config.held_out:,} are to "
                "be held out. Name more text, or hold out fewer."
            )
        held_out = set(sorted(pairs)[: config.held_out])
        text.held_out[code] = [pair for key, (pair, _) in pairs.items() if key in held_out]
        text.train[code] = [pair for key, (pair, _) in pairs.items() if key not in held_out]
        text.sources[code] = [source for key, (_, source) in pairs.items() if key not in held_out]
    return text


def _source(code: str, config: str) -> str:
    first = config.partition("-")[0]
    named = (language(one) for one in source_languages())
    return next((one.code for one in named if first in (one.code, *one.aliases)), language(code).source)
