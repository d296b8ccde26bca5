"""Scores of taggers, students and projections against gold."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.align import Link
from xner_hf.corpora.base import Pair, Sentence
from xner_hf.corpora.hub import CorpusSplit
from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.parallel import splitter
from xner_hf.errors import XnerError
from xner_hf.metrics import span_f1
from xner_hf.pipeline.chain import align_pairs, project_pair, tag_sources, tag_targets
from xner_hf.pipeline.text import training_text
from xner_hf.project import Projector
from xner_hf.project.filters import Filters, FiltersConfig
from xner_hf.project.fitting import Example
from xner_hf.recipe import AlignerConfig, Recipe
from xner_hf.spans import ENTITY_TYPES, Span, keep_types, spans_from_iob2, spans_to_iob2
from xner_hf.tag.consistency import NameVotes
from xner_hf.tag.model import ModelTagger

if TYPE_CHECKING:
    import numpy as np


def gold_tags(sentence: Sentence) -> list[str]:
    """Return the gold tags of a sentence as they stand in its corpus, types other than PER, ORG and LOC as ``O``."""
    tags = sentence.tags
    if tags is None:
        tags = spans_to_iob2(sentence.spans or (), len(sentence.tokens))
    return only_types(tags)


def only_types(tags: Sequence[str]) -> list[str]:
    """Return IOB2 tags with every type but PER, ORG and LOC replaced by ``O``."""
    return [tag if tag.partition("-")[2] in ENTITY_TYPES else "O" for tag in tags]


def score_tags(gold: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return strict span scores, and those of seqeval's default mode under ``"default"``.

    Strict reads an entity only where a ``B-`` opens it. Published figures mostly use the default mode, which lets an
    ``I-`` open one too.
    """
    return {**span_f1(gold, predicted, "strict"), "default": span_f1(gold, predicted, "default")}


def score_tagger(tagger: ModelTagger, sentences: Sequence[Sentence]) -> dict[str, Any]:
    """Tag gold sentences and return `score_tags`."""
    labels, _ = tagger.label([sentence.tokens for sentence in sentences])
    return score_tags([gold_tags(sentence) for sentence in sentences], [only_types(tags) for tags in labels])


def score_build(folder: Path, sentences: Sequence[Sentence]) -> dict[str, Any]:
    """Score the labels of a build on the gold sentences that it holds (equal words), and return `score_tags`.

    ``left_out`` counts the gold sentences that the build does not have in train or validation.

    Raises:
        XnerError: the build holds none of them.
    """
    built: dict[tuple[str, ...], list[str]] = {}
    for split in ("train", "validation"):
        for sentence in read_labelled(str(folder), split):
            built[tuple(sentence.tokens)] = sentence.tags or []
    found = [sentence for sentence in sentences if tuple(sentence.tokens) in built]
    if not found:
        raise XnerError(f"the corpus {folder} holds none of the {len(sentences)} gold sentences, so nothing to score.")
    predicted = [built[tuple(sentence.tokens)] for sentence in found]
    scores = score_tags([gold_tags(sentence) for sentence in found], predicted)
    return {**scores, "left_out": len(sentences) - len(found)}


TRANSLATIONS = "xner/masakhaner2-translated"
GOLD = "masakhane/masakhaner2"


