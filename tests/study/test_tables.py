"""Tables of a study: what they say, and that the same rows give the same bytes."""

from __future__ import annotations

import csv
import io
import json
import random

import pytest

from xner_hf.study.parts import Contrast
from xner_hf.study.summary import summarise
from xner_hf.study.tables import answer, as_json, contrast_markdown, csv_texts, f1_markdown, markdown

PRIMARY = Contrast("primary", "projected+parse", "projected")
CONTROL = Contrast("text", "projected+parse", "projected+text")
PLAN = {arm: dict.fromkeys(["bam", "luo", "wol"], [1, 2, 3]) for arm in ("projected", "projected+parse")}
PLAN["projected+text"] = dict.fromkeys(["luo", "wol"], [1, 2, 3])
F1 = {  # by language: projected, projected+parse
    "luo": ((0.50, 0.51, 0.52), (0.53, 0.55, 0.54)),
    "wol": ((0.30, 0.31, 0.32), (0.30, 0.32, 0.31)),
    "bam": ((0.40, 0.42, None), (0.41, 0.40, 0.44)),
}


@pytest.fixture
def rows(make_row) -> list:
    """Return rows of which one failed."""
    arms = ("projected", "projected+parse")
    found = [
        make_row(language, arm, seed, f1)
        for language, scores in F1.items()
        for arm, of_arm in zip(arms, scores, strict=True)
        for seed, f1 in enumerate(of_arm, 1)
    ]
    return [*found, make_row("luo", "projected+text", 1, None), make_row("wol", "projected+text", 1, 0.33)]


@pytest.fixture
def summary(rows):
    """Return their summary with two contrasts."""
    return summarise(rows, [PRIMARY, CONTROL], plan=PLAN)


def test_f1_has_means_deviations_numbers_of_runs_and_failures(summary) -> None:
    assert f1_markdown(summary).splitlines()[2:] == [
        "|  | bam | luo | wol | mean |",
        "| --- | --- | --- | --- | --- |",
        "| `projected` | 41.00 ± 1.41 (2), failed (1) | 51.00 ± 1.00 (3) | 31.00 ± 1.00 (3) | 41.00 |",
        "| `projected+parse` | 41.67 ± 2.08 (3) | 54.00 ± 1.00 (3) | 31.00 ± 1.00 (3) | 42.22 |",
        "| `projected+text` | - | failed (1) | 33.00 (1) | - |",
    ]
    assert "Backbone: org/encoder." in f1_markdown(summary)


def test_a_contrast_has_a_line_for_each_language_and_one_for_each_of_its_pairs(summary) -> None:
    lines = contrast_markdown(summary.primary).splitlines()
    assert lines[2:7] == [
        "|  | difference | deviation | pairs | 95 % interval | p (Holm) | detectable |  |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| bam | -0.50 | 2.12 | 2, failed (1) | [-19.56, +18.56] | 1.000 | 24.50 | no difference shown |",
        "| luo | +3.00 | 1.00 | 3 | [+0.52, +5.48] | 0.105 | 3.26 | no difference shown |",
        "| wol | 0.00 | 1.00 | 3 | [-2.48, +2.48] | 1.000 | 3.26 | no difference shown |",
    ]
    assert "| luo | +3.00 | +4.00 | +2.00 |" in lines
    assert "| bam | +1.00 | -2.00 | - |" in lines
    assert lines[-1] == "No bootstrap for bam, luo, wol: the gold labels of the test set are not at hand."


def test_the_answer_says_effect_interval_and_what_could_have_been_found(summary) -> None:
    text = answer(summary.primary)
    effect = summary.primary.mean
    assert text.startswith(f"Mean effect **{100 * effect.mean:+.2f}** points of F1 over 3 languages and 8 pairs")
    assert f"[{100 * effect.low:+.2f}, {100 * effect.high:+.2f}]" in text
    assert f"**no difference shown** (detectable: {100 * effect.detectable:.2f})" in text
    assert "plain mean of the languages' means +0.83" in text


def test_a_clear_effect_is_called_higher_or_lower(make_row) -> None:
    rows = [make_row(language, "a", seed, 0.4) for language in ("luo", "wol", "bam", "ewe") for seed in (1, 2)]
    rows += [
        make_row(language, "b", seed, 0.5 + i / 1000 + seed / 1000)
        for i, language in enumerate(("luo", "wol", "bam", "ewe"))
        for seed in (1, 2)
    ]
    summary = summarise(rows, [Contrast("primary", "b", "a"), Contrast("back", "a", "b")])
    assert "**higher**" in answer(summary.contrasts[0])
    assert "**lower**" in answer(summary.contrasts[1])


