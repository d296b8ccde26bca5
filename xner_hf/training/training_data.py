"""What a student is trained on: corpora, and the teachers that label them. Arms and studies both fill one of these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from xner_hf.corpora.labelled import BuildRow
from xner_hf.corpora.projected_trees import ProjectedTreeReport, project_trees
from xner_hf.corpora.sentence import Sentence
from xner_hf.training.data import Corpus
from xner_hf.training.soft_labels import Labeller, SoftSource

if TYPE_CHECKING:
    from xner_hf.training.parsers import ParserTeacher


@dataclass
class TrainingData:
    """Corpora with their teachers.

    Attributes:
        corpora: what the student is trained on.
        sources: soft labels, by number of the corpus.
        relations: relations that the student needs besides those of its trees: those of a parsing teacher.
    """

    corpora: list[Corpus] = field(default_factory=list)
    sources: dict[int, SoftSource] = field(default_factory=dict)
    relations: list[str] | None = None

    def distil(
        self, teacher: Labeller | None, rows: Sequence[BuildRow] | None = None, confidence: float = 0.0
    ) -> None:
        """Add soft labels of a teacher to the last corpus.

        Args:
            teacher: labels the words of the corpus.
            rows: those of the corpus where the teacher labels their source side instead, and its labels are projected
                over the links.
            confidence: sentences whose soft labels have a mean probability below are left out.
        """
        corpus = self.corpora[-1]
        corpus.soft = True
        words = [sentence.tokens for sentence in corpus.sentences]
        source = SoftSource(teacher, words, confidence=confidence)
        if rows is not None:
            lengths = [len(one) for one in words]
            source = replace(
                source, sentences=[row.source for row in rows], links=[row.links for row in rows], lengths=lengths
            )
        self.sources[len(self.corpora) - 1] = source

    def add_trees(self, sentences: Sequence[Sentence], share: float | None = None, name: str = "trees") -> None:
        """Add the trees of sentences, without their entities; `share` is that of `Corpus`."""
        bare = [Sentence(one.id, one.tokens, None, heads=one.heads, relations=one.relations) for one in sentences]
        self.corpora.append(Corpus(name, bare, share=share))

    def add_soft_trees(self, parser: ParserTeacher) -> None:
        """Add arcs and relations of a parser to every corpus."""
        self.relations = parser.relations
        for number, one in enumerate(self.corpora):
            words = [sentence.tokens for sentence in one.sentences]
            source = self.sources.get(number)
            if source is not None and source.links is None:
                source.parser = parser
            else:
                # Projected labels come from the source side, arcs from the target side itself.
                self.sources[number] = replace(source or SoftSource(None, words), parser=parser, parsed=words)
            one.soft = True

    def project_trees(
        self, parser: ParserTeacher, rows: Sequence[BuildRow], limit: int | None = None
    ) -> tuple[list[Sentence], Counter[str]]:
        """Return target sentences with trees projected over their links, and how many failed, by reason.

        Args:
            parser: parses the source side.
            rows: sentences with links.
            limit: the first trees that are made.
        """
        report = ProjectedTreeReport()
        parsed = parser.parse([row.source for row in rows])
        pairs = (
            (row.sentence.id, tree, row.sentence.tokens, row.links) for row, tree in zip(rows, parsed, strict=True)
        )
        self.relations = list(parser.relations)
        return list(islice(project_trees(pairs, report), limit)), report.rejected
