"""Choosing a projection method without gold."""

from __future__ import annotations

import json

import pytest

from xner_hf.align import Link
from xner_hf.corpora.sentence import Pair
from xner_hf.errors import NotAvailable, XnerError
from xner_hf.evaluation.tuning import Row, contenders, pick, rank, tune
from xner_hf.pipeline.progress import Progress
from xner_hf.project.projector import PROJECTED, UNALIGNED, ProjectedSpan, lost
from xner_hf.recipe import load_recipe
from xner_hf.registry import make
from xner_hf.spans import Span

PAIR = Pair("0", ["Amina", "saw", "Kano"], ["Kano", "ta", "gani", "Amina"], [Span(0, 1, "PER"), Span(2, 3, "LOC")])
LINKS = [Link(0, 3, 0.9), Link(1, 2, 0.8), Link(2, 0, 0.9)]


class At:
    """Projects entity number i of any sentence onto the i-th of the given words; None loses it."""

    def __init__(self, *words):
        self._words = words

    def project(self, pair):
        return [
            lost(span, number, UNALIGNED)
            if self._words[number] is None
            else ProjectedSpan(self._words[number], self._words[number] + 1, span.label, 0.5, number, PROJECTED)
            for number, span in enumerate(pair.spans)
        ]


def real():
    configs = contenders("hau")
    return {name: make("projector", one.method, one.settings) for name, one in configs.items() if name != "fused"}


def test_agreement_and_round_trip_of_hand_checked_projections():
    both, one, none = At(2, 0), At(2, None), At(None, None)
    rows = {row.method: row for row in rank([PAIR], [LINKS], {"both": both, "one": one, "none": none})}
    assert [rows[name].projected for name in ("both", "one", "none")] == [2, 1, 0]
    # Both against one: 1 of 2 and 1 entities; nothing agrees with none.
    assert rows["both"].agreement == rows["one"].agreement == pytest.approx((2 / 3 + 0) / 2)
    assert rows["none"].agreement == 0
    # LOC stands first in the target, so it goes back to word 2 and PER to word 0: both are in place. With PER alone in
    # the target it is the first, and goes to word 2.
    assert rows["one"].round_trip == 0 == rows["none"].round_trip == rows["none"].mean
    assert rows["both"].round_trip == 1 and rows["both"].mean == pytest.approx(2 / 3)


def test_a_method_that_links_comes_back_over_the_swapped_links():
    rows = {row.method: row for row in rank([PAIR], [LINKS], real())}
    assert rows["heuristic"].projected == rows["candidates"].projected == 2
    assert rows["heuristic"].round_trip == rows["candidates"].round_trip == 1
    assert rows["heuristic"].mean == (rows["heuristic"].agreement + 1) / 2


def test_entities_that_are_lost_on_the_way_count_against_the_round_trip():
    rows = {row.method: row for row in rank([PAIR], [LINKS[:2]], real())}
    assert rows["heuristic"].projected == 1
    assert rows["heuristic"].round_trip == pytest.approx(2 / 3)  # precision 1, recall .5


def test_a_method_that_makes_garbage_is_ranked_last():
    pairs = [PAIR, Pair("1", ["Zaria", "is", "far"], ["Zaria", "na", "da", "nisa"], [Span(0, 1, "LOC")])]
    links = [LINKS, [Link(0, 0, 1.0), Link(2, 3, 0.7)]]
    rows = rank(pairs, links, {"garbage": At(1, 2), **real()})
    assert rows[-1].method == "garbage" and rows[-1].projected == 3 and rows[-1].agreement == 0
    assert [row.mean for row in rows] == sorted((row.mean for row in rows), reverse=True)


def test_equals_keep_their_order_and_one_method_alone_cannot_be_compared():
    assert [row.method for row in rank([PAIR], [LINKS], {"b": At(0, 2), "a": At(0, 2)})] == ["b", "a"]
    with pytest.raises(XnerError, match="two or more"):
        rank([PAIR], [LINKS], {"a": At(0, 2)})


def test_the_pick_is_written_into_the_recipe_and_comes_back_from_its_file(tmp_path):
    tuning = tune("Hausa", 60, {"validation_percent": 0}, recipe="sample")
    assert tuning.pairs == 60 and tuning.entities > 60
    assert {row.method for row in tuning.rows} == set(contenders("hau"))
    assert tuning.recipe.projector == contenders("hau")[tuning.picked]
    assert tuning.rows[0].mean == max(row.mean for row in tuning.rows) > 0.5
    assert (tuning.recipe.language, tuning.recipe.validation_percent) == ("hau", 0)
    path = tmp_path / "hau.yaml"
    path.write_text(tuning.recipe.to_yaml(), encoding="utf-8")
    assert load_recipe(path) == tuning.recipe


def test_tuning_is_deterministic_and_never_takes_more_pairs_than_there_are():
    assert tune("hau", 40, recipe="sample") == tune("hau", 40, recipe="sample")
    assert tune("hau", 1000, recipe="sample").pairs == 160


def test_evaluation_sentences_and_empty_sides_are_left_out_and_a_tagger_labels_the_rest(mirror):
    tuning = tune("hau")
    # 16 rows, of which 3 have an empty side, 2 are in the leakage table and 2 are gold sentences.
    assert (tuning.pairs, tuning.entities) == (9, 12)
    assert tune("hau", overrides={"limit": 3}).pairs == 3


def test_progress_is_told_of_every_step_and_of_the_end_even_after_an_error(tmp_path):
    class Told(Progress):
        def __init__(self):
            self.events = []

        def stage(self, name, total):
            self.events.append((name, total))
            return lambda done: self.events.append(done)

        def finish(self):
            self.events.append("finished")

    told = Told()
    tune("hau", 5, progress=told, recipe="sample")
    stages = [("text", None), 160, ("train aligner", None), ("align", 5), 5, ("compare", 6), 6]
    assert told.events == [*stages, "finished"]
    path = tmp_path / "my.jsonl"
    path.write_text(json.dumps({"source_tokens": ["It", "rained"], "target_tokens": ["Ruwa"], "source_entities": []}))
    told = Told()
    with pytest.raises(XnerError, match="no entity"):
        tune("hau", progress=told, recipe="translate-train", overrides={"text.corpus": str(path)})
    assert told.events[-1] == "finished"


@pytest.mark.parametrize("key", ["projector", "projector.method", "projector.max_words"])
def test_a_setting_of_the_projector_is_refused(key):
    with pytest.raises(XnerError, match=f"{key} is what tuning chooses"):
        tune("hau", overrides={key: "heuristic"}, recipe="sample")


def test_an_unknown_language_and_a_limit_of_none_are_refused():
    with pytest.raises(XnerError, match="'hausa'"):
        tune("hasua")
    with pytest.raises(XnerError, match="limit is 0"):
        tune("hau", 0, recipe="sample")


def test_a_missing_input_is_named_before_the_tagger_is_loaded(mirror):
    (mirror / "models" / "dslim" / "bert-base-NER" / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(NotAvailable, match="mine.tsv"):
        tune("hau", overrides={"aligner.extra_parallel": ["mine.tsv"]})


def test_the_default_is_kept_unless_another_leads_clearly():
    fused, ahead = Row("fused", 9, 0.70, 0.70), Row("candidates", 9, 0.94, 0.95)
    assert pick([ahead, fused]) == fused
    clearly = Row("candidates", 9, 0.96, 0.96)
    assert pick([clearly, fused]) == clearly
    assert pick([ahead, clearly]) == ahead  # without the default the best is taken
