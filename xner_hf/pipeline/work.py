"""The work of every stage on one shard: what it reads of the stages before it, and the table that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xner_hf.align import Link
from xner_hf.align.back_translation import refine
from xner_hf.corpora.leakage import LeakCheck
from xner_hf.corpora.parallel import splitter, splitting_rule
from xner_hf.corpora.sentence import Pair
from xner_hf.pipeline.chain import EVALUATION_OVERLAP, NO_SCORES, known, label_directly, project_pair
from xner_hf.pipeline.schema import stage_schema
from xner_hf.pipeline.stages import Stages
from xner_hf.project import SentencePair
from xner_hf.project.filters import Filters
from xner_hf.project.marker_translator import MarkedTranslation, MarkerTranslator
from xner_hf.project.projector import ProjectedSpan
from xner_hf.recipe import BackTranslationConfig, Recipe, TaggerConfig, TranslatorConfig
from xner_hf.spans import Span
from xner_hf.tag.consistency import NameVotes

if TYPE_CHECKING:
    import pyarrow as pa


class TagShard:
    """Tags one side; the model is loaded with the first sentence that needs it.

    With `keep`, sentences that came with labels keep them; label distributions are always those of the tagger.
    """

    def __init__(self, config: TaggerConfig, before: Stages, side: str, keep: bool):
        self._config, self._before, self._side, self._keep = config, before, side, keep
        self._tagger: Any = None

    def __call__(self, number: int) -> pa.Table:
        own = self._config
        rows = self._before.read(number, ["reason", self._side, "source_entities"])
        kept = [row["source_entities"] if self._keep else None for row in rows]
        if not own.distributions:
            tagged = iter(self._tag([row for row, entities in zip(rows, kept, strict=True) if entities is None]))
            found = [next(tagged) if one is None else spans_of(one) for one in kept]
            return _table("tag", source_entities=_plain(one or () for one in found), reason=_reasons(rows, found))
        tagger = self._load()
        labels = tagger.distributions(_usable(rows, self._side))
        found = [tagger.spans(one) for one in labels]
        entities = [spans or () if one is None else spans_of(one) for one, spans in zip(kept, found, strict=True)]
        return _table(
            "distributions",
            source_entities=_plain(entities),
            source_labels=[
                [] if spans is None else tagger.scheme.distributions(one).tolist()
                for spans, one in zip(found, labels, strict=True)
            ],
            reason=_reasons(rows, found),
        )

    def _tag(self, rows: list[dict[str, Any]]) -> list[list[Span] | None]:
        return self._load().tag(_usable(rows, self._side)) if rows else []

    def _load(self) -> Any:
        self._tagger = self._tagger or self._config.own.make()
        return self._tagger


class SettleShard:
    """Gives every name of one shard the type that it has in the whole text; the first shard counts all votes.

    With `keep`, sentences that came with labels vote, and keep their labels.
    """

    def __init__(self, before: Stages, side: str, keep: bool):
        self._before, self._side, self._keep = before, side, keep
        self._votes: NameVotes | None = None

    def __call__(self, number: int) -> pa.Table:
        if self._votes is None:
            self._votes = NameVotes(lambda: tagged_sentences(self._before, self._side))
        rows = self._before.read(number, ["reason", self._side, "source_entities"])
        own = self._before.before("tag").read(number, ["reason", "source_entities"])
        settled = [
            spans if self._keep and row["source_entities"] is not None else self._votes.settle(words, spans)
            for row, (words, spans) in zip(own, _tagged(rows, self._side), strict=True)
        ]
        return _table("names", source_entities=_plain(settled))


def tagged_sentences(stages: Stages, side: str) -> Iterator[tuple[list[str], list[Span]]]:
    """Yield the words of one side and the entities of every row; a rejected row has no words."""
    yield from _tagged(stages.sentences(side), side)


def usable_pairs(stages: Stages) -> Iterator[Pair]:
    """Yield the pairs that no stage has rejected, with the entities of their source side where these are known."""
    for number in range(stages.shards):
        for row in stages.read(number, ["id", "source_tokens", "tokens", "reason", "source_entities"]):
            if not row["reason"]:
                spans = None if row["source_entities"] is None else spans_of(row["source_entities"])
                yield Pair(row["id"], row["source_tokens"], row["tokens"], spans)


class TargetTagShard:
    """Tags the target side of one shard; the model is loaded with the first one that is missing."""

    def __init__(self, model: str, before: Stages):
        self._model, self._before = model, before
        self._tagger: Any = None

    def __call__(self, number: int) -> pa.Table:
        from xner_hf.tag.model import ModelTagger

        self._tagger = self._tagger or ModelTagger(self._model)
        read = self._before.read(number, ["reason", "tokens"])
        found = [known(one) for one in self._tagger.ner_distributions(_usable(read, "tokens"))]
        labels = [[] if one is None else one.tolist() for one in found]
        return _table("target_tag", target_labels=labels, reason=_reasons(read, found))


class TranslateShard:
    """Translates the side that there is into the one that is missing, and splits it into words."""

    def __init__(self, recipe: Recipe, before: Stages):
        self._recipe, self._before = recipe, before
        self._translator: Any = None
        self._leaks = _TranslationLeaks(recipe.language)

    def __call__(self, number: int) -> pa.Table:
        source, target = self._recipe.translates
        if self._translator is None:
            self._translator = self._recipe.translator.own.make(source, target)
        rows = self._before.read(number, ["id", "raw", "reason", "source_tokens"])
        wanted = [row for row in rows if not row["reason"]]
        found = iter(self._translator.translate([row["raw"] for row in wanted]))
        split = splitter(target)
        words, reasons = [], []
        for row in rows:
            done = None if row["reason"] else next(found)
            words.append(split(done.text) if done else [])
            reasons.append(row["reason"] or done.fault or self._leaked(row["id"], words[-1]))
        if self._recipe.text_side == "target":
            return _table("to_source", source_tokens=words, reason=reasons)
        return _table("to_target", tokens=words, reason=reasons)

    def _leaked(self, name: str, words: list[str]) -> str | None:
        return None if self._recipe.text_side == "target" else self._leaks.reason(name, words)


class _TranslationLeaks:
    """A translation into the target language may be an evaluation sentence, however unlikely that is."""

    def __init__(self, language: str):
        self._language = language
        self._check: LeakCheck | None = None

    def reason(self, name: str, words: list[str]) -> str | None:
        self._check = self._check or LeakCheck(self._language, "", "")
        return EVALUATION_OVERLAP if self._check.leaked(Pair(name, [], words)) else None


class MarkShard:
    """Translates sentences with markers around their entities, and without where markers fail."""

    def __init__(self, recipe: Recipe, before: Stages):
        self._recipe, self._before = recipe, before
        self._translator: Any = None
        self._marker: MarkerTranslator | None = None
        self._leaks = _TranslationLeaks(recipe.language)

    def __call__(self, number: int) -> pa.Table:
        if self._marker is None:
            self._translator, self._marker = marker_translator(
                self._recipe.translator, self._recipe.source_language, self._recipe.language
            )
        rows = self._before.read(number, ["id", "raw", "reason", "source_tokens", "source_entities"])
        marked = iter(_translate_marked(self._marker, [row for row in rows if not row["reason"]]))
        found = [MarkedTranslation([], [], row["reason"]) if row["reason"] else next(marked) for row in rows]
        again = [row["raw"] for row, one in zip(rows, found, strict=True) if one.fault and not row["reason"]]
        plain = iter(self._translator.translate(again))
        split = splitter(self._recipe.language)
        out: dict[str, list[Any]] = {"tokens": [], "marked": [], "marker_fault": [], "reason": []}
        for row, one in zip(rows, found, strict=True):
            words, spans, reason = one.words, [span._asdict() for span in one.spans], row["reason"]
            if one.fault and not reason:
                translation = next(plain)
                words, spans, reason = split(translation.text), None, translation.fault
            if not reason and (reason := self._leaks.reason(row["id"], words)):
                spans = None
            fault = None if row["reason"] else one.fault
            for name, value in (("tokens", words), ("marked", spans), ("marker_fault", fault), ("reason", reason)):
                out[name].append(value)
        return _table("marker", **out)


class BackShard:
    """Translates the labelled source side back into the target language, with markers."""

    def __init__(self, recipe: Recipe, before: Stages):
        self._recipe, self._before = recipe, before
        self._marker: MarkerTranslator | None = None

    def __call__(self, number: int) -> pa.Table:
        if self._marker is None:
            _, self._marker = marker_translator(
                self._recipe.back_translation.translator, self._recipe.source_language, self._recipe.language
            )
        rows = self._before.read(number, ["reason", "source_tokens", "source_entities"])
        wanted = [bool(row["source_entities"]) and not row["reason"] for row in rows]
        marked = iter(_translate_marked(self._marker, [row for row, one in zip(rows, wanted, strict=True) if one]))
        found = [next(marked) if one else MarkedTranslation([], [], None) for one in wanted]
        return _table(
            "back",
            back_tokens=[one.words for one in found],
            back_marked=_plain(one.spans for one in found),
            back_fault=[one.fault for one in found],
        )


class RefineShard:
    """Joins the direct links of one shard with those through the back-translation."""

    def __init__(self, config: BackTranslationConfig, before: Stages):
        self._config, self._before = config, before

    def __call__(self, number: int) -> pa.Table:
        columns = ["source_entities", "links", "back_marked", "same_links"]
        return _table(
            "refine",
            links=[
                [
                    link._asdict()
                    for link in refine(
                        _links(row["links"]),
                        spans_of(row["source_entities"]),
                        {one["source"]: Span(one["start"], one["end"], one["label"]) for one in row["back_marked"]},
                        _links(row["same_links"]),
                        self._config.mode,
                        self._config.weight,
                    )
                ]
                for row in self._before.read(number, columns)
            ],
        )


def marker_translator(config: TranslatorConfig, source: str, target: str) -> tuple[Any, MarkerTranslator]:
    """Return the translator of a configuration, and the one that keeps markers through it."""
    translator = config.own.make(source, target)
    return translator, MarkerTranslator(translator, config.markers, splitting_rule(source), splitter(target))


class ProjectShard:
    """Projects the pairs of one shard; entities found by markers are used as they are."""

    def __init__(self, recipe: Recipe, before: Stages):
        self._recipe, self._before = recipe, before

    def __call__(self, number: int) -> pa.Table:
        import numpy as np

        projector, filters = self._recipe.projector.own.make(), Filters(self._recipe.filters)
        languages = self._recipe.source_language, self._recipe.language
        columns = ["id", "source_tokens", "tokens", "reason", "source_entities", "links", "target_labels"]
        marks = self._recipe.recipe == "marker"
        out: dict[str, list[Any]] = {"entities": [], "ner_tags": [], "reason": []}
        for row in self._before.read(number, [*columns, "marked"] if marks else columns):
            if row["reason"]:
                _add(out, [], [], row["reason"])
                continue
            labels = None if row["target_labels"] is None else np.array(row["target_labels"])
            spans, links = spans_of(row["source_entities"]), _links(row["links"])
            pair = SentencePair(row["source_tokens"], spans, row["tokens"], links, labels, row["id"], *languages)
            marked = [ProjectedSpan(**one) for one in row["marked"]] if marks and row["marked"] is not None else None
            done = project_pair(projector, filters, pair, marked)
            _add(out, _plain([done.entities])[0], done.ner_tags(len(row["tokens"])), done.reason)
        return _table("project", **out)


class LabelShard:
    """Turns the tags of the target side itself into the rows of the corpus (`transfer`)."""

    def __init__(self, before: Stages):
        self._before = before

    def __call__(self, number: int) -> pa.Table:
        out: dict[str, list[Any]] = {"entities": [], "ner_tags": [], "reason": []}
        rows = self._before.read(number, ["tokens", "reason", "source_entities"])
        for row in rows:
            done = label_directly(spans_of(row["source_entities"]), row["reason"])
            _add(out, _plain([done.entities])[0], done.ner_tags(len(row["tokens"])), done.reason)
        return _table(
            "label",
            source_tokens=[row["tokens"] for row in rows],
            source_entities=[row["source_entities"] or [] for row in rows],
            links=[[] for _ in rows],
            **out,
        )


def spans_of(entities: list[dict[str, Any]] | None) -> list[Span]:
    """Return the entities of a row as spans."""
    return [Span(**entity) for entity in entities or ()]


def _usable(rows: list[dict[str, Any]], side: str) -> list[list[str]]:
    return [[] if row["reason"] else row[side] for row in rows]


def _reasons(rows: list[dict[str, Any]], found: list[Any]) -> list[str | None]:
    """Return why rows are rejected, given the output of a tagger: None where its scores are not numbers."""
    return [row["reason"] or (NO_SCORES if one is None else None) for row, one in zip(rows, found, strict=True)]


def _tagged(rows: Any, side: str) -> Iterator[tuple[list[str], list[Span]]]:
    for row in rows:
        yield [] if row["reason"] else row[side], spans_of(row["source_entities"])


def _translate_marked(marker: MarkerTranslator, rows: list[dict[str, Any]]) -> list[MarkedTranslation]:
    return marker.translate_marked(
        [row["source_tokens"] for row in rows], [spans_of(row["source_entities"]) for row in rows]
    )


def _links(links: list[dict[str, Any]]) -> list[Link]:
    return [Link(**link) for link in links]


def _plain(sentences: Any) -> list[list[dict[str, Any]]]:
    return [[one._asdict() for one in own] for own in sentences]


def _add(out: dict[str, list[Any]], entities: list[Any], tags: list[int], reason: str | None) -> None:
    for name, value in (("entities", entities), ("ner_tags", tags), ("reason", reason)):
        out[name].append(value)


def _table(kind: str, **columns: Any) -> pa.Table:
    import pyarrow as pa

    return pa.table(columns, schema=stage_schema(kind))
