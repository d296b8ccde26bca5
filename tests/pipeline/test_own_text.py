"""Text of the user's own: its form chooses the recipe, labels that it brings stay, and all of it is read."""

from __future__ import annotations

import json

import pytest

from xner_hf.corpora.own import PAIRS, SOURCE, TARGET, text_form
from xner_hf.corpora.plain import read_plain
from xner_hf.errors import XnerError
from xner_hf.pipeline.build import build_corpus
from xner_hf.pipeline.run import run_recipe
from xner_hf.recipe import make_recipe

TAGGER = "xner/minilm-conll2003-en"
LABELLED = {
    "id": "a",
    "source_tokens": ["Musa", "left", "Kano"],
    "target_tokens": ["Musa", "alihama", "Kano"],
    "source_entities": [{"start": 2, "end": 3, "label": "LOC"}, {"start": 0, "end": 1, "label": "ORG"}],
}
PLAIN = {"id": "b", "source_tokens": ["Musa", "saw", "Zaria"], "target_tokens": ["Musa", "aliona", "Zaria"]}
NONE = {"id": "c", "source_tokens": ["Amina", "sings"], "target_tokens": ["Amina", "anaimba"], "source_entities": []}
FILES = {
    "pairs.tsv": "Musa left Kano\tMusa alihama Kano\n",
    "pairs.jsonl": json.dumps(PLAIN) + "\n",
    "text.txt": "Musa alihama Kano jana.\n",
    "text.jsonl": json.dumps({"text": "Musa alihama Kano jana."}) + "\n",
    "labels.iob": "Musa B-PER\nleft O\n",
    "labels.CONLL": "Musa B-PER\nleft O\n",
    "labels.jsonl": json.dumps({"tokens": ["Musa", "left"], "ner_tags": ["B-PER", "O"]}) + "\n",
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write the named file of `FILES`, or rows of one's own, to the working folder; returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(name, *rows):
        text = "".join(json.dumps(row) + "\n" for row in rows) or FILES[name]
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write


def fails(act, *words):
    with pytest.raises(XnerError) as caught:
        act()
    for word in words:
        assert word in str(caught.value)


def found(run, rows_of):
    rows = [row for split in rows_of(run).values() for row in split]
    return {row["id"]: [(e["start"], e["end"], e["label"]) for e in row["source_entities"]] for row in rows}


# Forms and recipes


@pytest.mark.parametrize("language", ["ara", "hau", "fin", "luo"])
@pytest.mark.parametrize(
    ("name", "form", "recipe"),
    [
        ("pairs.tsv", PAIRS, "parallel"),
        ("pairs.jsonl", PAIRS, "parallel"),
        ("text.txt", TARGET, "translate-test"),
        ("text.jsonl", TARGET, "translate-test"),
        ("labels.iob", SOURCE, "translate-train"),
        ("labels.CONLL", SOURCE, "translate-train"),
        ("labels.jsonl", SOURCE, "translate-train"),
    ],
)
def test_the_form_of_own_text_chooses_the_recipe_in_every_language(write, language, name, form, recipe):
    assert text_form(write(name)) == form
    overrides = {"text.corpus": name, "tagger": TAGGER} if form != SOURCE else {"text": {"corpus": name}}
    made = make_recipe(language, overrides=overrides)
    assert (made.recipe, made.text_side, made.text.corpus) == (recipe, form, name)
    assert made.limit is None  # all of it is read
    assert make_recipe(language, recipe, overrides) == made


def test_two_files_are_pairs_and_folders_are_text(write, tmp_path):
    (tmp_path / "folder").mkdir()
    assert (text_form("a.en,a.ara"), text_form("folder"), text_form("org/name")) == (PAIRS, TARGET, None)


def test_own_gold_pairs_need_neither_tagger_nor_translator(write):
    for language in ("hau", "luo", "ara"):
        made = make_recipe(language, "translate-train", {"text.corpus": write("gold.jsonl", LABELLED)})
        assert (made.text_side, made.translator, made.tagger) == ("pairs", None, None)


@pytest.mark.parametrize(
    ("name", "recipe", "words"),
    [
        ("pairs.tsv", "marker", ["sentence pairs", "--recipe parallel"]),
        ("text.txt", "parallel", ["unlabelled text", "--recipe translate-test"]),
        ("text.jsonl", "translate-train", ["unlabelled text", "--recipe translate-test"]),
        ("labels.iob", "parallel", ["labelled sentences", "--recipe translate-train"]),
        ("labels.jsonl", "transfer", ["labelled sentences", "marker"]),
        ("pairs.tsv", "sample", ["sample"]),
    ],
)
def test_a_recipe_that_cannot_take_a_form_names_those_that_can(write, name, recipe, words):
    fails(lambda: make_recipe("hau", recipe, {"text.corpus": write(name)}), *words)


def test_pairs_are_not_translated_again(write):
    overrides = {"text.corpus": write("pairs.tsv"), "translator.model": "org/any"}
    fails(lambda: make_recipe("hau", "translate-train", overrides), "with a translator", "without a translator")
    fails(lambda: make_recipe("ara", "translate-test", overrides), "with a translator", "--recipe parallel")
    looked_up = {"text.corpus": "pairs.tsv", "translator": "parallel", "translator.corpora": ["pairs.tsv"]}
    assert make_recipe("ara", "translate-test", {**looked_up, "tagger": TAGGER}).text_side == TARGET


@pytest.mark.parametrize("key", ["config", "splits", "revision"])
def test_what_belongs_to_a_corpus_of_the_hub_is_not_passed_over(write, key):
    name = write("pairs.tsv")
    for overrides in ({"text.corpus": name, f"text.{key}": "x"}, {"text": {"corpus": name, key: "x"}}):
        fails(lambda overrides=overrides: make_recipe("hau", overrides=overrides), f"text.{key}", "leave it out")


def test_a_recipe_that_only_own_text_can_have_says_so(write):
    fails(lambda: make_recipe("ara", "parallel"), "no recipe 'parallel'", "text.corpus")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("links.txt", "red house ||| gidan ja\n", ["links.txt:1", "sed"]),
        ("table.txt", "red house\tgidan ja\n", ["table.txt:1", "cut -f1,2"]),
        ("rows.jsonl", '{"src": "red", "tgt": "ja"}\n', ["rows.jsonl:1", "'src', 'tgt'", "'source_tokens'", "'text'"]),
        ("rows.json", '[{"source_tokens": ["a"]}]\n', ["rows.json:1", "jq"]),
        ("table.csv", "red,ja\n", ["table.csv", ".tsv"]),
    ],
)
def test_text_of_no_known_form_is_refused_with_its_remedy(tmp_path, monkeypatch, name, text, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    for language in ("hau", "ara"):
        fails(lambda language=language: make_recipe(language, overrides={"text.corpus": name}), *words)


def test_the_target_side_of_pairs_is_text_of_the_language(write):
    texts = list(read_plain(write("pairs.jsonl"), "swa"))
    assert [(one.id, one.text, one.words) for one in texts] == [("b", "Musa aliona Zaria", PLAIN["target_tokens"])]


def test_own_pairs_are_built_for_a_language_that_has_no_corpus_of_pairs(mirror, write, rows_of):
    recipe = make_recipe("ara", overrides={"text.corpus": write("pairs.tsv"), "tagger": TAGGER})
    assert found(run_recipe(recipe), rows_of) == {"0": [(0, 1, "PER"), (2, 3, "LOC")]}


def test_own_pairs_are_combined_with_a_tagger_of_the_target_side(mirror, write, rows_of):
    overrides = {"text.corpus": write("pairs.jsonl", PLAIN, {**PLAIN, "id": "d", "target_tokens": ["Jos"]})}
    overrides["members"] = [{"recipe": name, "tagger": TAGGER} for name in ("parallel", "transfer")]
    overrides["combination"] = "vote"
    assert found(run_recipe(make_recipe("ara", "combine", overrides)), rows_of).keys() == {"b", "d"}


# Labels that rows bring


@pytest.mark.parametrize("consistent", [True, False])
def test_own_labels_stay_and_the_others_are_tagged(mirror, write, rows_of, tmp_path, consistent):
    overrides = {"text.corpus": write("mixed.jsonl", LABELLED, PLAIN, NONE), "tagger": TAGGER}
    recipe = make_recipe("luo", overrides={**overrides, "tagger.consistent": consistent})
    run = run_recipe(recipe)
    assert found(run, rows_of) == {
        "a": [(0, 1, "ORG"), (2, 3, "LOC")],
        "b": [(0, 1, "ORG" if consistent else "PER"), (2, 3, "LOC")],  # the label by hand has a vote
        "c": [],
    }
    assert run.labels == {"kept": 2, "tagged": 1}
    assert build_corpus(recipe, tmp_path / "build")["source_labels"] == {"kept": 2, "tagged": 1}
    assert run_recipe(recipe).labels == {"kept": 2, "tagged": 1}  # from the cache


def test_own_labels_stay_beside_the_distributions_of_a_tagger(mirror, write, rows_of):
    overrides = {"text.corpus": write("mixed.jsonl", LABELLED, PLAIN), "tagger": TAGGER, "tagger.consistent": False}
    run = run_recipe(make_recipe("luo", overrides={**overrides, "tagger.distributions": True}))
    assert found(run, rows_of) == {"a": [(0, 1, "ORG"), (2, 3, "LOC")], "b": [(0, 1, "PER"), (2, 3, "LOC")]}


def test_a_tagger_named_for_a_labelled_corpus_of_the_hub_replaces_its_labels_which_is_counted(mirror):
    text = {"text.corpus": "xner/conll2003-nllb", "text.config": "hau"}
    run = run_recipe(make_recipe("hau", "translate-train", {"tagger": TAGGER, **text}))
    assert set(run.labels) == {"replaced"} and run.labels["replaced"] > 0
    assert run_recipe(make_recipe("hau", "translate-train", text)).labels == {}
