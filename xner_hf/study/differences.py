"""Where two arms of a study differ: the sentences, and the kinds of their errors."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from xner_hf.corpora.labelled import read_labelled
from xner_hf.errors import XnerError, nearest
from xner_hf.evaluation.scores import gold_tags
from xner_hf.metrics import entities
from xner_hf.spans import Span
from xner_hf.study.grid import Study
from xner_hf.study.results import rows_of
from xner_hf.study.rows import Row
from xner_hf.study.run_pairs import SeedPair, check_gold, pairs_by_seed

KINDS = ("exact", "type", "borders", "type and borders", "missed", "invented")
"""Kinds of gold entities, and ``invented``: a predicted one that overlaps no gold entity."""


class Difference(NamedTuple):
    """A sentence for which the two arms predict different entities, sorted by position."""

    id: str
    words: Sequence[str]
    gold: Sequence[Span]
    arm: Sequence[Span]
    against: Sequence[Span]

    @property
    def better(self) -> str:
        """``arm``, ``against`` or ``neither``: which has fewer wrong and missing entities."""
        one, other = (len(set(self.gold) ^ set(found)) for found in (self.arm, self.against))
        return "neither" if one == other else "arm" if one < other else "against"


def compare_arms(
    study: Study, language: str, contrast: str = "primary", seed: int | None = None
) -> tuple[dict[str, Any], list[Difference]]:
    """Compare the runs of two arms sentence by sentence.

    Args:
        study: the study.
        language: name of a language in it.
        contrast: which two arms.
        seed: of the pair; by default the first seed with both runs.

    Returns:
        Counts (``sentences``, ``different``, ``better``, ``errors`` by arm and kind), and the sentences that differ.

    Raises:
        XnerError: there is no such language, contrast or pair, or its gold labels have changed.
    """
    pair = _pair(study, language, contrast, seed)
    predictions = pair.arm["predictions"]
    sentences = list(read_labelled(predictions["gold"], predictions["split"]))
    gold = {one.id: entities(gold_tags(one)) for one in sentences}
    check_gold(pair, gold)
    found = differences(pair, gold, {one.id: one.tokens for one in sentences})
    result: dict[str, Any] = {
        "contrast": contrast,
        "language": language,
        "seed": pair.seed,
        "sentences": len(gold),
        "different": len(found),
        "better": dict(Counter(one.better for one in found)),
        "errors": {},
    }
    for side, row in (("arm", pair.arm), ("against", pair.against)):
        counts = sum((error_kinds(gold[name], predicted(row, name)) for name in gold), Counter())
        result["errors"][row["settings"]["label"]] = {kind: counts[kind] for kind in KINDS}
        result[side] = row["settings"]["label"]
    return result, found


def _pair(study: Study, language: str, contrast: str, seed: int | None) -> SeedPair:
    names = [one.name for one in study.languages]
    for what, name, known in (("language", language, names), ("contrast", contrast, list(study.contrasts))):
        if name not in known:
            raise XnerError(f"the study has no {what} {name!r}.{nearest(name, known)} It has: {', '.join(known)}.")
    if len(study.backbones) > 1:
        raise XnerError("the study has several backbones; sentences are compared for studies of one.")
    rows = rows_of(study)
    (found,) = pairs_by_seed(rows, study.contrasts[contrast], {language: {row["settings"]["seed"] for row in rows}})
    for one in found.pairs:
        if seed in (None, one.seed):
            return one
    done = ", ".join(str(one.seed) for one in found.pairs) or "none"
    raise XnerError(
        f"{study.folder} has no pair of runs of {contrast!r} for {language}"
        + (f" with seed {seed}" if seed is not None else "")
        + f". Seeds with both runs done: {done}."
    )


def differences(
    pair: SeedPair, gold: Mapping[str, Sequence[Span]], words: Mapping[str, Sequence[str]]
) -> list[Difference]:
    """Return the sentences on which two runs predict different entities, in the order of the test set.

    Args:
        pair: rows with predictions.
        gold: entities of every sentence of the test set by id.
        words: its words.
    """
    found = []
    for name, spans in gold.items():
        arm, against = (predicted(row, name) for row in (pair.arm, pair.against))
        if arm != against:
            found.append(Difference(name, words[name], list(spans), arm, against))
    return found


def predicted(row: Row, sentence: str) -> list[Span]:
    """Return the entities that a run found in a sentence."""
    return [Span(*one) for one in row["predictions"]["spans"].get(sentence, [])]


def sample_of(found: Sequence[Difference], number: int) -> list[Difference]:
    """Return `number` of the sentences, always the same, in the order of the test set; all where there are fewer."""
    chosen = np.random.default_rng(1).permutation(len(found))[:number]
    return [found[index] for index in sorted(chosen)]


def error_kinds(gold: Iterable[Span], found: Iterable[Span]) -> Counter[str]:
    """Count the entities of a sentence by `KINDS`.

    A gold entity that was not found exactly is compared with the predicted one that shares most words with it (the
    first of several), so the counts of all kinds but ``invented`` add up to the gold entities.
    """
    gold, found = list(gold), list(found)
    counts: Counter[str] = Counter()
    for one in gold:
        if one in found:
            counts["exact"] += 1
            continue
        other = max(found, key=lambda span: _shared(one, span), default=None)
        if other is None or not _shared(one, other):
            counts["missed"] += 1
        elif other[:2] == one[:2]:
            counts["type"] += 1
        else:
            counts["borders" if other.label == one.label else "type and borders"] += 1
    counts["invented"] = sum(not any(_shared(one, other) for other in gold) for one in found)
    return counts


def tally_of(found: Sequence[Difference], kinds: Mapping[str, str]) -> dict[str, Counter[str]]:
    """Count which arm is better by the kind that a person gave to each sentence.

    Args:
        found: the sentences on which the arms differ.
        kinds: kind by sentence id.

    Returns:
        For each kind, most frequent first, how often ``arm``, ``against`` or ``neither`` has fewer errors.

    Raises:
        XnerError: the two arms do not differ on a sentence, or it has no kind.
    """
    better = {one.id: one.better for one in found}
    counts: dict[str, Counter[str]] = {}
    for name, kind in kinds.items():
        if name not in better:
            raise XnerError(f"sentence {name!r}: the two arms do not differ on it. Was the sheet made for this pair?")
        if not kind:
            raise XnerError(f"sentence {name!r} has no kind yet. Fill the column 'kind' of every line.")
        counts.setdefault(kind, Counter())[better[name]] += 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1].total(), item[0])))


def marked(words: Sequence[str], entities: Iterable[Span]) -> str:
    """Return a sentence with its entities in brackets: ``[PER Ama Ata] visited [LOC Accra]``."""
    opens = {span.start: span.label for span in entities}
    ends = {span.end for span in entities}
    return " ".join(
        (f"[{opens[place]} " if place in opens else "") + word + ("]" if place + 1 in ends else "")
        for place, word in enumerate(words)
    )


def _shared(one: Span, other: Span) -> int:
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def read_sheet(path: Path) -> dict[str, str]:
    """Return the kind of every sentence of a sheet, by id; empty where it has none.

    Raises:
        XnerError: the file cannot be read, lacks the columns ``id`` and ``kind``, or has a sentence twice.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets write the mark
            rows = list(csv.DictReader(file, delimiter="\t"))
    except (OSError, UnicodeDecodeError) as error:
        raise XnerError(f"{path} cannot be read ({error}). Use a sheet that --sheet wrote.") from error
    if not rows or not {"id", "kind"} <= set(rows[0]):
        raise XnerError(f"{path} has no columns 'id' and 'kind'. Use a sheet that --sheet wrote.")
    kinds = {row["id"]: (row["kind"] or "").strip() for row in rows}
    if len(kinds) < len(rows):
        raise XnerError(f"{path} has a sentence twice. Keep one line of each.")
    return kinds


def write_sheet(path: Path, chosen: Sequence[Difference], arm: str, against: str) -> None:
    """Write sentences as tab-separated text with an empty column ``kind``, which a person fills."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, delimiter="\t", lineterminator="\n")
        lines.writerow(["id", "kind", "better", "gold", arm, against])
        for one in chosen:
            texts = [marked(one.words, spans) for spans in (one.gold, one.arm, one.against)]
            lines.writerow([one.id, "", one.better, *texts])
