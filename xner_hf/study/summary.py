"""What the rows of a study say: means over seeds and the effects of contrasts. Tables and plots are drawn from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean

from xner_hf.errors import XnerError
from xner_hf.spans import Span
from xner_hf.study.parts import STUDY_ARMS, Contrast
from xner_hf.study.rows import DONE, Row
from xner_hf.study.run_pairs import SeedPair, bootstrap_pair, check_alike, pairs_by_seed
from xner_hf.study.statistics import Bootstrap, LanguageEffect, MeanEffect, holm, language_effect, mean_effect

PRIMARY = "primary"
"""Name of the contrast that answers the question of a study."""

GoldReader = Callable[[str, str], Mapping[str, Sequence[Span]] | None]
"""Takes the reference and the split of a test set and returns the spans of all its sentences by id, an empty list for
a sentence without any; None where it is not available."""

Plan = Mapping[str, Mapping[str, Sequence[int]]]
"""Arms to their languages to the seeds that they have there."""


@dataclass(frozen=True)
class Cell:
    """F1 of an arm in one language: mean in [0, 1] and standard deviation over seeds.

    Attributes:
        mean: None where no run is done.
        deviation: None with fewer than 2 runs.
        runs: how many are done.
        failed: how many failed.
    """

    mean: float | None
    deviation: float | None
    runs: int
    failed: int


@dataclass(frozen=True)
class SeedLine:
    """F1 of the two runs of a seed, their difference, and its bootstrap over sentences; None without the gold."""

    seed: int
    arm: float
    against: float
    difference: float
    bootstrap: Bootstrap | None


@dataclass(frozen=True)
class LanguageLine:
    """A contrast in one language.

    Attributes:
        language: its name in the study.
        effect: None where no seed has a pair.
        holm: p of the effect adjusted for the number of languages that have a test.
        failed: number of seeds that have no pair because a run failed.
        missing: number of seeds that have no pair because a run is not there.
        seeds: the pairs.
    """

    language: str
    effect: LanguageEffect | None
    holm: float | None
    failed: int
    missing: int
    seeds: tuple[SeedLine, ...]


@dataclass(frozen=True)
class ContrastResult:
    """A contrast over all its languages; `mean` is None where fewer than 2 of them have a pair."""

    contrast: Contrast
    mean: MeanEffect | None
    languages: tuple[LanguageLine, ...]

    @property
    def without(self) -> list[str]:
        """The languages that it is planned for but that have no pair."""
        return [line.language for line in self.languages if line.effect is None]


@dataclass(frozen=True)
class Summary:
    """What the rows of one backbone say.

    Attributes:
        backbone: None without rows.
        languages: in the order of the tables.
        arms: their names in the study, in the order of the tables.
        cells: by arm and language; none where nothing was run.
        contrasts: the primary one first.
        notes: what a reader of the tables has to know besides.
    """

    backbone: str | None
    languages: tuple[str, ...]
    arms: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    contrasts: tuple[ContrastResult, ...]
    notes: tuple[str, ...]

    @property
    def primary(self) -> ContrastResult | None:
        """The contrast of that name, None where there is none."""
        return next((one for one in self.contrasts if one.contrast.name == PRIMARY), None)

    def macro(self, arm: str) -> float | None:
        """Return the mean of the languages' means; None unless every language of the study has one."""
        means = [self.cells[arm, name].mean for name in self.languages if (arm, name) in self.cells]
        if not self.languages or len(means) < len(self.languages) or None in means:
            return None
        return fmean(means)


