"""Pairs of a study's runs: the same language and seed, one run of each arm of a contrast.

Rows are those of the study's store, one for each run: its last attempt.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from xner_hf.errors import XnerError
from xner_hf.spans import Span
from xner_hf.study.parts import Contrast
from xner_hf.study.rows import DONE, Row
from xner_hf.study.statistics import Bootstrap, count_entities, paired_bootstrap

SHARED = ("backbone", "code", "gold", "split", "sentences", "epochs", "batch_size", "gradient_accumulation")
"""Settings in which the two arms of a contrast must agree."""


class SeedPair(NamedTuple):
    """The two runs of one seed."""

    seed: int
    arm: Row
    against: Row

    @property
    def difference(self) -> float:
        """F1 of the arm minus F1 of the other, in [-1, 1]."""
        return self.arm["scores"]["f1"] - self.against["scores"]["f1"]


@dataclass(frozen=True)
class LanguagePairs:
    """The pairs of one language by seed, and how many seeds have none.

    Attributes:
        language: its code.
        pairs: the runs of every seed that is done on both sides.
        failed: number of seeds of which a run failed.
        missing: number of seeds that both arms are to have, and of which a run is not there at all.
    """

    language: str
    pairs: tuple[SeedPair, ...]
    failed: int
    missing: int


def pairs_by_seed(
    rows: Sequence[Row], contrast: Contrast, seeds: Mapping[str, Collection[int]]
) -> list[LanguagePairs]:
    """Pair the runs of a contrast by seed.

    Args:
        rows: the last attempt of each run.
        contrast: its arms.
        seeds: by language those that both arms are to have.

    Raises:
        XnerError: the runs of one arm in one language differ in anything but the seed, or those of the two arms in
            what a fair comparison needs: `SHARED`.
    """
    result = []
    for language, planned in seeds.items():
        sides: list[dict[int, Row]] = []
        for label in (contrast.arm, contrast.against):
            runs = [r for r in rows if (r["settings"]["language"], r["settings"]["label"]) == (language, label)]
            check_alike(runs, f"{language}, {label}")
            sides.append({row["settings"]["seed"]: row for row in runs})
        arm, against = sides
        if arm and against:
            _check_sides(contrast, arm[min(arm)], against[min(against)])
        wanted = sorted(set(planned))
        failed = [seed for seed in wanted if any(seed in side and side[seed]["status"] != DONE for side in sides)]
        both = [seed for seed in wanted if seed in arm and seed in against and seed not in failed]
        pairs = tuple(SeedPair(seed, arm[seed], against[seed]) for seed in both)
        result.append(LanguagePairs(language, pairs, len(failed), len(wanted) - len(both) - len(failed)))
    return result


def check_alike(rows: Sequence[Row], where: str) -> None:
    """Check that runs differ in nothing but their seed, so that their mean is a mean over seeds.

    Raises:
        XnerError: two of them differ in a setting or have the same seed; `where` opens the message.
    """
    rows = sorted(rows, key=lambda row: (row["settings"]["seed"], row["key"]))
    for row in rows[1:]:
        one, other = rows[0]["settings"], row["settings"]
        for name in sorted({*one, *other} - {"seed"}):
            if _value(one, name) != _value(other, name):
                raise XnerError(
                    f"{where}: the runs {rows[0]['key']} and {row['key']} differ in {name!r} ({one.get(name)!r} and "
                    f"{other.get(name)!r}). Only runs that differ in nothing but the seed are averaged: leave those "
                    "of the other setting out, or give them an arm of their own."
                )
    for one, other in zip(rows, rows[1:], strict=False):
        if one["settings"]["seed"] == other["settings"]["seed"]:
            raise XnerError(
                f"{where}: the runs {one['key']} and {other['key']} have the same seed, {one['settings']['seed']}, "
                "and the same settings. A seed counts once: give the last attempt of each run only."
            )


def bootstrap_pair(pair: SeedPair, gold: Mapping[str, Sequence[Span]]) -> Bootstrap:
    """Bootstrap the difference of two runs over the sentences of their test set; see `paired_bootstrap`.

    Args:
        pair: rows with predictions.
        gold: as for `check_gold`.

    Raises:
        XnerError: as `check_gold`.
    """
    check_gold(pair, gold)
    return paired_bootstrap(pair.arm["predictions"]["spans"], pair.against["predictions"]["spans"], gold)


def check_gold(pair: SeedPair, gold: Mapping[str, Sequence[Span]]) -> None:
    """Check that two runs were scored on the same test set, and that it is this one.

    Args:
        pair: rows with predictions.
        gold: spans of every sentence of the test set, read strictly, of the types that were scored; empty where none.

    Raises:
        XnerError: the runs were scored on different test sets, or the gold is not what a run was scored on: another
            number of sentences, or other counts than the row's scores.
    """
    of_arm, of_against = pair.arm["predictions"], pair.against["predictions"]
    for name in ("gold", "split", "sentences"):
        if of_arm[name] != of_against[name]:
            raise XnerError(
                f"the runs {pair.arm['key']} and {pair.against['key']} were scored on different test sets: {name!r} "
                f"is {of_arm[name]!r} and {of_against[name]!r}."
            )
    for row in (pair.arm, pair.against):
        predictions, where = row["predictions"], f"{row['predictions']['gold']} {row['predictions']['split']}"
        if predictions["sentences"] != len(gold):
            raise XnerError(
                f"run {row['key']} was scored on {predictions['sentences']} sentences of {where}, but the gold has "
                f"{len(gold)}. Read the gold as the run did, from the same revision."
            )
        counts = count_entities(predictions["spans"], gold, f"run {row['key']}, {where}").sum(axis=0).tolist()
        stored = [row["scores"][name] for name in ("correct", "predicted", "gold")]
        if counts != stored:
            raise XnerError(
                f"run {row['key']}: its spans have {counts} correct, predicted and gold entities on {where}, but its "
                f"scores say {stored}. The gold is not the one that it was scored on, or the row was changed."
            )


def _check_sides(contrast: Contrast, arm: Row, against: Row) -> None:
    for name in SHARED:
        one, other = (_value(row["settings"], name) for row in (arm, against))
        if one != other:
            raise XnerError(
                f"contrast {contrast.name!r}: the runs {arm['key']} and {against['key']} differ in {name!r} ({one!r} "
                f"and {other!r}). Arms are compared with the same backbone and test set, after as much training."
            )


def _value(settings: Mapping[str, Any], name: str) -> Any:
    """What is False is off, as what is not there; see `settings_key`."""
    value = settings.get(name)
    return None if value is False else value
