"""What the rows of a study are reduced to."""

from __future__ import annotations

import pytest

from xner_hf.errors import XnerError
from xner_hf.study.parts import Contrast
from xner_hf.study.summary import plan_of, summarise

PRIMARY = Contrast("primary", "a+parse", "a")
GOLD = {"s1": [(0, 2, "PER")], "s2": [(1, 2, "LOC")], "s3": [], "s4": [(0, 1, "ORG"), (3, 5, "PER")]}


def test_a_cell_has_the_mean_and_deviation_of_the_runs_that_are_done(make_row) -> None:
    rows = [make_row("luo", "a", 1, 0.5), make_row("luo", "a", 2, 0.54), make_row("luo", "a", 3, None)]
    cell = summarise(rows).cells["a", "luo"]
    assert (cell.mean, cell.deviation) == (pytest.approx(0.52), pytest.approx(0.04 / 2**0.5))
    assert (cell.runs, cell.failed) == (2, 1)


def test_the_macro_mean_is_there_only_with_all_languages(make_row) -> None:
    rows = [make_row("luo", "a", 1, 0.5), make_row("wol", "a", 1, 0.3), make_row("luo", "b", 1, 0.6)]
    summary = summarise([*rows, make_row("wol", "b", 1, None)])
    assert summary.macro("a") == pytest.approx(0.4)
    assert summary.macro("b") is None
    planned = summarise(rows, plan={"a": {"luo": [1], "wol": [1], "bam": [1]}, "b": {"luo": [1]}})
    assert planned.macro("a") is None and planned.macro("b") is None


def test_a_contrast_has_effects_adjusted_p_and_a_mean_over_languages(make_row) -> None:
    rows = [make_row(one, "a", seed, 0.5) for one in ("luo", "wol") for seed in (1, 2, 3)]
    rows += [make_row("luo", "a+parse", seed, 0.52 + seed / 1000) for seed in (1, 2, 3)]
    rows += [make_row("wol", "a+parse", seed, 0.50 + seed / 100) for seed in (1, 2, 3)]
    summary = summarise(rows, [Contrast("other", "a", "a+parse"), PRIMARY])
    assert [one.contrast.name for one in summary.contrasts] == ["primary", "other"]
    luo, wol = summary.primary.languages
    assert (luo.effect.mean, wol.effect.mean) == (pytest.approx(0.022), pytest.approx(0.02))
    assert luo.holm == pytest.approx(2 * luo.effect.p)
    assert wol.holm == pytest.approx(wol.effect.p)
    assert summary.primary.mean.mean == pytest.approx(0.021)
    assert summary.primary.mean.pairs == 6


def test_one_language_has_no_mean_effect(make_row) -> None:
    summary = summarise([make_row("luo", "a", 1, 0.5), make_row("luo", "a+parse", 1, 0.6)], [PRIMARY])
    assert summary.primary.mean is None
    assert summary.primary.languages[0].effect.mean == pytest.approx(0.1)


def test_what_is_planned_and_not_there_is_without_a_pair(make_row) -> None:
    rows = [make_row("luo", "a", 1, 0.5), make_row("luo", "a+parse", 1, 0.6)]
    plan = {"a": {"luo": [1, 2, 3], "wol": [1, 2, 3], "bam": [1]}, "a+parse": {"luo": [1, 2], "wol": [1, 2]}}
    summary = summarise(rows, [PRIMARY], plan=plan)
    assert summary.languages == ("luo", "wol", "bam")
    assert summary.primary.without == ["wol"]
    assert [(line.language, line.missing) for line in summary.primary.languages] == [("luo", 1), ("wol", 2)]


def test_a_run_that_is_not_planned_is_refused(make_row) -> None:
    with pytest.raises(XnerError, match="the arm a is not planned for luo"):
        summarise([make_row("luo", "a", 1, 0.5)], plan={"a": {"wol": [1]}})


def test_several_backbones_are_refused(make_row) -> None:
    rows = [make_row("luo", "a", 1, 0.5), make_row("wol", "a", 1, 0.5, backbone="org/other")]
    with pytest.raises(XnerError, match="the backbones org/encoder, org/other"):
        summarise(rows)


def test_a_cell_of_runs_with_other_settings_is_refused_without_any_contrast(make_row) -> None:
    with pytest.raises(XnerError, match="luo, a: the runs .* differ in 'epochs'"):
        summarise([make_row("luo", "a", 1, 0.5), make_row("luo", "a", 2, 0.5, epochs=9.0)])


def test_runs_that_had_other_data_are_told(make_row) -> None:
    rows = [make_row("luo", "a", 1, 0.5), make_row("luo", "a", 2, 0.5), make_row("luo", "a", 3, None)]
    assert summarise(rows).notes == ()
    rows += [make_row("wol", "a", seed, 0.5) for seed in (1, 2)]
    rows[1]["signatures"] = rows[3]["signatures"] = {"sentences": "d2"}
    assert summarise(rows).notes == ("Runs that are averaged do not have the same data (sentences): a in luo, wol.",)
    noisy = [make_row("luo", "gold", seed, 0.5, noise=0.2) for seed in (1, 2)]
    noisy[1]["signatures"] = {"sentences": "d2"}
    assert summarise(noisy).notes == ()


def test_runs_that_predict_nothing_are_told(make_row, predicted) -> None:
    rows = [
        predicted(make_row("luo", "a", seed, 0.0), {"s1": [[0, 2, "PER"]]} if seed < 3 else {}) for seed in (1, 2, 3)
    ]
    assert summarise(rows[:2]).notes == ()
    assert summarise([*rows, make_row("luo", "a", 4, None)]).notes == (
        "a in luo: 1 of 4 runs predict no entity at all, mostly after too few steps.",
    )


def test_a_test_set_is_read_once_and_one_that_cannot_be_had_leaves_no_bootstrap(make_row, predicted) -> None:
    rows = [
        predicted(make_row(language, label, seed, 0.0), {"s1": [[0, 2, "PER"]], "s2": [[0, 1, found]]})
        for language in ("luo", "wol")
        for label, found in (("a", "ORG"), ("a+parse", "PER"))
        for seed in (1, 2)
    ]
    asked = []

    def gold(reference: str, split: str):
        asked.append((reference, split))
        return GOLD if reference == "org/gold:luo" else None

    luo, wol = summarise(rows, [PRIMARY], gold).primary.languages
    assert asked == [("org/gold:luo", "test"), ("org/gold:wol", "test")]
    assert [line.bootstrap.difference for line in luo.seeds] == [0.0, 0.0]
    assert [line.bootstrap for line in wol.seeds] == [None, None]


def test_arms_stand_in_the_order_of_training_and_languages_by_name(make_row) -> None:
    labels = ["gold", "zzz", "distill", "projected+parse", "projected", "direct"]
    rows = [make_row("wol", label, 1, 0.5) for label in labels] + [make_row("luo", "direct", 1, 0.5)]
    assert plan_of(rows) == {
        "direct": {"luo": [1], "wol": [1]},
        "projected": {"wol": [1]},
        "projected+parse": {"wol": [1]},
        "distill": {"wol": [1]},
        "gold": {"wol": [1]},
        "zzz": {"wol": [1]},
    }


def test_without_rows_there_is_an_empty_summary() -> None:
    summary = summarise([], [PRIMARY])
    assert (summary.backbone, summary.languages, summary.primary.mean) == (None, (), None)
