from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xner_hf
from xner_hf.align.aligner import Link
from xner_hf.align.statistical import LONGEST, THRESHOLD, StatisticalAligner, StatisticalConfig, form
from xner_hf.errors import XnerError

FILES = ("parameters.safetensors", "settings.json", "words.json")
NAMES = ["Ada", "Musa", "Kano", "Lagos", "Amina"]
NOUNS = {"dog": "kare", "cat": "kyanwa", "house": "gida", "book": "littafi", "river": "kogi", "tree": "bishiya"}
ADJECTIVES = {"red": "ja", "big": "babba", "old": "tsoho", "small": "karami", "white": "fari"}


def toy_corpus(size, seed=0):
    """Pairs of an invented English and Hausa: the adjective follows its noun. Also their sure links."""
    draw = random.Random(seed)
    pairs, gold = [], []
    for _ in range(size):
        name, (a, ja), (n, gida), (m, kogi) = (
            draw.choice(NAMES),
            draw.choice(list(ADJECTIVES.items())),
            draw.choice(list(NOUNS.items())),
            draw.choice(list(NOUNS.items())),
        )
        kind = draw.choice(["saw", "has", "and"])
        if kind == "saw":
            pairs.append(([name, "saw", "a", a, n], [name, "ta", "ga", gida, ja]))
            gold.append({(0, 0), (3, 4), (4, 3)})
        elif kind == "and":
            pairs.append(([n, "and", m], [gida, "da", kogi]))
            gold.append({(0, 0), (2, 2)})
        else:
            pairs.append((["the", a, n, "has", "a", m, "for", name], [gida, ja, "yana", "da", kogi, "na", name]))
            gold.append({(1, 1), (2, 0), (5, 4), (7, 6)})
    return pairs, gold


def align(aligner, pairs):
    return aligner.align([source for source, _ in pairs], [target for _, target in pairs])


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    pairs, gold = toy_corpus(150)
    folder = tmp_path_factory.mktemp("toy")
    return StatisticalAligner.train(pairs, folder), folder, pairs, gold


class TestWhatIsLearnt:
    def test_words_are_linked_to_their_translations_across_another_order(self, toy):
        aligner, _, pairs, gold = toy
        found = [{link[:2]: link.score for link in links} for links in align(aligner, pairs)]
        scores = [own.get(cell, 0) for own, sure in zip(found, gold, strict=True) for cell in sure]
        assert sum(score > 0.9 for score in scores) > 0.8 * len(scores)
        assert sum(score == 0 for score in scores) < 0.02 * len(scores)

    def test_sentences_that_were_not_in_the_training_text_are_linked_as_well(self, toy):
        fresh, gold = toy_corpus(20, seed=99)
        for links, sure in zip(align(toy[0], fresh), gold, strict=True):
            assert sure <= {link[:2] for link in links}

    def test_links_are_sorted_and_none_comes_twice(self, toy):
        for links in align(toy[0], toy[2]):
            cells = [link[:2] for link in links]
            assert cells == sorted(set(cells))
            assert all(isinstance(link, Link) for link in links)

    def test_case_does_not_matter(self, toy):
        aligner, _, pairs, _ = toy
        loud = [([w.upper() for w in source], [w.title() for w in target]) for source, target in pairs]
        assert align(aligner, loud) == align(aligner, pairs)


class TestProbability:
    """A score is the mean of the posteriors of both directions (`test_posterior.py` has those)."""

    def test_a_pair_that_is_always_linked_is_the_surer_the_oftener_it_was_seen(self, tmp_path):
        scores = []
        for times in (1, 3, 30):
            aligner = StatisticalAligner.train([(["a", "c"], ["b", "d"]), (["a"], ["b"])] * times, tmp_path)
            scores.append({link[:2]: link.score for link in align(aligner, [(["a"], ["b"])])[0]}.get((0, 0), 0))
        assert scores[0] <= scores[1] <= scores[2] > 0.99

    def test_a_name_that_both_sides_write_alike_is_linked_however_rare(self, tmp_path):
        source, target = ["Ada", "visited", "Kano", "yesterday"], ["Jiya", "Ada", "ta", "ziyarci", "Kano"]
        (links,) = align(StatisticalAligner.train([(source, target)], tmp_path), [(source, target)])
        assert {(0, 1), (2, 4)} <= {link[:2] for link in links if link.score > 0.9}

    def test_words_that_were_never_seen_are_linked_by_their_neighbours_and_with_less_trust(self, toy):
        known, strange = align(
            toy[0],
            [
                (["Ada", "saw", "a", "red", "dog"], ["Ada", "ta", "ga", "kare", "ja"]),
                (["Ada", "saw", "a", "red", "lynx"], ["Ada", "ta", "ga", "mujiya", "ja"]),
            ],
        )
        known, strange = ({link[:2]: link.score for link in own} for own in (known, strange))
        assert strange.get((4, 3), 0) < known[4, 3]
        assert strange[3, 4] > 0.9

    def test_links_need_more_than_half(self, toy):
        aligner, _, pairs, _ = toy
        scores = [link.score for links in align(aligner, pairs) for link in links]
        assert min(scores) > THRESHOLD == 0.5 and max(scores) <= 1


