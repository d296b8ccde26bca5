"""The protocol with eflomal is tested on stand-ins that obey its documented command line; one test runs eflomal."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import sys
import tempfile

import pytest

from xner_hf.align.base import Link
from xner_hf.align.eflomal import EflomalAligner, EflomalConfig
from xner_hf.errors import XnerError

REAL_PATH = os.environ["PATH"]

ALIGN = """
import argparse, itertools, sys
parser = argparse.ArgumentParser()
for short, long in [("-s", "--source"), ("-t", "--target"), ("-f", "--forward-links"), ("-r", "--reverse-links")]:
    parser.add_argument(short, long, required=True)
parser.add_argument("-m", "--model", type=int, choices=[1, 2, 3], default=3)
parser.add_argument("-p", "--priors")
options = parser.parse_args()
print("noise on standard output")
print("noise on standard error", file=sys.stderr)
known = set()
if options.priors:
    known = {tuple(line.split()) for line in open(options.priors, encoding="utf-8")}
sources = [line.split() for line in open(options.source, encoding="utf-8")]
targets = [line.split() for line in open(options.target, encoding="utf-8")]
assert len(sources) == len(targets) and all(sources) and all(targets)
with open(options.forward_links, "w") as forward, open(options.reverse_links, "w") as reverse:
    for source, target in zip(sources, targets):
        dictionary = [(i, j) for i, j in itertools.product(range(len(source)), range(len(target)))
                      if (source[i], target[j]) in known]
        left = dictionary or [(i, min(i, len(target) - 1)) for i in range(len(source))]
        right = dictionary or [(min(j, len(source) - 1), j) for j in range(len(target))]
        print(*(f"{i}-{j}" for i, j in left), file=forward)
        print(*(f"{i}-{j}" for i, j in right), file=reverse)
"""
"""Links what the priors know; a pair of which they know nothing along the diagonal, all words of its own side."""

MAKEPRIORS = """
import argparse
parser = argparse.ArgumentParser()
for short, long in [("-s", "--source"), ("-t", "--target"), ("-f", "--forward-links"), ("-r", "--reverse-links")]:
    parser.add_argument(short, long, required=True)
parser.add_argument("-p", "--priors", required=True)
options = parser.parse_args()
paths = options.source, options.target, options.forward_links, options.reverse_links
with open(options.priors, "w", encoding="utf-8") as priors:
    for source, target, forward, reverse in zip(*(open(path, encoding="utf-8") for path in paths)):
        for link in sorted({*forward.split()} & {*reverse.split()}):
            i, j = map(int, link.split("-"))
            print(source.split()[i], target.split()[j], file=priors)
"""


@pytest.fixture
def install(monkeypatch, tmp_path):
    """The function that puts a Python script on PATH, which holds nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(name, script, shebang=f"#!{sys.executable} -IS"):
        (folder / name).write_text(shebang + "\n" + script, encoding="utf-8")
        (folder / name).chmod(0o755)

    return install


@pytest.fixture
def eflomal(install):
    """The function that puts a stand-in of eflomal on PATH, and replaces one of its programs."""
    install("eflomal-align", ALIGN)
    install("eflomal-makepriors", MAKEPRIORS)
    return install