def test_a_language_without_a_pair_is_named(summary) -> None:
    text = contrast_markdown(summary.contrasts[1])
    assert "no mean effect yet. Without a pair: luo." in text
    assert "| luo | - | - | 0, failed (1), missing (2) | - | - | - | no pair |" in text
    assert "| wol | -3.00 | - | 1, missing (2) | - | - | - | no test |" in text


def test_markdown_begins_with_the_primary_contrast(summary) -> None:
    text = markdown(summary)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == ["### The primary contrast", "### Other contrasts", "#### text", "### F1"]


def test_json_begins_with_the_primary_contrast_in_full_precision(summary) -> None:
    table = json.loads(json.dumps(as_json(summary)))
    assert next(iter(table)) == "primary"
    assert list(table["primary"])[:5] == ["contrast", "mean", "low", "high", "languages"]
    assert table["primary"]["contrast"] == {"name": "primary", "arm": "projected+parse", "against": "projected"}
    assert table["primary"]["mean"] == summary.primary.mean.mean
    assert list(table["primary"]["languages"]) == ["bam", "luo", "wol"]
    luo = table["primary"]["languages"]["luo"]
    assert luo["seeds"][0]["difference"] == 0.53 - 0.5
    assert (luo["pairs"], luo["p_holm"]) == (3, summary.primary.languages[1].holm)
    assert table["contrasts"][0]["mean"] is None
    assert table["contrasts"][0]["languages"]["luo"]["mean"] is None
    assert table["f1"]["projected+text"]["languages"]["luo"] == {
        "mean": None,
        "deviation": None,
        "runs": 0,
        "failed": 1,
    }


def test_json_without_a_primary_contrast_says_so(rows) -> None:
    assert as_json(summarise(rows, [CONTROL]))["primary"] is None


def test_csv_can_be_read_back_to_the_last_digit(summary) -> None:
    texts = csv_texts(summary)
    assert list(texts) == ["f1", "contrasts", "pairs"]
    read = {name: list(csv.DictReader(io.StringIO(text))) for name, text in texts.items()}
    first = read["contrasts"][0]
    assert (first["contrast"], first["language"]) == ("primary", "mean effect")
    assert float(first["mean"]) == summary.primary.mean.mean
    assert float(first["error"]) == summary.primary.mean.error
    luo = next(one for one in read["contrasts"] if (one["contrast"], one["language"]) == ("text", "luo"))
    assert (luo["mean"], luo["pairs"], luo["failed"], luo["missing"]) == ("", "0", "1", "2")
    assert float(read["pairs"][0]["difference"]) == 0.41 - 0.40
    assert {one["failed"] for one in read["f1"] if one["language"] == "bam"} == {"0", "1"}
    assert all(len(one) == len(read[name][0]) and None not in one for name in read for one in read[name])


def test_the_order_of_the_rows_does_not_change_a_byte(rows, summary) -> None:
    for seed in range(5):
        mixed = summarise(random.Random(seed).sample(rows, len(rows)), [PRIMARY, CONTROL], plan=PLAN)
        assert markdown(mixed) == markdown(summary)
        assert csv_texts(mixed) == csv_texts(summary)
        assert json.dumps(as_json(mixed)) == json.dumps(as_json(summary))


def test_brackets_of_a_pair_are_its_bootstrap_over_sentences(make_row, predicted) -> None:
    gold = {"s1": [(0, 2, "PER")], "s2": [(1, 2, "LOC")], "s3": [], "s4": [(0, 1, "ORG"), (3, 5, "PER")]}
    spans = {"s1": [[0, 2, "PER"]]}
    rows = [predicted(make_row("luo", arm, 1, 0.0), spans) for arm in ("projected", "projected+parse")]
    text = contrast_markdown(summarise(rows, [PRIMARY], lambda reference, split: gold).primary)
    assert "| luo | 0.00 [0.00, 0.00] |" in text
    assert "No bootstrap" not in text


def test_tables_of_an_empty_study_can_be_made() -> None:
    summary = summarise([], [PRIMARY])
    assert "no mean effect yet" in markdown(summary)
    assert as_json(summary)["primary"]["mean"] is None
    assert csv_texts(summary)["pairs"].count("\n") == 1