class TestStem:
    """Words are counted by their first letters."""

    TEXT = [(["redder"], ["a"]), (["redden"], ["b"]), (["Redo"], ["c"])] * 5

    @pytest.mark.parametrize("stem, words", [(0, 3), (6, 3), (5, 2), (4, 2), (3, 1), (1, 1)])
    def test_words_that_begin_alike_are_one_word(self, tmp_path, stem, words):
        StatisticalAligner.train(self.TEXT, tmp_path, StatisticalConfig(stem))
        assert len(json.loads((tmp_path / "words.json").read_text("utf-8"))[0]) == words

    def test_five_letters_are_compared_unless_told_otherwise(self, tmp_path):
        assert StatisticalConfig().stem == 5
        aligner = StatisticalAligner.train([(["visited", "dog"], ["a", "b"]), (["dog"], ["b"])] * 5, tmp_path)
        one, other = align(aligner, [(["visited", "dog"], ["a", "b"]), (["visitor", "dog"], ["a", "b"])])
        assert one == other

    def test_a_loaded_model_compares_what_the_trained_one_compared(self, tmp_path):
        trained = StatisticalAligner.train(self.TEXT, tmp_path, StatisticalConfig(3))
        assert align(StatisticalAligner(tmp_path), [(["red"], ["a"])]) == align(trained, [(["redo"], ["a"])])

    def test_a_letter_in_one_piece_and_in_two_is_the_same(self):
        assert (
            form("e\u0323\u0301gbe\u0323\u0301") == form("\u1eb9\u0301gb\u1eb9\u0301") == "\u1eb9\u0301gb\u1eb9\u0301"
        )


class TestSameTextSameLinks:
    def test_two_trainings_give_the_same_links_and_the_same_files(self, toy, tmp_path):
        aligner, folder, pairs, _ = toy
        again = StatisticalAligner.train(iter(pairs), tmp_path)
        assert align(again, pairs) == align(aligner, pairs)
        files = sorted(path.name for path in folder.iterdir())
        assert files == list(FILES)
        assert files == sorted(path.name for path in tmp_path.iterdir())
        assert all((folder / name).read_bytes() == (tmp_path / name).read_bytes() for name in files)

    def test_any_number_of_threads_gives_the_same_files(self, toy, tmp_path):
        _, folder, _, _ = toy
        code = (
            "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
            "from test_statistical import toy_corpus\n"
            "from xner_hf.align.statistical import StatisticalAligner\n"
            "StatisticalAligner.train(toy_corpus(150)[0], Path(sys.argv[2]))"
        )
        arguments = [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path / "model")]
        subprocess.run(arguments, check=True, env={**os.environ, "OMP_NUM_THREADS": "4"})
        assert all((tmp_path / "model" / name).read_bytes() == (folder / name).read_bytes() for name in FILES)

    def test_a_package_that_lies_in_the_working_folder_is_found_by_the_processes_that_train(self, toy, tmp_path):
        copy = shutil.copytree(Path(xner_hf.__file__).parent, tmp_path / "xner_hf")
        with (copy / "align" / "sampler.py").open("a", encoding="utf-8") as file:
            file.write("    Path(__file__).with_name('ran').touch()\n")
        code = (
            f"import sys; sys.path.append({str(Path(__file__).parent)!r})\n"
            "from pathlib import Path\n"
            "from test_statistical import toy_corpus\n"
            "from xner_hf.align.statistical import StatisticalAligner\n"
            "StatisticalAligner.train(toy_corpus(150)[0], Path('model'))"
        )
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment)
        assert (copy / "align" / "ran").is_file()
        assert all((tmp_path / "model" / name).read_bytes() == (toy[1] / name).read_bytes() for name in FILES)

    def test_a_model_loaded_from_its_folder_gives_the_links_it_gave_before(self, toy):
        aligner, folder, pairs, _ = toy
        assert align(StatisticalAligner(folder), pairs) == align(aligner, pairs)

    def test_a_pair_has_the_same_links_alone_and_among_others(self, toy):
        aligner, _, pairs, _ = toy
        many = pairs * 20
        alone = [align(aligner, [pair])[0] for pair in pairs]
        assert align(aligner, many) == [alone[i % len(pairs)] for i in range(len(many))]


