"""The sentence pairs of a recipe, read in one stream."""

from __future__ import annotations

from collections.abc import Iterator

from xner_hf.corpora.base import Pair
from xner_hf.corpora.leakage import LeakCheck
from xner_hf.corpora.pairs import read_jsonl_pairs
from xner_hf.corpora.parallel import SAMPLE, corpus_splits, read_extra, read_split, sample_path
from xner_hf.recipe import Recipe


def read_text(recipe: Recipe) -> Iterator[Pair]:
    """Yield the pairs of the recipe's own text, leaked ones included, without its limit."""
    text = recipe.text
    if text.corpus == SAMPLE:
        yield from read_jsonl_pairs(sample_path(text.config), need_spans=True)
    else:
        for split in corpus_splits(text.corpus, text.config, text.splits, text.revision):
            yield from read_split(split, recipe.source_language, recipe.language)


def read_extras(recipe: Recipe) -> Iterator[Pair]:
    """Yield the pairs of the recipe's further parallel text, without those that occur in an evaluation set."""
    for reference in recipe.aligner.extra_parallel:
        corpus, _, config = reference.partition(":")
        leaks = LeakCheck(recipe.language, corpus, config)
        for pair in read_extra(reference, recipe.source_language, recipe.language):
            if not leaks.leaked(pair):
                yield pair


def training_text(recipe: Recipe) -> Iterator[Pair]:
    """Yield the pairs that an aligner may be trained on: own and further text without evaluation sentences."""
    leaks = LeakCheck(recipe.language, recipe.text.corpus, recipe.text.config)
    for pair in read_text(recipe):
        if not leaks.leaked(pair):
            yield pair
    yield from read_extras(recipe)
