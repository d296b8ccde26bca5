"""The teachers of a training run by name: one, several with weights, or weighted by language similarity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from xner_hf.errors import NotAvailable, XnerError

if TYPE_CHECKING:
    from xner_hf.training.arms import ArmInputs
    from xner_hf.training.soft_labels import Labeller

SIMILARITY_SENTENCES = 2000
"""Number of sentences of each text used to measure language similarity."""


def make_labeller(
    parts: frozenset[str],
    needs: ArmInputs,
    encoder: str,
    teachers: Sequence[str],
    weights: str,
    texts: Sequence[str],
    tell: Callable[[str], None],
) -> Labeller | None:
    """Return the teacher that labels the unlabelled text of an arm; None for an arm without teachers.

    Args:
        parts: those of the arm.
        needs: what the arm is made from.
        encoder: its states are used to compare languages, with `weights` ``similarity``.
        teachers: Hub ids or folders; the tagger of the source language where none is named.
        weights: ``uniform``, ``similarity``, or a number for every teacher, separated by commas.
        texts: with ``similarity``: text of each teacher's language.
        tell: called with a message that gives the weights.

    Raises:
        XnerError: the arm has no teacher, or the weights or texts do not fit the teachers.
    """
    if not parts & {"distill", "distill-aligned"}:
        if teachers:
            raise XnerError(f"--teacher {teachers[0]}: this arm has no teacher. Give an arm with distill.")
        return None
    if weights != "uniform" and len(teachers) < 2:
        raise XnerError(
            f"--teacher-weights {weights}: a single teacher has all the weight. Name several with --teacher."
        )
    if texts and weights != "similarity":
        raise XnerError("--teacher-text is for --teacher-weights similarity. Give both, or leave it out.")
    from xner_hf.languages import source_of, tagger_entry
    from xner_hf.training.teachers import Teacher, TeacherEnsemble

    if not teachers:
        entry = tagger_entry(source_of(needs.language).code)
        try:
            return Teacher(entry.model, entry.revision)
        except NotAvailable as error:
            raise NotAvailable(f"{error} Use another: --teacher ORG/NAME.") from error
    found = [Teacher(one) for one in teachers]
    if len(found) == 1:
        return found[0]
    if weights == "similarity":
        return _by_similarity(needs, encoder, teachers, texts, tell)
    try:
        shares = weights if weights == "uniform" else [float(one) for one in weights.split(",")]
    except ValueError as error:
        raise XnerError(
            f"--teacher-weights {weights}: give uniform, similarity, or a number for every teacher."
        ) from error
    return TeacherEnsemble(found, shares)


def _by_similarity(
    needs: ArmInputs, encoder: str, teachers: Sequence[str], texts: Sequence[str], tell: Callable[[str], None]
) -> Labeller:
    """Weight teachers by the similarity of the labelled text to text of their languages."""
    from xner_hf.training.arms import read_unlabelled
    from xner_hf.training.similarity import SimilarityWeights
    from xner_hf.training.teachers import Teacher, TeacherEnsemble

    if len(texts) != len(teachers):
        raise XnerError(
            f"--teacher-weights similarity: {len(teachers)} teachers, {len(texts)} --teacher-text. Give text of "
            "the language of each teacher, in the same order."
        )
    target = needs.text or needs.corpora or [f"build/{needs.language}"]
    words = [[s.tokens for s in read_unlabelled([one], None, SIMILARITY_SENTENCES)] for one in texts]
    likeness = SimilarityWeights(
        encoder,
        dict(zip(teachers, words, strict=True)),
        [s.tokens for s in read_unlabelled(target, needs.language, SIMILARITY_SENTENCES)],
    )
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in likeness.corpus_weights.items())
    tell(f"weights of the teachers: {weights}")
    return TeacherEnsemble([Teacher(one, language=one) for one in teachers], likeness)
