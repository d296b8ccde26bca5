"""The sentences of a study: the same of a language for all its arms, with every kind of label that an arm may want."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from xner_hf.align import Link
from xner_hf.corpora.hub import CorpusSplit, content_digest
from xner_hf.corpora.labelled import read_build_rows, read_labelled
from xner_hf.corpora.leakage import LeakCheck
from xner_hf.corpora.places import mirror
from xner_hf.corpora.sentence import Pair, ReadReport, Sentence
from xner_hf.corpora.trees import TreeReport, drop_evaluation_text, read_trees
from xner_hf.errors import NotAvailable, XnerError
from xner_hf.evaluation import intrinsic
from xner_hf.languages import language as find_language
from xner_hf.pipeline.chain import EVALUATION_OVERLAP
from xner_hf.pipeline.store import STAGE_VERSIONS, cache_folder, digest, write_text
from xner_hf.recipe import Recipe
from xner_hf.spans import Span

TRANSLATIONS, BUILD = "translations", "build"
"""Where the sentences of a language come from: the translated training sentences of its gold corpus, or a build."""

FEWEST_TRANSLATIONS = 100
"""Translated training sentences below which a gold corpus counts as untranslated: some have a handful by chance."""

_SPARE = 2.0
"""Sentences read for each that is wanted, since a projection rejects some; where that is not enough, all are read."""


@dataclass(frozen=True)
class Row:
    """A sentence of the target language with its translation.

    Attributes:
        id: in its corpus.
        tokens: its words.
        source: words of the translation.
        links: between the two.
        projected: entities that the recipe gives it.
        gold: entities of the corpus, for the arm ``gold`` alone; None for the sentences of a build.
    """

    id: str
    tokens: list[str]
    source: list[str]
    links: list[Link]
    projected: list[Span]
    gold: list[Span] | None


@dataclass(frozen=True)
class StudyText:
    """The sentences of a language.

    Attributes:
        train: what students learn from.
        validation: further sentences, whose projected labels choose settings.
        rejected: sentences that the recipe leaves without labels, by reason; no arm has them.
        origin: `TRANSLATIONS` or `BUILD`.
    """

    train: list[Row]
    validation: list[Row]
    rejected: dict[str, int]
    origin: str


def has_translations(gold: str) -> bool:
    """Whether the training sentences of a gold corpus have human translations in the mirror; the Hub has none.

    Args:
        gold: ``org/name:config``.
    """
    corpus, _, config = gold.partition(":")
    if corpus != intrinsic.GOLD or not mirror():
        return False
    try:
        rows = CorpusSplit(intrinsic.TRANSLATIONS, config, "train").rows(["index"])
        return len(list(islice(rows, FEWEST_TRANSLATIONS))) == FEWEST_TRANSLATIONS
    except NotAvailable:
        return False


def study_text(recipe: Recipe, gold: str, sentences: int, validation: int) -> StudyText:
    """Return the sentences of a language that a recipe labels, the first ones of their corpus.

    Where `has_translations`, they are those of the gold corpus' training split, so that the same sentences with their
    gold labels make the twin of every comparison; no arm but that one looks at these labels. Elsewhere they are those
    of a build of the recipe, which have no gold labels. Evaluation splits are not read in either, and sentences that
    stand in one as well are rejected. The result is kept in the cache, and one process makes it while others wait.

    Args:
        recipe: labels the sentences.
        gold: ``org/name:config``.
        sentences: how many to train on.
        validation: how many more, to choose settings by.

    Raises:
        XnerError: there are not enough, the recipe has no source side, or an input is not available.
    """
    from filelock import FileLock

    from xner_hf.pipeline.inputs import sign

    if not recipe.projects:
        raise XnerError(
            f"the recipe {recipe.recipe} of {recipe.language} projects no labels from a source side, so there are no "
            "links. Use another, such as parallel or translate-test."
        )
    wanted = sentences + validation
    origin = TRANSLATIONS if has_translations(gold) else BUILD
    files = _train_files(gold) if origin == TRANSLATIONS else None
    key = digest(STAGE_VERSIONS["study"], origin, sign(recipe).project, files, wanted)
    path = cache_folder() / "study" / f"{origin}-{recipe.language}-{key}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):
        if not path.is_file():
            read = _from_gold if origin == TRANSLATIONS else _from_build
            rows, rejected = read(recipe, gold, wanted)
            content = {"rows": [asdict(row) for row in rows], "rejected": rejected}
            write_text(path, json.dumps(content, ensure_ascii=False))
    kept = json.loads(path.read_text(encoding="utf-8"))
    rows = [_row(one) for one in kept["rows"]]
    if len(rows) < wanted:
        whose = f"{gold} has" if origin == TRANSLATIONS else f"the text of the recipe {recipe.recipe} has"
        raise XnerError(
            f"{recipe.language}: {whose} {len(rows):,} sentences to train on that the recipe labels, but the study "
            f"wants {sentences:,} and {validation:,} more to choose settings by. Use fewer, or another recipe."
        )
    return StudyText(rows[:sentences], rows[sentences:wanted], kept["rejected"], origin)


def _train_files(gold: str) -> list[str]:
    _, _, config = gold.partition(":")
    splits = [CorpusSplit(corpus, config, "train") for corpus in (intrinsic.GOLD, intrinsic.TRANSLATIONS)]
    return [content_digest(file) for split in splits for file in split.files()]


def _from_gold(recipe: Recipe, gold: str, wanted: int) -> tuple[list[Row], dict[str, int]]:
    enough = int(wanted * _SPARE)
    rows, reasons = _projected_gold(recipe, gold, wanted, enough)
    if len(rows) < wanted and len(rows) + reasons.total() == enough:  # there may be more
        rows, reasons = _projected_gold(recipe, gold, wanted, None)
    return rows, dict(sorted(reasons.items()))


def _projected_gold(recipe: Recipe, gold: str, wanted: int, limit: int | None) -> tuple[list[Row], Counter[str]]:
    data = intrinsic.translated_gold(recipe, gold, "train", limit)
    check = LeakCheck(recipe.language, "", "")  # some stand in the test set as well
    projector = recipe.projector.own.make()
    rows: list[Row] = []
    reasons: Counter[str] = Counter()
    for true, pair, done in zip(data.gold, data.pairs, data.project(projector, recipe.filters), strict=True):
        if len(rows) == wanted:
            break
        reason = EVALUATION_OVERLAP if check.leaked(Pair(true.id, pair.source, true.tokens)) else done.reason
        if reason is not None or not done.links:
            reasons[reason or "no_links"] += 1
            continue
        labels = list(true.spans or ())
        rows.append(Row(true.id, pair.target, pair.source, list(done.links), list(done.spans()), labels))
    return rows, reasons


def _from_build(recipe: Recipe, _: str, wanted: int) -> tuple[list[Row], dict[str, int]]:
    from xner_hf.pipeline.build import build_corpus

    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="build-", dir=cache_folder() / "study") as name:
        folder = Path(name)
        reasons = Counter(build_corpus(recipe, folder)["reasons"])
        for one in chain.from_iterable(read_build_rows(folder, split) for split in ("train", "validation")):
            if len(rows) == wanted:
                break
            if not one.links:
                reasons["no_links"] += 1
                continue
            labels, links = list(one.sentence.spans or ()), [Link(*link) for link in one.links]
            rows.append(Row(one.sentence.id, one.sentence.tokens, one.source, links, labels, None))
    return rows, dict(sorted(reasons.items()))


def _row(kept: dict[str, Any]) -> Row:
    spans = {name: kept[name] and [Span(*one) for one in kept[name]] for name in ("projected", "gold")}
    return Row(kept["id"], kept["tokens"], kept["source"], [Link(*one) for one in kept["links"]], **spans)


def source_sentences(reference: str, limit: int) -> list[Sentence]:
    """Return the first labelled sentences of the source language; `reference` is ``org/name:config/split``.

    Raises:
        XnerError: there are fewer.
    """
    corpus, _, split = reference.rpartition("/")
    found = [
        Sentence(one.id, one.tokens, one.spans) for one in islice(read_labelled(corpus, split, ReadReport()), limit)
    ]
    if len(found) < limit:
        raise XnerError(f"{reference} has {len(found):,} sentences, but the study wants {limit:,}. Use fewer.")
    return found


def tree_sentences(reference: str, limit: int | None, language: str) -> list[Sentence]:
    """Return the first sentences of a treebank, those of evaluation sets of the target language left out."""
    report = TreeReport()
    found = read_trees(reference, "train", report)
    if reference in find_language(language).treebanks:
        found = drop_evaluation_text(found, language, report)
    return list(islice(found, limit))


def text_digest(sentences: Sequence[Sentence]) -> str:
    """Return a digest of sentences with all their labels, but not the scores of entities.

    No run learns from these, and their last digits differ from processor to processor.
    """
    return digest(
        [
            [one.id, one.tokens, one.tags, one.spans and [span[:3] for span in one.spans], one.heads, one.relations]
            for one in sentences
        ]
    )
