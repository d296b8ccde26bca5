from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from xner_hf.align.aligner import Link
from xner_hf.errors import XnerError
from xner_hf.project.fitting import THRESHOLDS, Example, fit
from xner_hf.project.fused import FEATURES, FusedConfig, FusedProjector, evidence, probabilities
from xner_hf.project.matching import candidate_spans
from xner_hf.project.scores import Candidates
from xner_hf.project.sentence_pair import SentencePair
from xner_hf.spans import NER_LABELS, Span

NAMES = ["Kano", "Zaria", "Ibadan", "Onitsha", "Mombasa", "Kumasi", "Lomé", "Bamako"]
OTHERS = ["kwv", "jjxx", "pqy", "zuzu", "wxwx", "vyvy"]


def example(seed, right):
    """One name, copied to one place and linked to another; `right` says which of the two is gold."""
    dice = random.Random(seed)
    target = dice.sample(OTHERS, 5)
    copied, linked = dice.sample(range(5), 2)
    name = dice.choice(NAMES)
    target[copied] = name
    at = {"copied": copied, "linked": linked}.get(right)
    gold = [] if at is None else [Span(at, at + 1, "LOC")]
    pair = SentencePair(["in", name], [Span(1, 2, "LOC", 0.9)], target, [Link(1, linked, 0.9)])
    return Example(pair, gold)


def changed(one, **fields):
    return one._replace(pair=replace(one.pair, **fields))


def f1(examples, weights, threshold, solver="exact"):
    projector = FusedProjector(FusedConfig(weights=weights, null_threshold=threshold, solver=solver))
    correct = predicted = gold = 0
    for one in examples:
        fates = projector.project(one.pair)
        found = {(fate.start, fate.end, fate.label) for fate in fates if fate.status == "projected"}
        wanted = {span[:3] for span in one.gold}
        correct, predicted, gold = correct + len(found & wanted), predicted + len(found), gold + len(wanted)
    return 2 * correct / (predicted + gold) if predicted + gold else 0.0


def test_where_copies_are_right_and_links_wrong_copies_count_and_links_do_not():
    weights, threshold = fit([[example(seed, "copied") for seed in range(40)]])
    assert max(weights[name] for name in ("copied", "spelling", "spelling_close")) > 0
    assert weights["alignment"] + weights["alignment_count"] < 0
    assert f1([example(seed, "copied") for seed in range(100, 140)], weights, threshold) == 1.0


def test_where_links_are_right_and_copies_wrong_it_is_the_other_way_round():
    weights, threshold = fit([[example(seed, "linked") for seed in range(40)]])
    assert weights["alignment"] + weights["alignment_count"] > 0
    assert f1([example(seed, "linked") for seed in range(100, 140)], weights, threshold) == 1.0


def test_entities_without_gold_teach_when_to_leave_one_unprojected():
    def doubtful(seed):
        one = example(seed, None)
        return changed(one, spans=[one.pair.spans[0]._replace(score=0.2)])

    def mixed(seeds):
        return [doubtful(seed) if seed % 2 else example(seed, "copied") for seed in seeds]

    weights, threshold = fit([mixed(range(60))])
    assert weights["source_score"] > 0
    projector = FusedProjector(FusedConfig(weights=weights, null_threshold=threshold))
    for one in mixed(range(100, 140)):
        (fate,) = projector.project(one.pair)
        assert fate.status == ("projected" if one.gold else "low_score")
    assert f1(mixed(range(100, 140)), weights, threshold) == 1.0


def test_the_same_examples_give_the_same_weights_in_plain_numbers():
    groups = [[example(seed, "copied") for seed in range(20)], [example(seed, "linked") for seed in range(20)]]
    weights, threshold = fit(groups)
    assert fit([iter(group) for group in groups]) == (weights, threshold)
    assert all(type(value) is float for value in weights.values())
    assert type(threshold) is float and threshold in THRESHOLDS
    assert set(weights) <= {*FEATURES, "bias"} and "bias" in weights
    FusedConfig(weights=weights, null_threshold=threshold)


def test_a_score_that_never_varies_gets_no_weight():
    # The mean of many 0.9 is not 0.9 to the last digit.
    weights, _ = fit([[example(seed, "copied") for seed in range(20)]])
    assert "tagger" not in weights
    assert "source_score" not in weights