class TestAwkwardInput:
    def test_a_pair_with_an_empty_side_has_no_links_and_keeps_its_place(self, toy):
        source, target = ["Ada", "saw", "a", "red", "dog"], ["Ada", "ta", "ga", "kare", "ja"]
        links = toy[0].align([[], source, ["Ada"], [], source], [["Ada"], target, [], [], target])
        assert [len(own) > 0 for own in links] == [False, True, False, False, True]
        assert links[1] == links[4]

    def test_a_sentence_that_is_too_long_to_train_on_is_aligned_to_its_last_word(self, tmp_path):
        draw = random.Random(0)
        size = LONGEST + 200
        words = [f"{number}a" for number in draw.choices(range(100, 140), k=size)]
        others = [word.replace("a", "b") for word in words]
        short = [(words[i : i + 6], others[i : i + 6]) for i in range(0, size, 6)]
        aligner = StatisticalAligner.train([*short, (words, others)], tmp_path)
        (links,) = align(aligner, [(words, others)])
        assert len({link[:2] for link in links} & {(i, i) for i in range(size)}) > 0.98 * size
        assert links[-1][:2] == (size - 1, size - 1)

    def test_no_pairs_have_no_links(self, toy):
        assert toy[0].align([], []) == []

    def test_sides_of_different_number_are_refused(self, toy):
        with pytest.raises(ValueError):
            toy[0].align([["Ada"], ["Kano"]], [["Ada"]])

    def test_pairs_with_an_empty_side_are_passed_over_in_training(self, toy, tmp_path):
        _, folder, pairs, _ = toy
        holes = [([], ["gida"]), *pairs, (["house"], []), ([], [])]
        StatisticalAligner.train(holes, tmp_path)
        assert all((tmp_path / name).read_bytes() == (folder / name).read_bytes() for name in FILES)

    @pytest.mark.parametrize(
        "source, target",
        [
            (["a|||b", "c"], ["d", "e|||f"]),
            (["|||", "c"], ["d", "||| |"]),
            (["Addis Ababa", "c"], ["d", "New\tYork"]),
            (["line\nbreak", "c"], ["d", "\u2028\u00a0"]),
            (["", "c"], ["d", ""]),
            (["\ufeffa", "\u200b"], ["<eps>", "</s>"]),
        ],
    )
    def test_words_that_hold_separators_stay_one_word_each(self, tmp_path, source, target):
        plain, odd = tmp_path / "plain", tmp_path / "odd"
        expected = StatisticalAligner.train([(["s", "t"], ["u", "v"]), (["s"], ["u"]), (["t"], ["v"])] * 5, plain)
        aligner = StatisticalAligner.train(
            [(source, target), (source[:1], target[:1]), (source[1:], target[1:])] * 5, odd
        )
        assert aligner.align([source], [target]) == expected.align([["s", "t"]], [["u", "v"]])

    @settings(max_examples=20)  # each trains in two processes of its own
    @given(st.data())
    def test_any_words_at_all_are_linked_within_their_sentence_with_probabilities(self, data):
        characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
        side = st.lists(st.sampled_from(["a", "b", "c", "|||"]) | st.text(characters, max_size=4), max_size=5)
        pairs = data.draw(st.lists(st.tuples(side, side), min_size=1, max_size=6)) + [(["a"], ["b"])]
        with tempfile.TemporaryDirectory() as folder:
            links = align(StatisticalAligner.train(pairs, Path(folder)), pairs)
        assert len(links) == len(pairs)
        for (source, target), own in zip(pairs, links, strict=True):
            assert all(0 <= i < len(source) and 0 <= j < len(target) and 0 <= p <= 1 for i, j, p in own)


class TestRefusals:
    @pytest.mark.parametrize("pairs", [[], [([], [])], [(["a"], []), ([], ["b"])]])
    def test_nothing_to_train_on_is_refused(self, tmp_path, pairs):
        with pytest.raises(XnerError, match="no pair with words on both sides"):
            StatisticalAligner.train(pairs, tmp_path)

    def test_a_folder_without_a_model_is_refused_by_name(self, tmp_path):
        with pytest.raises(XnerError) as caught:
            StatisticalAligner(tmp_path / "nowhere")
        assert str(tmp_path / "nowhere") in str(caught.value)

    @pytest.mark.parametrize("name", FILES)
    def test_a_model_that_lacks_a_file_is_refused(self, tmp_path, name):
        StatisticalAligner.train([(["a"], ["b"])], tmp_path)
        (tmp_path / name).unlink()
        with pytest.raises(XnerError, match="no complete alignment model"):
            StatisticalAligner(tmp_path)

    @pytest.mark.parametrize("settings", ["", "[]", "{}", '{"stem": "five"}', '{"stem": -1}'])
    def test_a_model_of_damaged_settings_is_refused(self, tmp_path, settings):
        StatisticalAligner.train([(["a"], ["b"])], tmp_path)
        (tmp_path / "settings.json").write_text(settings)
        with pytest.raises(XnerError, match="no complete alignment model"):
            StatisticalAligner(tmp_path)

    def test_a_training_that_fails_leaves_the_former_model_and_nothing_else(self, tmp_path):
        StatisticalAligner.train([(["a"], ["b"])], tmp_path / "model")
        with pytest.raises(XnerError):
            StatisticalAligner.train([], tmp_path / "model")
        assert [path.name for path in tmp_path.iterdir()] == ["model"]
        assert align(StatisticalAligner(tmp_path / "model"), [(["a"], ["b"])])[0][0][:2] == (0, 0)

    def test_a_folder_with_other_files_is_left_alone(self, tmp_path):
        (tmp_path / "thesis.tex").write_text("words")
        with pytest.raises(XnerError, match=r"holds other files \(thesis\.tex\)"):
            StatisticalAligner.train([(["a"], ["b"])], tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