def summarise(
    rows: Sequence[Row],
    contrasts: Iterable[Contrast] = (),
    gold: GoldReader | None = None,
    plan: Plan | None = None,
) -> Summary:
    """Reduce the rows of a study to what its tables and plots show. The order of the rows does not matter.

    Args:
        rows: the last attempt of each run of the study, all with one backbone.
        contrasts: what is compared.
        gold: reads a test set for the bootstrap over sentences.
        plan: the languages of every arm, both in the order of the tables, and its seeds in them; what is planned and
            not there shows as missing. Without it, what the rows have.

    Raises:
        XnerError: the rows have several backbones or one that is not planned, runs that would be averaged differ in
            more than the seed, the arms of a contrast cannot be compared, or the gold is not what they were scored on.
    """
    rows = sorted(rows, key=lambda row: (row["settings"]["language"], row["settings"]["seed"], row["key"]))
    backbones = sorted({row["settings"]["backbone"] for row in rows})
    if len(backbones) > 1:
        raise XnerError(f"the runs have the backbones {', '.join(backbones)}. Make a table of one at a time.")
    plan = plan_of(rows) if plan is None else plan
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        arm, language = row["settings"]["label"], row["settings"]["language"]
        if language not in plan.get(arm, {}):
            raise XnerError(
                f"run {row['key']}: the arm {arm} is not planned for {language}. Give only the runs of this study."
            )
        groups.setdefault((arm, language), []).append(row)
    other_data: dict[str, dict[str, list[str]]] = {}
    for (arm, language), of_cell in sorted(groups.items()):
        check_alike(of_cell, f"{language}, {arm}")
        if differ := ", ".join(_other_data(of_cell)):
            other_data.setdefault(differ, {}).setdefault(arm, []).append(language)
    notes = [
        f"Runs that are averaged do not have the same data ({differ}): "
        + "; ".join(f"{arm} in {', '.join(languages)}" for arm, languages in arms.items())
        + "."
        for differ, arms in other_data.items()
    ]
    notes += [
        f"{arm} in {language}: {empty} of {len(of_cell)} runs predict no entity at all, mostly after too few steps."
        for (arm, language), of_cell in sorted(groups.items())
        if (empty := sum((row["scores"] or {}).get("predicted") == 0 for row in of_cell))
    ]
    read = cache(gold) if gold is not None else None  # every test set is read once
    results = [_contrast(rows, one, plan, read) for one in contrasts]
    return Summary(
        backbone=backbones[0] if backbones else None,
        languages=tuple(dict.fromkeys(name for names in plan.values() for name in names)),
        arms=tuple(plan),
        cells={place: _cell(of_cell) for place, of_cell in sorted(groups.items())},
        contrasts=tuple(sorted(results, key=lambda one: one.contrast.name != PRIMARY)),
        notes=tuple(notes),
    )


def plan_of(rows: Sequence[Row]) -> dict[str, dict[str, list[int]]]:
    """Return languages and seeds of every arm that has rows, in an order that does not depend on theirs."""
    found: dict[str, dict[str, set[int]]] = {}
    for row in rows:
        of_label = found.setdefault(row["settings"]["label"], {})
        of_label.setdefault(row["settings"]["language"], set()).add(row["settings"]["seed"])
    of_arm = {row["settings"]["label"]: row["settings"].get("arm") for row in rows}

    def rank(label: str) -> tuple[int, str]:
        known = of_arm[label] in STUDY_ARMS
        return STUDY_ARMS.index(of_arm[label]) if known else len(STUDY_ARMS), label

    languages = sorted({row["settings"]["language"] for row in rows})
    return {
        label: {name: sorted(found[label][name]) for name in languages if name in found[label]}
        for label in sorted(found, key=rank)
    }


def _cell(rows: Sequence[Row]) -> Cell:
    scores = [row["scores"]["f1"] for row in rows if row["status"] == DONE]
    effect = language_effect(scores) if scores else None
    failed = len(rows) - len(scores)
    return Cell(effect.mean, effect.deviation, len(scores), failed) if effect else Cell(None, None, 0, failed)


def _other_data(rows: Sequence[Row]) -> list[str]:
    """Return which data differ between runs that are averaged, for instance since other code made them."""
    signed = [row["signatures"] or {} for row in rows if row["status"] == DONE]
    names = sorted({name for one in signed for name in one})
    if rows[0]["settings"].get("noise"):
        names = [name for name in names if name != "sentences"]  # wrong labels are drawn by seed
    return [name for name in names if len({str(one.get(name)) for one in signed}) > 1]


def _contrast(rows: Sequence[Row], contrast: Contrast, plan: Plan, gold: GoldReader | None) -> ContrastResult:
    arm, against = (plan.get(name, {}) for name in (contrast.arm, contrast.against))
    found = pairs_by_seed(rows, contrast, {name: {*arm[name]} & {*against[name]} for name in arm if name in against})
    effects = {one.language: language_effect([pair.difference for pair in one.pairs]) for one in found if one.pairs}
    adjusted = holm({name: effect.p for name, effect in effects.items() if effect.p is not None})
    lines = tuple(
        LanguageLine(
            language=one.language,
            effect=effects.get(one.language),
            holm=adjusted.get(one.language),
            failed=one.failed,
            missing=one.missing,
            seeds=tuple(_seed(pair, gold) for pair in one.pairs),
        )
        for one in found
    )
    mean = None
    if len(effects) > 1:
        mean = mean_effect({one.language: [pair.difference for pair in one.pairs] for one in found})
    return ContrastResult(contrast, mean, lines)


def _seed(pair: SeedPair, gold: GoldReader | None) -> SeedLine:
    predictions = pair.arm["predictions"]
    spans = gold(predictions["gold"], predictions["split"]) if gold is not None else None
    bootstrap = None if spans is None else bootstrap_pair(pair, spans)
    arm, against = pair.arm["scores"]["f1"], pair.against["scores"]["f1"]
    return SeedLine(pair.seed, arm, against, pair.difference, bootstrap)
