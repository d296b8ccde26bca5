"""The registry of aligners: what is known, what is refused, what is trained and what is loaded."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import asdict

import pytest

from xner_hf.align.combined import CombinedAligner
from xner_hf.align.encoder import EncoderAligner
from xner_hf.align.none import NoAligner
from xner_hf.align.reference import SimAlignAligner
from xner_hf.align.statistical import StatisticalAligner, StatisticalConfig
from xner_hf.errors import XnerError
from xner_hf.registry import make, methods, settings_of

PAIRS = [(["red", "house"], ["gida", "ja"]), (["red"], ["ja"]), (["house"], ["gida"])] * 5
SOURCES, TARGETS = [source for source, _ in PAIRS], [target for _, target in PAIRS]


def text():
    return iter(PAIRS)


def no_text():
    pytest.fail("the text was asked for")


def refused(*says, method, **settings):
    with pytest.raises(XnerError) as caught:
        settings_of("aligner", method, settings)
    for one in says:
        assert one in str(caught.value)
    with pytest.raises(XnerError):
        make("aligner", method, settings, no_text, "nowhere")


@pytest.fixture
def kept(tmp_path):
    """The folder of a trained model."""
    StatisticalAligner.train(text(), tmp_path / "kept")
    return tmp_path / "kept"


class TestSettings:
    def test_what_is_not_given_has_its_default(self):
        assert settings_of("aligner", "statistical", {}) == StatisticalConfig(stem=5, model=None)
        assert asdict(settings_of("aligner", "none", {})) == {}
        combined = settings_of("aligner", "combined", {"members": [{"method": "none"}]})
        assert (combined.weights, combined.threshold) == (None, 0.25)

    def test_every_setting_of_every_method_is_explained(self):
        for config in methods("aligner").values():
            assert all(field.metadata["help"] for field in config.__dataclass_fields__.values())

    def test_an_unknown_method_is_refused_with_the_nearest_and_all_that_exist(self):
        known = "Known: combined, encoder, none, simalign, statistical."
        refused("unknown aligner 'encodr'. Did you mean 'encoder'?", known, method="encodr")
        refused("unknown aligner 'xyz'. Known", known, method="xyz")

    @pytest.mark.parametrize("method", [None, 3, ["none"], {"method": "none"}])
    def test_a_method_that_is_no_name_is_refused(self, method):
        refused(f"unknown aligner {method!r}", method=method)

    @pytest.mark.parametrize(
        ("method", "settings", "says"),
        [
            ("statistical", {"stme": 3}, "the aligner 'statistical' has no key 'stme'. Did you mean 'stem'?"),
            ("statistical", {"layer": 3}, "the aligner 'statistical' has no key 'layer'. It has: stem, model."),
            ("statistical", {"stem": "five"}, "the aligner 'statistical': stem is 'five'"),
            ("statistical", {"stem": -1}, "aligner.stem is -1"),
            ("statistical", {"model": "gone"}, "`xner align PAIRS --keep gone` trains one there"),
            ("none", {"stem": 3}, "the aligner 'none' has no key 'stem'"),
            ("encoder", {}, "the aligner 'encoder' lacks the key 'model'"),
            ("simalign", {"model": "a/b", "extraction": "softmax"}, "aligner.extraction is 'softmax'"),
        ],
    )
    def test_a_setting_that_does_not_fit_is_refused_by_name(self, method, settings, says):
        refused(says, method=method, **settings)

    def test_a_folder_that_holds_no_model_is_refused_and_one_that_does_is_taken(self, tmp_path, kept):
        refused(f"aligner.model {str(tmp_path)!r}", method="statistical", model=str(tmp_path))
        assert settings_of("aligner", "statistical", {"model": str(kept)}).model == str(kept)


class TestMembers:
    NONE = {"method": "none"}

    @pytest.mark.parametrize(
        ("settings", "says"),
        [
            ({}, "the aligner 'combined' lacks the key 'members'"),
            ({"members": []}, "at least one member"),
            ({"members": "statistical"}, "aligner.members is 'statistical'; it is a list of aligners"),
            ({"members": NONE}, "it is a list of aligners"),
            ({"members": ["none"]}, "it is a list of aligners"),
            ({"members": [NONE, {}]}, "member 2 of aligner.members: {} lacks the key 'method'"),
            ({"members": [{"method": "nonn"}]}, "member 1 of aligner.members: unknown aligner 'nonn'"),
            ({"members": [{"method": ["none"]}]}, "member 1 of aligner.members: unknown aligner ['none']"),
            (
                {"members": [NONE, {"method": "statistical", "steem": 3}]},
                "member 2 of aligner.members: the aligner 'statistical' has no key 'steem'. Did you mean 'stem'?",
            ),
            (
                {"members": [NONE, {"method": "combined", "members": [NONE, NONE, {"method": "encoder"}]}]},
                "member 2 of aligner.members: member 3 of aligner.members: the aligner 'encoder' lacks the key",
            ),
            ({"members": [NONE], "weights": [1, 2]}, "1 members and 2 weights"),
            ({"members": [NONE], "weights": [-1]}, "weight 1 of the combined aligner is -1"),
            ({"members": [NONE], "weights": ["1"]}, "aligner.weights is ['1']; it is a list of numbers"),
            ({"members": [NONE], "weights": 1}, "aligner.weights is 1; it is a list of numbers"),
            ({"members": [NONE], "weights": [True]}, "aligner.weights is [True]; it is a list of numbers"),
            ({"members": [NONE], "threshold": 2}, "aligner.threshold is 2; it must be in [0, 1]"),
        ],
    )
    def test_members_and_votes_that_do_not_fit_are_refused_by_name(self, settings, says):
        refused(says, method="combined", **settings)

    def test_checking_leaves_the_settings_as_they_were(self):
        settings = {"members": [{"method": "statistical", "stem": 3}]}
        settings_of("aligner", "combined", settings)
        assert settings == {"members": [{"method": "statistical", "stem": 3}]}


class TestInputs:
    def test_a_combined_aligner_reads_what_its_members_read_however_deep(self):
        inner = {"method": "combined", "members": [{"method": "none"}, {"method": "simalign", "model": "c/d"}]}
        own = settings_of("aligner", "combined", {"members": [{"method": "encoder", "model": "a/b"}, inner]})
        assert [(one.kind, one.name) for one in own.inputs()] == [("model", "a/b"), ("model", "c/d")]
        assert {"torch", "simalign"} <= own.state()["packages"].keys()

    @pytest.mark.parametrize(
        ("method", "settings", "expected"),
        [
            ("statistical", {}, True),
            ("encoder", {"model": "a/b"}, False),
            ("simalign", {"model": "a/b"}, False),
            ("none", {}, False),
            ("combined", {"members": [{"method": "none"}, {"method": "encoder", "model": "a/b"}]}, False),
            ("combined", {"members": [{"method": "none"}, {"method": "statistical"}]}, True),
        ],
    )
    def test_those_learn_that_are_trained_on_the_text(self, method, settings, expected):
        assert settings_of("aligner", method, settings).is_trained == expected

    def test_a_model_that_was_trained_before_learns_nothing(self, kept):
        assert not settings_of("aligner", "statistical", {"model": str(kept)}).is_trained
        members = [{"method": "statistical", "model": str(kept)}]
        assert not settings_of("aligner", "combined", {"members": members}).is_trained


class TestMaking:
    def test_none_gives_no_links_and_reads_no_text(self, tmp_path):
        aligner = make("aligner", "none", {}, no_text, tmp_path / "model")
        assert aligner.align(SOURCES, TARGETS) == [[] for _ in PAIRS]
        assert list(tmp_path.iterdir()) == []

    def test_no_aligner_keeps_the_number_of_pairs(self):
        assert NoAligner().align([["a"], [], ["b"]], [["c"], ["d"], []]) == [[], [], []]
        assert NoAligner().align([], []) == []
        with pytest.raises(ValueError):
            NoAligner().align([["a"]], [])

    def test_the_statistical_aligner_is_trained_once_and_found_in_its_folder(self, tmp_path):
        links = make("aligner", "statistical", {}, text, tmp_path / "model").align(SOURCES, TARGETS)
        assert {link[:2] for link in links[0]} == {(0, 1), (1, 0)}
        assert make("aligner", "statistical", {}, no_text, tmp_path / "model").align(SOURCES, TARGETS) == links

    def test_its_settings_reach_the_training(self, tmp_path):
        words = [(["redder"], ["a"]), (["redden"], ["b"])] * 5
        for stem, same in ((0, False), (3, True)):
            aligner = make("aligner", "statistical", {"stem": stem}, lambda: words, tmp_path / str(stem))
            one, other = aligner.align([["redder"], ["redden"]], [["a"], ["a"]])
            assert (one == other) == same  # of three letters both are the same word

    def test_a_kept_model_is_loaded_without_training_and_gives_the_same_links(self, tmp_path, kept):
        aligner = make("aligner", "statistical", {"model": str(kept)}, no_text, tmp_path / "model")
        assert aligner.align(SOURCES, TARGETS) == StatisticalAligner(kept).align(SOURCES, TARGETS)
        assert not (tmp_path / "model").exists()

    def test_a_kept_model_keeps_the_stem_that_it_was_trained_with(self, tmp_path):
        words = [(["redder", "dog"], ["a", "b"]), (["dog"], ["b"])] * 5
        make("aligner", "statistical", {"stem": 3}, lambda: words, tmp_path / "kept")
        aligner = make("aligner", "statistical", {"model": str(tmp_path / "kept")}, no_text, tmp_path / "model")
        one, other, third = aligner.align([["redcap"], ["redder"], ["rest"]], [["a"]] * 3)
        assert one == other != third

    def test_without_anything_to_train_on_the_statistical_aligner_is_refused(self, tmp_path):
        with pytest.raises(XnerError, match="no pair with words on both sides"):
            make("aligner", "statistical", {}, lambda: [(["a"], [])], tmp_path / "model")
        assert list(tmp_path.iterdir()) == []

    def test_an_encoder_is_loaded_and_reads_no_text(self, tmp_path, bert, one_thread):
        for method, kind in (("encoder", EncoderAligner), ("simalign", SimAlignAligner)):
            settings = {"model": bert, "layer": 1, "extraction": "argmax"}
            aligner = make("aligner", method, settings, no_text, tmp_path / "model")
            assert isinstance(aligner, kind)
            (links,) = aligner.align([["red"]], [["ja"]])
            assert [link[:2] for link in links] == [(0, 0)]

    def test_where_sil_thot_has_no_wheel_a_kept_model_still_aligns_and_training_says_what_to_use(self, tmp_path, kept):
        code = f"""