def test_only_the_scores_that_are_asked_for_have_a_weight():
    examples = [example(seed, "copied") for seed in range(20)]
    assert fit([examples], features=("copied", "alignment"))[0].keys() == {"copied", "alignment", "bias"}


def test_the_score_of_a_target_tagger_is_weighed_where_there_is_one():
    def tagged(seed):
        one = example(seed, "linked" if seed % 2 else "copied")
        tags = ["O"] * len(one.pair.target)
        tags[one.gold[0].start] = "B-LOC"
        return changed(one, target_labels=np.eye(len(NER_LABELS))[[NER_LABELS.index(tag) for tag in tags]])

    weights, threshold = fit([[tagged(seed) for seed in range(40)]])
    assert weights["tagger"] > 0
    assert f1([tagged(seed) for seed in range(100, 140)], weights, threshold) == 1.0


def test_sentences_without_entities_or_candidates_take_part_only_in_the_threshold():
    group = [example(seed, "copied") for seed in range(20)]
    empty = [
        Example(SentencePair(["a"], [], ["a", "b"], []), []),
        Example(SentencePair(["a"], [], [], []), []),
        Example(SentencePair(["Kano"], [Span(0, 1, "LOC")], [".", "»"], []), []),
        Example(SentencePair(["Kano"], [Span(0, 1, "LOC")], ["zz"], []), [Span(0, 1, "LOC")]),
    ]
    assert fit([[*empty, *group]])[0] == fit([group])[0]


class TestNoLikelierWeights:
    """The weights are a maximum of the likelihood, computed here from its definition."""

    @staticmethod
    def loss(examples, weights):
        vector, bias = np.array([weights.get(name, 0.0) for name in FEATURES]), weights["bias"]
        losses = []
        for one in examples:
            starts, ends = candidate_spans(one.pair.target, 10, "ngram", None)
            features, live = evidence(one.pair, Candidates(starts, ends))
            gold = {(span.start, span.end) for span in one.gold}
            right = np.array([bound in gold for bound in zip(starts.tolist(), ends.tolist(), strict=True)])
            for row, chances in zip(live, probabilities(features, live, vector, bias), strict=True):
                if row.any():
                    losses.append(-np.log(chances[right].sum() if (row & right).any() else 1 - chances.sum()))
        return np.mean(losses)

    def test_a_step_in_any_direction_makes_the_gold_less_likely(self):
        dice = random.Random(3)
        examples = [example(seed, dice.choice(["copied", "copied", "linked", None])) for seed in range(60)]
        weights, _ = fit([examples])
        best = self.loss(examples, weights)
        for name in weights:
            for step in (-0.3, 0.3):
                assert self.loss(examples, {**weights, name: weights[name] + step}) > best - 1e-5, name
        assert self.loss(examples, {**weights, "bias": weights["bias"] + 1}) > best + 0.01


class TestThreshold:
    def test_it_maximises_the_mean_f1_of_the_groups_however_large_they_are(self):
        # In the large group a name that is only linked is wrong, in the small one it is right.
        def group(seeds, right):
            return [example(seed, "copied") for seed in seeds] + [
                changed(one, target=[word if word in OTHERS else "qq" for word in one.pair.target])
                for one in (example(seed, right) for seed in seeds)
            ]

        large, small = group(range(60), None), group(range(20), "linked")
        weights, threshold = fit([large, small])
        mean = {tau: sum(f1(one, weights, tau, "greedy") for one in (large, small)) / 2 for tau in THRESHOLDS}
        pooled = {tau: f1([*large, *small], weights, tau, "greedy") for tau in THRESHOLDS}
        assert mean[threshold] == max(mean.values())
        assert pooled[threshold] < max(pooled.values())


class TestNothingToFitOn:
    @pytest.mark.parametrize(
        "groups",
        [
            [],
            [[]],
            [[Example(SentencePair(["a"], [], ["a"], []), [Span(0, 1, "LOC")])]],
            [[example(1, None)]],
            [[changed(example(1, "copied"), spans=[Span(1, 2, "PER", 0.9)])]],
            [[Example(SentencePair(["Kano"], [Span(0, 1, "LOC")], ["zz"], []), [Span(0, 1, "LOC")])]],
        ],
        ids=["no groups", "no examples", "no entities", "no gold", "gold of another type", "no evidence for the gold"],
    )
    def test_it_is_refused(self, groups):
        with pytest.raises(XnerError, match="nothing to fit weights on"):
            fit(groups)
