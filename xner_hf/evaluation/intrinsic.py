"""Intrinsic evaluation: the labels that a recipe gives to gold sentences themselves, against the gold.

This is the only path on which evaluation sentences are labelled, and it writes no corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xner_hf.align import Link
from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.hub import CorpusSplit
from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.parallel import splitter, splitting_rule
from xner_hf.corpora.places import mirror
from xner_hf.corpora.sentence import Pair, Sentence
from xner_hf.errors import NotAvailable, XnerError
from xner_hf.evaluation.scores import gold_tags, score_tags
from xner_hf.pipeline.chain import Projection, align_pairs, check_scored, project_pair, tag_sources, tag_targets
from xner_hf.pipeline.combine import MemberLabels, join
from xner_hf.pipeline.progress import Progress
from xner_hf.pipeline.run import Run, source_side
from xner_hf.pipeline.text import read_extras
from xner_hf.pipeline.work import tagged_sentences, usable_pairs
from xner_hf.project import Projector, SentencePair
from xner_hf.project.filters import Filters, FiltersConfig
from xner_hf.project.fitting import Example
from xner_hf.recipe import Recipe
from xner_hf.spans import Span, spans_to_iob2
from xner_hf.tag.consistency import NameVotes

if TYPE_CHECKING:
    import numpy as np

TRANSLATIONS = "xner/masakhaner2-translated"
GOLD = "masakhane/masakhaner2"


@dataclass(frozen=True)
class TranslatedGold:
    """A gold split with its translations, tagged and aligned, ready to be projected.

    Attributes:
        gold: the gold sentences that have a translation.
        pairs: translation and gold sentence, with the tagger's entities on the source side.
        links: links of every pair.
        target_labels: label distributions of the target words of every pair, None without a target tagger.
        left_out: number of gold sentences without a translation.
        languages: ISO 639-3 codes of the translations' language and of the gold's.
    """

    gold: list[Sentence]
    pairs: list[Pair]
    links: list[list[Link]]
    target_labels: Sequence[np.ndarray | None]
    left_out: int
    languages: tuple[str, str]

    def project(self, projector: Projector, filters: FiltersConfig | None = None) -> list[Projection]:
        """Project every pair."""
        made = Filters(filters or FiltersConfig())
        return [project_pair(projector, made, pair) for pair in self.sentence_pairs()]

    def sentence_pairs(self) -> list[SentencePair]:
        """Return what a projection method is given, in the order of `gold`."""
        return [
            SentencePair(pair.source, pair.source_spans or (), pair.target, links, labels, pair.id, *self.languages)
            for pair, links, labels in zip(self.pairs, self.links, self.target_labels, strict=True)
        ]

    def predict(self, projector: Projector, filters: FiltersConfig | None = None) -> list[list[str]]:
        """Project every pair and return the tags of its target side; a dropped sentence has none but ``O``."""
        return [
            spans_to_iob2(done.spans() if done.reason is None else (), len(pair.target))
            for pair, done in zip(self.pairs, self.project(projector, filters), strict=True)
        ]

    def score(self, projector: Projector, filters: FiltersConfig | None = None) -> dict[str, Any]:
        """Project every pair and return `score_tags`; ``left_out`` stands beside."""
        gold = [gold_tags(sentence) for sentence in self.gold]
        return {**score_tags(gold, self.predict(projector, filters)), "left_out": self.left_out}

    def examples(self) -> list[Example]:
        """Return the pairs as examples that fused matching can be fitted on."""
        return [
            Example(pair, sentence.spans or [])
            for sentence, pair in zip(self.gold, self.sentence_pairs(), strict=True)
        ]


def intrinsic_scores(
    recipe: Recipe, gold: str, split: str, limit: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Label gold sentences by a recipe and return `score_tags`; ``left_out`` counts those without a translation.

    All recipes are scored on the sentences that have a human translation, so that their figures can be compared.

    Args:
        recipe: one that projects with a tagger on the source side, ``transfer``, or ``combine`` of such.
        gold: ``masakhane/masakhaner2:CONFIG``, the gold that has translations.
        split: its split.
        limit: take only the first translated sentences.
        progress: shows every stage; the caller calls `finish`.

    Raises:
        XnerError: the gold has no translations, or an input is not available.
    """
    if not recipe.members and recipe.projects:
        projector = recipe.projector.own.make()
        return translated_gold(recipe, gold, split, limit, progress).score(projector, recipe.filters)
    sentences, _, left_out = with_translations(gold, split, limit)
    members = [(one.recipe, one.weight) for one in recipe.members] or [(recipe, 1.0)]
    labels = [member_labels(one, gold, split, limit, sentences, progress) for one, _ in members]
    predicted = []
    for sentence, row in zip(sentences, zip(*labels, strict=True), strict=True):
        kept = [(one, weight) for one, (_, weight) in zip(row, members, strict=True) if one is not None]
        spans: Sequence[Span] = ()
        if recipe.members and kept:
            parts, weights = zip(*kept, strict=True)
            spans = join(parts, weights, recipe.combination, len(sentence.tokens))
        elif kept:
            spans = kept[0][0].spans
        predicted.append(spans_to_iob2(spans, len(sentence.tokens)))
    return {**score_tags([gold_tags(sentence) for sentence in sentences], predicted), "left_out": left_out}