import sys
sys.modules["thot"] = None  # as on a machine without the package
from pathlib import Path
from xner_hf.errors import XnerError
from xner_hf.registry import make, settings_of
kept = {str(kept)!r}
make("aligner", "statistical", {{"model": kept}}, None, Path("unused")).align([["red"]], [["ja"]])
for method, settings in (("statistical", {{}}), ("combined", {{"members": [{{"method": "statistical"}}]}})):
    try:
        settings_of("aligner", method, settings).check()
    except XnerError as error:
        assert "--aligner encoder" in str(error) and "pip install sil-thot" in str(error), error
    else:
        raise SystemExit("no refusal")
for method, settings in (("none", {{}}), ("statistical", {{"model": kept}})):
    settings_of("aligner", method, settings).check()
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr


class TestCombining:
    MEMBERS = [{"method": "statistical"}, {"method": "none"}, {"method": "statistical", "stem": 1}]

    def test_members_are_made_with_their_own_settings_each_in_a_folder_of_its_own(self, tmp_path):
        settings = {"members": self.MEMBERS, "weights": [2, 1, 1], "threshold": 0}
        aligner = make("aligner", "combined", settings, text, tmp_path / "model")
        assert isinstance(aligner, CombinedAligner)
        assert [type(member) for member in aligner.members] == [StatisticalAligner, NoAligner, StatisticalAligner]
        assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["0", "2"]
        first, third = (
            {link[:2]: link.score for link in StatisticalAligner(tmp_path / "model" / name).align(SOURCES, TARGETS)[0]}
            for name in ("0", "2")
        )
        assert {link[:2]: link.score for link in aligner.align(SOURCES, TARGETS)[0]} == {
            cell: pytest.approx((2 * first.get(cell, 0) + third.get(cell, 0)) / 4) for cell in first.keys() | third
        }

    def test_threshold_decides_what_one_voice_of_two_is_worth(self, tmp_path):
        members = self.MEMBERS[:2]
        kept = make("aligner", "combined", {"members": members}, text, tmp_path / "a").align(SOURCES, TARGETS)
        alone = make("aligner", "statistical", {}, text, tmp_path / "b").align(SOURCES, TARGETS)
        assert [[link[:2] for link in own] for own in kept] == [[link[:2] for link in own] for own in alone]
        strict = make("aligner", "combined", {"members": members, "threshold": 0.5}, text, tmp_path / "c")
        assert strict.align(SOURCES, TARGETS) == [[] for _ in PAIRS]

    def test_trained_members_are_found_again(self, tmp_path):
        settings = {"members": [{"method": "none"}, {"method": "combined", "members": self.MEMBERS}]}
        links = make("aligner", "combined", settings, text, tmp_path / "model").align(SOURCES, TARGETS)
        assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("parameters.safetensors")) == [
            "model/1/0/parameters.safetensors",
            "model/1/2/parameters.safetensors",
        ]
        assert make("aligner", "combined", settings, no_text, tmp_path / "model").align(SOURCES, TARGETS) == links

    def test_a_kept_model_may_vote(self, tmp_path, kept):
        settings = {"members": [{"method": "statistical", "model": str(kept)}], "threshold": 0}
        aligner = make("aligner", "combined", settings, no_text, tmp_path / "model")
        assert aligner.align(SOURCES, TARGETS) == StatisticalAligner(kept).align(SOURCES, TARGETS)

    def test_a_member_that_cannot_be_trained_leaves_no_half_model(self, tmp_path):
        with pytest.raises(XnerError, match=re.escape("no pair")):
            make("aligner", "combined", {"members": self.MEMBERS}, lambda: [], tmp_path / "model")
        assert not list(tmp_path.rglob("parameters.safetensors"))
