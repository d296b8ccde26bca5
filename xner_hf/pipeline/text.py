"""The sentence pairs of a recipe, read in one stream."""

from __future__ import annotations

from collections.abc import Iterator

from xner_hf.corpora.base import Pair, ReadReport
from xner_hf.corpora.leakage import LeakCheck
from xner_hf.corpora.pairs import read_jsonl_pairs
from xner_hf.corpora.parallel import (
    SAMPLE,
    corpus_splits,
    local_files,
    read_extra,
    read_files,
    read_split,
    sample_path,
)
from xner_hf.errors import XnerError
from xner_hf.recipe import Recipe


def read_text(recipe: Recipe, report: ReadReport | None = None) -> Iterator[Pair]:
    """Yield the pairs of the recipe's own text, leaked ones included, without its limit.

    Repaired source tags are noted in `report`.

    Raises:
        XnerError: the source side has neither labels nor a tagger.
    """
    text = recipe.text
    if text.corpus == SAMPLE:
        yield from read_jsonl_pairs(sample_path(text.config), need_spans=True)
    elif local_files(text.corpus):
        for pair in read_files(text.corpus, recipe.source_language, recipe.language):
            _check_labels(pair, recipe, text.corpus)
            yield pair
    else:
        for split in corpus_splits(text.corpus, text.config, text.splits, text.revision):
            for pair in read_split(split, recipe.source_language, recipe.language, report):
                _check_labels(pair, recipe, str(split))
                yield pair


def _check_labels(pair: Pair, recipe: Recipe, where: str) -> None:
    if pair.source_spans is None and recipe.tagger is None:
        raise XnerError(
            f"{where} has no labels on its source side (source_ner_tags in a Hub corpus, source_entities in a .jsonl "
            "file); say who labels it: give a tagger (--tagger, tagger.model)."
        )


def read_extras(recipe: Recipe, dropped: dict[str, int] | None = None) -> Iterator[Pair]:
    """Yield the pairs of the recipe's further parallel text, without those that occur in an evaluation set.

    Those are counted in `dropped`, by reference.
    """
    for reference in recipe.aligner.extra_parallel:
        corpus, _, config = reference.partition(":")
        leaks = LeakCheck(recipe.language, corpus, config)
        for pair in read_extra(reference, recipe.source_language, recipe.language):
            if not leaks.leaked(pair):
                yield pair
        if dropped is not None:
            dropped[reference] = leaks.dropped.total()


def training_text(recipe: Recipe) -> Iterator[Pair]:
    """Yield the pairs that an aligner may be trained on: own and further text without evaluation sentences."""
    leaks = LeakCheck(recipe.language, recipe.text.corpus, recipe.text.config)
    for pair in read_text(recipe):
        if not leaks.leaked(pair):
            yield pair
    yield from read_extras(recipe)
