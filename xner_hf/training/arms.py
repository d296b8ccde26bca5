"""The arms: which corpora, teachers and trees a student is trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xner_hf.corpora.labelled import has_split, is_build, read_build_rows, read_labelled
from xner_hf.corpora.parallel import splitting_rule
from xner_hf.corpora.plain import read_plain
from xner_hf.corpora.sentence import ReadReport, Sentence
from xner_hf.corpora.trees import TreeReport, drop_evaluation_text, read_trees
from xner_hf.corpora.words import word_splitter
from xner_hf.errors import XnerError, nearest
from xner_hf.languages import DEFAULT_SOURCE, source_of
from xner_hf.languages import language as find_language
from xner_hf.training.data import Corpus
from xner_hf.training.soft_labels import Labeller
from xner_hf.training.training_data import TrainingData

if TYPE_CHECKING:
    from xner_hf.training.parsers import ParserTeacher

ARMS = ("direct", "projected", "distill", "distill-aligned", "projected+distill", "projected+distill-aligned")
"""``direct``: labels of the source language. ``projected``: a projected corpus. ``distill``: a teacher labels text of
the target language (Wu et al. 2020). ``distill-aligned``: it labels the source side of parallel text, and its
labels are projected over alignment links. Each may be followed by ``+parse``."""

ENGLISH_TREES = "universal-dependencies/universal_dependencies:en_ewt"


@dataclass(frozen=True)
class Arm:
    """What a student is trained on.

    Attributes:
        name: one of `ARMS`, with ``+parse`` or without.
    """

    name: str

    def __post_init__(self) -> None:
        if self.name.removesuffix("+parse") not in ARMS:
            known = [*ARMS, *(f"{arm}+parse" for arm in ARMS)]
            raise XnerError(
                f"there is no arm {self.name!r}.{nearest(self.name, known)} There is {', '.join(ARMS)}, each also "
                "with +parse."
            )

    @property
    def parts(self) -> frozenset[str]:
        """Its parts, such as ``projected`` and ``parse``."""
        return frozenset(self.name.split("+"))


@dataclass
class ArmInputs:
    """The inputs of an arm; defaults come from the language table.

    Attributes:
        language: code of the target language, None where there is none.
        corpora: labelled corpora or builds: of the source language for ``direct``, else of the target language.
        text: unlabelled text of the target language: a build, a file, or ``org/name:config[/split]``.
        trees: treebanks, as for `read_trees`.
        project_trees: whether the parser reads the source side of the builds, and its trees are projected.
        labels: entity types of the corpora mapped to PER, ORG, LOC or ``O``.
        limit: number of sentences used, from the start of every corpus.
        confidence: whether words are weighted by the scores of their projected entities in the loss.
        min_confidence: words of projected entities with a lower score have no loss.
        soft_confidence: sentences whose likeliest soft labels have a lower mean probability are left out.
        tree_share: steps of the treebank per step of the rest; by default in proportion to the sizes.
    """

    language: str | None = None
    corpora: Sequence[str] = ()
    text: Sequence[str] = ()
    trees: Sequence[str] = ()
    project_trees: bool = False
    labels: Mapping[str, str] | None = None
    limit: int | None = None
    confidence: bool = False
    min_confidence: float = 0.0
    soft_confidence: float = 0.0
    tree_share: float | None = None


@dataclass
class Plan(TrainingData):
    """All that `train_student` is given, and what happened to the rows on the way.

    Attributes:
        validation: labelled sentences that are no target gold, or None.
        facts: references, counts and rejected rows, for ``training.json``.
    """

    validation: Corpus | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def make_plan(
    arm: Arm, needs: ArmInputs, teacher: Labeller | None = None, parser: ParserTeacher | None = None
) -> Plan:
    """Read what an arm needs.

    Args:
        arm: the arm.
        needs: where things are.
        teacher: labels text; needed by the arms with ``distill`` and ``distill-aligned``.
        parser: teaches arms with ``+parse`` the arcs of their own sentences, in place of a treebank.

    Raises:
        XnerError: an input of the arm is missing or of the wrong kind.
    """
    parts = arm.parts
    report = ReadReport()
    if teacher is None and parts & {"distill", "distill-aligned"}:
        raise XnerError(f"the arm {arm.name} needs a teacher. Name one with --teacher.")
    for name, given, part in (
        ("trees", needs.trees, "parse"),
        ("tree share", needs.tree_share, "parse"),
        ("text", needs.text, "distill"),
    ):
        if given and part not in parts:
            raise XnerError(f"the arm {arm.name} ignores {name}: give an arm with {part}, or leave {name} out.")
    facts: dict[str, Any] = {"arm": arm.name, "language": needs.language, "corpora": list(needs.corpora)}
    references = list(needs.corpora) or _default_corpora(arm, needs)
    plan = Plan(facts=facts)
    if "distill-aligned" in parts:
        _add_aligned(plan, references, needs, "projected" in parts, teacher)
    elif parts & {"direct", "projected"}:
        sentences = [s for one in references for s in islice(_scored(one, report, needs.labels), needs.limit)]
        name = "projected" if "projected" in parts else "direct"
        plan.corpora.append(Corpus(name, sentences, False, None, needs.confidence, needs.min_confidence))
    if "distill" in parts:
        _add_text(plan, needs, references, teacher)
    plan.validation = _validation(references, report, needs.labels)
    if parser is not None and "parse" not in parts:
        raise XnerError(f"the arm {arm.name} ignores the parser: give {arm.name}+parse, or leave the parser out.")
    if "parse" in parts:
        if parser is not None and needs.project_trees:
            _add_projected_trees(plan, references, needs, parser)
        elif parser is not None:
            plan.add_soft_trees(parser)
            facts["parser"] = parser.model
        if needs.trees or parser is None:
            _add_trees(plan, needs)
        if needs.tree_share is not None:
            rest = [one for one in plan.corpora if one.share is None]
            total = sum(len(one.sentences) for one in rest)
            for one in rest:
                one.share = len(one.sentences) / max(1, total)
    facts |= {"corpora": references, "repaired_tags": len(report.repaired), "read": report.said()}
    facts["sentences"] = {one.name: len(one.sentences) for one in plan.corpora}
    return plan


def _default_corpora(arm: Arm, needs: ArmInputs) -> list[str]:
    if "direct" in arm.parts:
        source = source_of(needs.language)
        if not source.labelled:
            raise XnerError(f"there is no default corpus with labels of the source language {source.code}; name one.")
        return [source.labelled]
    if needs.language and is_build(Path("build") / needs.language):
        return [f"build/{needs.language}"]
    if arm.parts & {"projected", "distill-aligned"} or not needs.text:
        where = needs.language or "LANG"
        raise XnerError(
            f"there is no build in build/{where}; run `xner build {where}`, or give --corpus"
            f"{' or --text' if 'distill' in arm.parts else ''}."
        )
    return []


def _scored(reference: str, report: ReadReport, labels: Mapping[str, str] | None) -> Any:
    if is_build(Path(reference)):
        return (row.sentence for row in read_build_rows(Path(reference), "train"))
    return read_labelled(reference, "train", report, labels=labels)


def _validation(references: Sequence[str], report: ReadReport, labels: Mapping[str, str] | None) -> Corpus | None:
    sentences = [
        sentence
        for one in references
        if has_split(one, "validation")
        for sentence in read_labelled(one, "validation", report, labels=labels)
    ]
    return Corpus("validation", sentences) if sentences else None


def _add_aligned(
    plan: Plan, references: Sequence[str], needs: ArmInputs, labelled: bool, teacher: Labeller | None
) -> None:
    rows = []
    for one in references:
        if not is_build(Path(one)):
            raise XnerError(
                f"{one} is not a build. distill-aligned needs the alignment links of a build; make one with "
                "`xner build LANG`."
            )
        rows += islice(read_build_rows(Path(one), "train"), needs.limit)
    unlinked = [row for row in rows if not row.links or not row.source]
    rows = [row for row in rows if row.links and row.source]
    if not rows:
        raise XnerError(f"{', '.join(references)}: no row has alignment links; a recipe with an aligner makes them.")
    sentences = [row.sentence if labelled else _unlabelled(row.sentence) for row in rows]
    name = "projected+distill-aligned" if labelled else "distill-aligned"
    plan.corpora.append(Corpus(name, sentences, True, None, needs.confidence, needs.min_confidence))
    plan.distil(teacher, rows, needs.soft_confidence)
    plan.facts["without_links"] = len(unlinked)


def _add_text(plan: Plan, needs: ArmInputs, references: Sequence[str], teacher: Labeller | None) -> None:
    if plan.corpora and not needs.text:  # projected+distill: the same sentences, labelled by both
        plan.corpora[0].name = "projected+distill"
    else:
        sentences = read_unlabelled(needs.text or references, needs.language, needs.limit)
        plan.facts["text"] = list(needs.text or references)
        if needs.language:
            dropped = TreeReport()
            sentences = list(drop_evaluation_text(sentences, find_language(needs.language).code, dropped))
            plan.facts["text_rejected"] = len(dropped.rejected)
            plan.facts["leak_check"] = dropped.leak_check
        plan.corpora.append(Corpus("distill", sentences))
    plan.distil(teacher, confidence=needs.soft_confidence)


def read_unlabelled(references: Sequence[str], language: str | None, limit: int | None = None) -> list[Sentence]:
    """Return the sentences of texts, word-split and without labels.

    Args:
        references: builds (their training split), local text files or folders (`read_plain`), or
            ``org/name:config[/split]`` on the Hub.
        language: code of the language, which decides how raw text is split into words; None for no rule.
        limit: number of sentences used, from the start of each.

    Raises:
        XnerError: a text is not available, or is gold for evaluation.
    """
    return [sentence for one in references for sentence in islice(_text(one, language), limit)]


def _text(reference: str, language: str | None) -> Any:
    if is_build(Path(reference)):
        yield from (_unlabelled(row.sentence) for row in read_build_rows(Path(reference), "train"))
        return
    code = find_language(language or DEFAULT_SOURCE).code
    corpus, _, rest = reference.partition(":")
    config, _, split = rest.partition("/")
    split_words = word_splitter(splitting_rule(code))
    for one in read_plain(corpus, code, config, (split,) if split else None):
        words = one.words if one.words is not None else split_words(one.text)
        if words:
            yield Sentence(one.id, words)


def _add_trees(plan: Plan, needs: ArmInputs) -> None:
    references = list(needs.trees) or _default_trees(needs)
    report = TreeReport()
    sentences: list[Sentence] = []
    for one in references:
        found = islice(read_trees(one, "train", report), needs.limit)
        if needs.language and one in find_language(needs.language).treebanks:
            found = drop_evaluation_text(found, find_language(needs.language).code, report)
        sentences += found
    plan.facts |= {"trees": references, "trees_rejected": dict(report.rejected), "trees_cut": report.cut}
    plan.add_trees(sentences, needs.tree_share)


def _add_projected_trees(plan: Plan, references: Sequence[str], needs: ArmInputs, parser: ParserTeacher) -> None:
    rows = [row for one in references for row in islice(read_build_rows(Path(one), "train"), needs.limit)]
    linked = [row for row in rows if row.links and row.source]
    sentences, rejected = plan.project_trees(parser, linked)
    if not sentences:
        raise XnerError(f"{', '.join(references)}: no tree could be projected ({dict(rejected)}).")
    plan.facts |= {
        "without_links": len(rows) - len(linked),
        "parser": parser.model,
        "projected_trees_rejected": dict(rejected),
    }
    plan.add_trees(sentences, needs.tree_share, "projected trees")


def _default_trees(needs: ArmInputs) -> list[str]:
    for one in find_language(needs.language).treebanks if needs.language else ():
        try:
            next(iter(read_trees(one, "train")))
        except XnerError:
            continue  # not in this mirror, or too small to be cut
        return [one]
    return [ENGLISH_TREES]


def _unlabelled(sentence: Sentence) -> Sentence:
    return Sentence(sentence.id, sentence.tokens)