def member_labels(
    recipe: Recipe,
    gold: str,
    split: str,
    limit: int | None,
    sentences: list[Sentence],
    progress: Progress | None = None,
) -> list[MemberLabels | None]:
    """What a recipe says of every gold sentence; None where it rejects one."""
    if recipe.projects:
        found = translated_gold(recipe, gold, split, limit, progress)
        done = found.project(recipe.projector.own.make(), recipe.filters)
        return [None if one.reason else MemberLabels(one.spans(), [link.target for link in one.links]) for one in done]
    tagger = recipe.tagger.own.make()
    words = [sentence.tokens for sentence in sentences]
    tell = (progress or Progress()).stage("tag", len(words))
    if not recipe.tagger.distributions:
        found = tagger.tag(words)
        tell(len(words))
        return [None if spans is None else MemberLabels(spans, []) for spans in _settled(recipe, found, words)]
    rows = tagger.distributions(words, tell)
    spans = _settled(recipe, [tagger.spans(one) for one in rows], words)
    return [
        None if own is None else MemberLabels(own, [], tagger.scheme.distributions(one))
        for own, one in zip(spans, rows, strict=True)
    ]


def _settled(recipe: Recipe, spans: list[list[Span] | None], words: list[list[str]]) -> list[list[Span] | None]:
    """Settle the types of names over the gold sentences, where the recipe asks for it."""
    if not recipe.tagger.consistent:
        return spans
    votes = NameVotes(lambda: ((one, own or ()) for one, own in zip(words, spans, strict=True)))
    return [None if own is None else votes.settle(one, own) for one, own in zip(words, spans, strict=True)]