@pytest.fixture
def scratch(monkeypatch, tmp_path):
    """The folder of temporary files."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


PAIRS = [(["Dog", "eats", "Fish"], ["kare", "yana", "kifi"])] * 4


class TestTrainAndAlign:
    def test_new_pairs_are_aligned_with_what_was_learnt_from_the_training_text(self, eflomal, tmp_path):
        aligner = EflomalAligner.train(iter(PAIRS), tmp_path / "model")
        links = aligner.align([["fish", "eats", "dog"], ["DOG"]], [["KIFI", "kare"], ["Kare"]])
        assert links == [[Link(0, 0, 0.875), Link(2, 1, 0.875)], [Link(0, 0, 0.875)]]
        assert all(isinstance(link, Link) for own in links for link in own)

    def test_a_link_between_words_that_were_never_linked_gets_little_trust(self, eflomal, tmp_path):
        aligner = EflomalAligner.train(PAIRS, tmp_path / "model")
        assert aligner.align([["dog"], ["new"]], [["neu"], ["neu"]]) == [[Link(0, 0, 0.1)], [Link(0, 0, 0.1)]]

    def test_the_probability_is_the_discounted_geometric_mean_of_both_relative_frequencies(self, eflomal, tmp_path):
        pairs = [(["a"], ["x"])] * 4 + [(["b"], ["x"])] * 12
        aligner = EflomalAligner.train(pairs, tmp_path / "model")
        assert aligner.align([["a"], ["b"]], [["x"], ["x"]]) == [
            [Link(0, 0, 3.5 / 8)],  # sqrt(4 * 16)
            [Link(0, 0, pytest.approx(11.5 / 192**0.5))],
        ]

    def test_a_model_loaded_from_its_folder_gives_the_links_it_gave_before(self, eflomal, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        aligner = EflomalAligner.train(PAIRS, tmp_path / "model")
        pair = [["fish"]], [["yana", "kifi"]]
        assert EflomalAligner((tmp_path / "model").relative_to(tmp_path)).align(*pair) == aligner.align(*pair)

    @pytest.mark.parametrize(
        "name, expected",
        [
            ("intersection", [(0, 0), (1, 1)]),
            ("union", [(0, 0), (1, 1), (1, 2), (1, 3)]),
            ("grow-diag-final-and", [(0, 0), (1, 1), (1, 2), (1, 3)]),
        ],
    )
    def test_both_directions_are_joined_as_the_settings_say_also_after_loading(
        self, eflomal, tmp_path, name, expected
    ):
        EflomalAligner.train(PAIRS, tmp_path / "model", EflomalConfig(symmetrisation=name))
        links = EflomalAligner(tmp_path / "model").align([["new", "words"]], [["four", "other", "new", "words"]])
        assert [link[:2] for link in links[0]] == expected

    def test_the_counts_are_those_of_the_joined_alignment(self, eflomal, tmp_path):
        """In the training text only the backward alignment links b with z."""
        pairs = [(["a", "b"], ["x", "y", "z"])] * 2
        for name, score in [("union", 0.75), ("intersection", 0.1)]:
            aligner = EflomalAligner.train(pairs, tmp_path / name, EflomalConfig(symmetrisation=name))
            assert aligner.align([["b"]], [["z"]]) == [[Link(0, 0, score)]]

    def test_nothing_is_printed(self, eflomal, tmp_path, capfd):
        EflomalAligner.train(PAIRS, tmp_path / "model").align([["a"]], [["b"]])
        assert capfd.readouterr() == ("", "")


class TestAwkwardInput:
    def test_pairs_with_an_empty_side_have_no_links_and_keep_their_place(self, eflomal, tmp_path):
        aligner = EflomalAligner.train([([], ["a"]), *PAIRS, (["a"], []), ([], [])], tmp_path / "model")
        links = aligner.align([[], ["dog"], ["dog"], [], ["fish"]], [["kare"], ["kare"], [], [], ["kifi"]])
        assert [[link[:2] for link in own] for own in links] == [[], [(0, 0)], [], [], [(0, 0)]]

    def test_without_words_the_program_is_not_asked(self, eflomal, tmp_path):
        aligner = EflomalAligner.train(PAIRS, tmp_path / "model")
        eflomal("eflomal-align", "raise SystemExit(1)")
        assert aligner.align([], []) == []
        assert aligner.align([[], ["a"]], [["b"], []]) == [[], []]

    def test_sides_of_different_number_are_refused(self, eflomal, tmp_path):
        aligner = EflomalAligner.train(PAIRS, tmp_path / "model")
        with pytest.raises(ValueError):
            aligner.align([["a"], ["b"]], [["x"]])

    @pytest.mark.parametrize(
        "source, target",
        [
            (["a|||b", "c"], ["d", "e|||f"]),
            (["Addis Ababa", "c"], ["d", "New\tYork"]),
            (["line\nbreak", "c"], ["d", "\u2028\u00a0"]),
            (["line\rbreak", "\x1c"], ["\x85", "d\x00"]),
            (["", "c"], ["d", ""]),
        ],
    )
    def test_words_that_hold_separators_stay_one_word_each(self, eflomal, tmp_path, source, target):
        aligner = EflomalAligner.train([(source, target)] * 2, tmp_path / "model")
        assert aligner.align([source], [target]) == [[Link(0, 0, 0.75), Link(1, 1, 0.75)]]


class TestFiles:
    def test_the_folder_holds_the_model_and_no_other_file_is_left(self, eflomal, tmp_path, scratch):
        place = tmp_path / "deep" / "place"
        EflomalAligner.train(PAIRS, place / "model").align([["dog"]], [["kare"]])
        assert sorted(path.name for path in (place / "model").iterdir()) == ["links.json", "priors", "settings.json"]
        assert [path.name for path in place.iterdir()] == ["model"]
        assert list(scratch.iterdir()) == []

    def test_a_training_that_fails_leaves_the_model_that_was_there_and_nothing_else(self, eflomal, tmp_path, scratch):
        place = tmp_path / "place"
        EflomalAligner.train(PAIRS, place / "model")
        before = {path.name: path.read_bytes() for path in (place / "model").iterdir()}
        eflomal("eflomal-makepriors", "raise SystemExit(1)")
        with pytest.raises(XnerError):
            EflomalAligner.train([(["other"], ["text"])], place / "model")
        assert {path.name: path.read_bytes() for path in (place / "model").iterdir()} == before
        assert [path.name for path in place.iterdir()] == ["model"]
        assert list(scratch.iterdir()) == []

    def test_a_second_training_replaces_the_model(self, eflomal, tmp_path):
        EflomalAligner.train(PAIRS, tmp_path / "model")
        aligner = EflomalAligner.train([(["dog"], ["hund"])] * 2, tmp_path / "model")
        assert aligner.align([["dog"]], [["hund"]]) == [[Link(0, 0, 0.75)]]

    def test_an_alignment_that_fails_leaves_no_file(self, eflomal, tmp_path, scratch):
        aligner = EflomalAligner.train(PAIRS, tmp_path / "model")
        eflomal("eflomal-align", "raise SystemExit(1)")
        with pytest.raises(XnerError):
            aligner.align([["a"]], [["b"]])
        assert list(scratch.iterdir()) == []

    def test_a_folder_with_other_files_is_refused(self, eflomal, tmp_path):
        (tmp_path / "letters").mkdir()
        (tmp_path / "letters" / "mine.txt").write_text("keep")
        with pytest.raises(XnerError, match="holds other files .mine.txt."):
            EflomalAligner.train(PAIRS, tmp_path / "letters")

    @pytest.mark.parametrize("name", ["links.json", "priors", "settings.json"])
    def test_a_model_that_lacks_a_file_is_refused_by_its_folder(self, eflomal, tmp_path, name):
        EflomalAligner.train(PAIRS, tmp_path / "model")
        (tmp_path / "model" / name).unlink()
        with pytest.raises(XnerError, match="no whole alignment model") as caught:
            EflomalAligner(tmp_path / "model")
        assert str(tmp_path / "model") in str(caught.value)

    @pytest.mark.parametrize("name", ["links.json", "settings.json"])
    @pytest.mark.parametrize("text", ["", "{", "[1, 2, 3]", '{"symmetrisation": "no such"}', "7"])
    def test_a_model_whose_file_is_damaged_is_refused(self, eflomal, tmp_path, name, text):
        EflomalAligner.train(PAIRS, tmp_path / "model")
        (tmp_path / "model" / name).write_text(text)
        with pytest.raises(XnerError, match="no whole alignment model"):
            EflomalAligner(tmp_path / "model")


class TestRefusals:
    @pytest.mark.parametrize("missing", ["eflomal-align", "eflomal-makepriors"])
    def test_a_missing_program_is_reported_with_its_remedies_before_the_text_is_read(
        self, eflomal, tmp_path, monkeypatch, missing
    ):
        (tmp_path / "bin" / missing).unlink()
        text = iter(PAIRS)
        with pytest.raises(XnerError) as caught:
            EflomalAligner.train(text, tmp_path / "model")
        for part in (missing, "optional external program", "pip install eflomal", "PATH", "aligner statistical"):
            assert part in str(caught.value)
        assert len(list(text)) == len(PAIRS)

    def test_a_program_that_went_missing_after_training_is_reported_too(self, eflomal, tmp_path):
        aligner = EflomalAligner.train(PAIRS, tmp_path / "model")
        (tmp_path / "bin" / "eflomal-align").unlink()
        with pytest.raises(XnerError, match="pip install eflomal"):
            aligner.align([["a"]], [["b"]])

    @pytest.mark.parametrize("program", ["eflomal-align", "eflomal-makepriors"])
    def test_a_failing_program_is_quoted_with_its_last_lines(self, eflomal, tmp_path, program):
        failing = "import sys\nfor i in range(9): print('line', i, file=sys.stderr)\nsys.exit(3)"
        eflomal(program, failing)
        with pytest.raises(XnerError) as caught:
            EflomalAligner.train(PAIRS, tmp_path / "model")
        assert f"{program} ended with status 3." in str(caught.value)
        assert ":\nline 4\nline 5\nline 6\nline 7\nline 8\n" in str(caught.value)
        assert "line 3" not in str(caught.value)

    def test_a_file_that_is_no_program_is_reported(self, eflomal, tmp_path):
        eflomal("eflomal-align", "", shebang="#!/nowhere/python")
        with pytest.raises(XnerError, match="cannot be run"):
            EflomalAligner.train(PAIRS, tmp_path / "model")

    @pytest.mark.parametrize(
        "old, new, said",
        [
            ("file=reverse)", "file=sys.stdout)", "0 lines of backward links"),
            ("in zip(sources, targets)", "in list(zip(sources, targets))[1:]", "3 lines of forward links"),
            ("file=forward)", "end='\\n\\n', file=forward)", "8 lines of forward links"),
        ],
    )
    def test_another_number_of_lines_than_of_pairs_is_refused(self, eflomal, tmp_path, old, new, said):
        assert old in ALIGN
        eflomal("eflomal-align", ALIGN.replace(old, new))
        with pytest.raises(XnerError, match=f"wrote {said} for 4 sentence pairs"):
            EflomalAligner.train(PAIRS, tmp_path / "model")

    def test_links_that_were_not_written_are_missed(self, eflomal, tmp_path):
        eflomal("eflomal-align", "")
        with pytest.raises(XnerError, match="wrote 0 lines of forward links for 4 sentence pairs"):
            EflomalAligner.train(PAIRS, tmp_path / "model")

    @pytest.mark.parametrize("item", ["0-3", "3-0", "0", "a-b", "-1-0", "0-1-2", "0:1", "\u00e9"])
    def test_what_is_no_link_of_the_pair_is_refused_with_its_line(self, eflomal, tmp_path, item):
        program = ALIGN.replace(
            "for i, j in right)", f"for i, j in right), *([{item!r}] if source[0] == 'bad' else [])"
        )
        eflomal("eflomal-align", program.replace('reverse_links, "w"', 'reverse_links, "w", encoding="utf-8"'))
        pairs = [*PAIRS, (["bad", "b", "c"], ["d", "e", "f"])]
        with pytest.raises(XnerError, match="in line 5 of its backward links"):
            EflomalAligner.train(pairs, tmp_path / "model")

    def test_priors_that_were_not_written_are_missed(self, eflomal, tmp_path):
        eflomal("eflomal-makepriors", "")
        with pytest.raises(XnerError, match="wrote no priors"):
            EflomalAligner.train(PAIRS, tmp_path / "model")

    @pytest.mark.parametrize("pairs", [[], [([], [])], [(["a"], []), ([], ["b"])]])
    def test_nothing_to_train_on_is_refused(self, eflomal, tmp_path, pairs):
        with pytest.raises(XnerError, match="no pair with words on both sides"):
            EflomalAligner.train(pairs, tmp_path / "model")

    def test_an_unknown_symmetrisation_is_refused_with_the_known_ones(self):
        with pytest.raises(XnerError) as caught:
            EflomalConfig(symmetrisation="grow-diag-final")
        assert "Did you mean 'grow-diag-final-and'?" in str(caught.value)
        assert "Known: intersection, union, grow-diag-final-and." in str(caught.value)


@pytest.mark.skipif(
    not all(shutil.which(f"eflomal-{name}", path=REAL_PATH) for name in ("align", "makepriors")),
    reason="the external program eflomal is not installed",
)
def test_the_real_program_finds_most_links_of_an_invented_language(tmp_path):
    words = {"dog": "kare", "cat": "kyanwa", "house": "gida", "book": "littafi", "river": "kogi", "tree": "bishiya"}
    draw = random.Random(0)
    choices = [draw.sample(sorted(words), 3) for _ in range(300)]
    pairs = [(source, [words[word] for word in reversed(source)]) for source in choices]
    aligner = EflomalAligner.train(pairs, tmp_path / "model")
    new = [list(source) for source in itertools.permutations(sorted(words), 3)]
    links = aligner.align(new, [[words[word] for word in reversed(source)] for source in new])
    right = sum((i, 2 - i) in {link[:2] for link in own} for own in links for i in range(3))
    assert right > 0.5 * 3 * len(new)
    assert all(0 <= link.score <= 1 for own in links for link in own)