@dataclass(frozen=True)
class TranslatedGold:
    """A gold split with its human translations, tagged and aligned, ready to be projected.

    Attributes:
        gold: the gold sentences that have a translation.
        pairs: translation and gold sentence, with the tagger's entities on the source side.
        links: links of every pair.
        target_labels: label distributions of the target words of every pair, None without a target tagger.
        left_out: number of gold sentences without a translation.
    """

    gold: list[Sentence]
    pairs: list[Pair]
    links: list[list[Link]]
    target_labels: Sequence[np.ndarray | None]
    left_out: int

    def predict(self, projector: Projector, filters: FiltersConfig | None = None) -> list[list[str]]:
        """Project every pair and return the tags of its target side; a dropped sentence has none but ``O``."""
        made = Filters(filters or FiltersConfig())
        predicted = []
        for pair, links, labels in zip(self.pairs, self.links, self.target_labels, strict=True):
            done = project_pair(projector, made, pair.source, pair.source_spans or (), pair.target, links, labels)
            predicted.append(spans_to_iob2(done.spans() if done.reason is None else (), len(pair.target)))
        return predicted

    def score(self, projector: Projector, filters: FiltersConfig | None = None) -> dict[str, Any]:
        """Project every pair and return `score_tags`; ``left_out`` stands beside."""
        gold = [gold_tags(sentence) for sentence in self.gold]
        return {**score_tags(gold, self.predict(projector, filters)), "left_out": self.left_out}

    def examples(self) -> list[Example]:
        """Return the pairs as examples that fused matching can be fitted on."""
        return [
            Example(
                pair.source,
                pair.source_spans or (),
                pair.target,
                links,
                keep_types(spans_from_iob2(gold_tags(sentence)), ENTITY_TYPES),
                labels,
            )
            for sentence, pair, links, labels in zip(
                self.gold, self.pairs, self.links, self.target_labels, strict=True
            )
        ]


def translated_gold(recipe: Recipe, gold: str, split: str, limit: int | None = None) -> TranslatedGold:
    """Tag and align the human translations of a gold split.

    This is the only path on which evaluation sentences are projected, and it writes no corpus. The aligner is trained
    on these pairs (without labels) and on the recipe's own and extra text, from which leaked pairs are left out; the
    types of names are settled over these pairs and the recipe's own text.

    Args:
        recipe: a recipe with a tagger.
        gold: ``masakhane/masakhaner2:CONFIG``, the gold that has translations.
        split: its split.
        limit: take only the first translated sentences.

    Raises:
        XnerError: the gold has no translations, or an input cannot be had.
    """
    corpus, _, config = gold.partition(":")
    if corpus != GOLD:
        raise XnerError(f"translations are known for {GOLD} only ({TRANSLATIONS}), not for {corpus}.")
    if recipe.tagger is None:
        raise XnerError("an intrinsic evaluation needs a tagger for the translations; give one with --tagger.")
    sentences = list(read_labelled(gold, split))
    translated = list(islice(CorpusSplit(TRANSLATIONS, config, split).rows(["index", "source_text"]), limit))
    split_source = splitter(recipe.source_language)
    found = [sentences[row["index"]] for row in translated]
    pairs = [
        Pair(sentence.id, split_source(row["source_text"]), sentence.tokens)
        for row, sentence in zip(translated, found, strict=True)
    ]
    tagger = ModelTagger(recipe.tagger.model, recipe.tagger.revision)
    tag_sources(pairs, tagger, consistent=False)
    if recipe.tagger.consistent:
        text = [*_own_entities(recipe, tagger), *((pair.source, pair.source_spans or []) for pair in pairs)]
        votes = NameVotes(lambda: text)
        for pair in pairs:
            pair.source_spans = votes.settle(pair.source, pair.source_spans or [])
    links = align_pairs(pairs, recipe.aligner, training_text(recipe))
    labels = tag_targets(pairs, recipe.projector.settings.get("target_tagger"))
    return TranslatedGold(found, pairs, links, labels, len(sentences) - len(found))


_tagged: dict[str, list[tuple[list[str], list[Span]]]] = {}


def _own_entities(recipe: Recipe, tagger: ModelTagger) -> list[tuple[list[str], list[Span]]]:
    """The source side of the recipe's own text with the tagger's entities; tagged once in a process."""
    own = dataclasses.replace(recipe, aligner=AlignerConfig())
    key = f"{own.language} {own.text} {own.tagger}"
    if key not in _tagged:
        words = [pair.source for pair in training_text(own)]
        _tagged[key] = list(zip(words, tagger.tag(words), strict=True))
    return _tagged[key]