def translated_gold(
    recipe: Recipe, gold: str, split: str, limit: int | None = None, progress: Progress | None = None
) -> TranslatedGold:
    """Tag and align the translations of a gold split.

    The translations are those of the recipe's translator, into its source language; human ones where it has none, or
    one that only looks them up. The aligner is trained on these pairs (without labels) and on the recipe's own and
    extra text, from which leaked pairs are left out; the types of names are settled over these pairs and the recipe's
    own text.

    Args:
        recipe: a recipe with a tagger for the source side.
        gold: ``masakhane/masakhaner2:CONFIG``, the gold that has translations.
        split: its split.
        limit: take only the first translated sentences.
        progress: shows every stage.

    Raises:
        XnerError: the gold has no translations, or none into the source language, an input is not available, or the
            recipe has entity markers or a back-translation, of which gold sentences tell nothing.
    """
    if recipe.tagger is None:
        raise XnerError("an intrinsic evaluation needs a tagger for the translations; give one with --tagger.")
    for what, there in (("entity markers", recipe.recipe == "marker"), ("back_translation", recipe.back_translation)):
        if there:
            raise XnerError(
                f"an intrinsic evaluation aligns gold sentences with their translations; it cannot try {what}, so its "
                "scores would be those of another recipe. Score a student, or gold sentences that a build holds."
            )
    machine = recipe.translator if recipe.translator and recipe.translator.method != "parallel" else None
    found, texts, left_out = with_translations(gold, split, limit, None if machine else recipe.source_language)
    if machine:
        # From the gold, whichever way the recipe translates its own text.
        translator = machine.own.make(recipe.language, recipe.source_language)
        rule = splitting_rule(recipe.language)
        # What is wrong with a translation is left to the scores: the sentence counts, labelled or not.
        texts = [one.text for one in translator.translate([detokenise(one.tokens, rule) for one in found])]
    split_source = splitter(recipe.source_language)
    pairs = [
        Pair(sentence.id, split_source(text), sentence.tokens) for text, sentence in zip(texts, found, strict=True)
    ]
    tagger = recipe.tagger.own.make()
    unscored = tag_sources(pairs, tagger, consistent=False, progress=progress)
    labels = tag_targets(pairs, recipe.projector.settings.get("target_tagger"))
    check_scored(pairs, unscored, labels)
    # Names are settled over the recipe's own text too, which takes longer to tag than the gold; else it goes untagged.
    own = source_side(recipe, progress, tagged=recipe.tagger.consistent)
    if recipe.tagger.consistent:
        text = [
            *tagged_sentences(own.stages, "source_tokens"),
            *((pair.source, pair.source_spans or []) for pair in pairs),
        ]
        votes = NameVotes(lambda: text)
        for pair in pairs:
            pair.source_spans = votes.settle(pair.source, pair.source_spans or [])
    links = align_pairs(pairs, recipe.aligner, training_text(recipe, own), progress=progress)
    return TranslatedGold(found, pairs, links, labels, left_out, (recipe.source_language, recipe.language))


def training_text(recipe: Recipe, own: Run) -> Iterator[Pair]:
    """Yield the pairs that an aligner may be trained on: own and further text without evaluation sentences."""
    yield from usable_pairs(own.stages)
    yield from read_extras(recipe)


def need_translations() -> None:
    """Check that human translations are available.

    Raises:
        NotAvailable: there is no mirror; the Hub does not have them.
    """
    if not mirror():
        raise NotAvailable(
            f"human translations of {GOLD} are needed, and the Hub has none. Set XNER_MIRROR to a folder that holds "
            f"datasets/{TRANSLATIONS}. Builds and trainings do without."
        )


def with_translations(
    gold: str, split: str, limit: int | None, source_language: str | None = None
) -> tuple[list[Sentence], list[str], int]:
    """The first `limit` gold sentences that have a human translation, their translations, and how many have none."""
    corpus, _, config = gold.partition(":")
    if corpus != GOLD:
        raise XnerError(f"translations are known for {GOLD} only ({TRANSLATIONS}), not for {corpus}.")
    need_translations()
    sentences = {int(sentence.id): sentence for sentence in read_labelled(gold, split)}
    translations = CorpusSplit(TRANSLATIONS, config, split)
    columns = {"index", "source_text", "source_language"} & translations.columns()
    rows = list(translations.rows(sorted(columns)))
    if source_language and (other := {row.get("source_language") for row in rows} - {None, _tag(source_language)}):
        raise XnerError(
            f"the human translations of {gold} are in {', '.join(sorted(other))}, but the recipe labels "
            f"{source_language}. Take a recipe whose source_language they are in."
        )
    rows = [row for row in rows if row["index"] in sentences]  # rows without words are no sentences
    found = [sentences[row["index"]] for row in rows[:limit]]
    return found, [row["source_text"] for row in rows[:limit]], len(sentences) - len(rows)


def _tag(code: str) -> str:
    """Return the code by which the translations name a language: of ISO 639-1 where it has one."""
    import langcodes

    return langcodes.standardize_tag(code)
