"""Accidents and bad input: damaged files, kills, two builds at once, settings that do not fit, each with a message."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading

import pytest
from filelock import FileLock

from xner_hf.corpora.hub import CorpusSplit, configs_of
from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.parallel import read_split
from xner_hf.errors import XnerError
from xner_hf.pipeline.build import check_output, write_build
from xner_hf.pipeline.inputs import sign
from xner_hf.pipeline.progress import Progress
from xner_hf.pipeline.run import run_recipe
from xner_hf.pipeline.store import cache_folder
from xner_hf.recipe import make_recipe
from xner_hf.spans import NER_LABELS
from xner_hf.tag.model import ModelTagger

NAMES = list(NER_LABELS)


def own(corpus, config="a", **overrides):
    return make_recipe(
        "hau", "translate-train", {"text": {"corpus": corpus, "config": config, "splits": ["train"]}, **overrides}
    )


# tests/builders/test_projected.py ---------------------------------------------------------------------------------
def test_a_split_without_rows_does_not_keep_the_others_from_being_loaded(mirror, tmp_path):
    from datasets import load_dataset

    import xner_hf  # noqa: F401

    data = load_dataset("xner/projected", "hau", projector="candidates", cache_dir=str(tmp_path / "datasets"))
    assert len(data["train"]) == 8


# tests/pipeline/test_run.py ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", [("org/unlabelled", "a"), ("masakhane/mafand", "en-hau")])
def test_text_without_labels_and_without_a_tagger_is_refused(mirror, write_corpus, text):
    rows = [{"source_tokens": ["Kano"], "target_tokens": ["Kano"]}]
    write_corpus(mirror, "org/unlabelled", {"a": {"train": rows}})
    with pytest.raises(XnerError, match="tagger"):
        run_recipe(own(*text))


def test_repaired_tags_of_the_source_side_are_counted(mirror, write_corpus):
    rows = [{"source_tokens": ["Kano", "b"], "source_ner_tags": [6, 0], "target_tokens": ["Kano"]}]
    write_corpus(mirror, "org/pairs", {"a": {"train": rows}}, {"source_ner_tags": NAMES})
    assert run_recipe(own("org/pairs")).repaired == 1


def test_the_sample_of_another_language_is_refused():
    with pytest.raises(XnerError):
        run_recipe(make_recipe("hau", "sample", {"text": {"config": "swa"}}))


def test_what_leaked_from_further_parallel_text_is_counted(mirror):
    recipe = make_recipe("hau", "sample", {"aligner": {"extra_parallel": ["masakhane/mafand:en-hau"]}})
    assert run_recipe(recipe).leak_check["dropped_extra"] == {"masakhane/mafand:en-hau": 4}


def test_gold_that_further_parallel_text_is_checked_against_is_signed(mirror):
    recipe = make_recipe("hau", "sample", {"aligner": {"extra_parallel": ["masakhane/mafand:en-hau"]}})
    before = sign(recipe)
    shutil.rmtree(mirror / "datasets" / "masakhane" / "masakhaner2")
    assert sign(recipe).align != before.align


def test_two_builds_at_once_do_not_disturb_each_other(tmp_path):
    code = (
        "from xner_hf.pipeline.run import run_recipe; from xner_hf.recipe import make_recipe\n"
        "print(run_recipe(make_recipe('hau', 'sample')).stages.rows)"
    )
    for i in range(4):
        env = {**os.environ, "XNER_CACHE": str(tmp_path / str(i))}
        both = [subprocess.Popen([sys.executable, "-c", code], env=env, stdout=-1, stderr=-1) for _ in range(2)]
        for child in both:
            out, err = child.communicate()
            assert child.returncode == 0, err.decode()[-300:]


def test_a_build_waits_for_the_alignment_model_that_another_trains():
    recipe = make_recipe("hau", "sample")
    run_recipe(recipe)
    (folder,) = cache_folder().glob("hau-sample/align-*")
    model = folder / "model" / "parameters.safetensors"
    trained = model.stat().st_mtime_ns
    # The other build has its model in place and is about to read it and to note that it is whole.
    noted = (folder / "dropped.json").read_text()
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
    reached = threading.Event()

    class Watched(Progress):
        def stage(self, name, total):
            if name == "train aligner":
                reached.set()
            return super().stage(name, total)

    found = []
    second = threading.Thread(target=lambda: found.append(run_recipe(recipe, progress=Watched())))
    with FileLock(folder / "model.lock"):
        second.start()
        assert reached.wait(60)
        second.join(1)
        assert second.is_alive()
        assert model.stat().st_mtime_ns == trained
        (folder / "dropped.json").write_text(noted)
    second.join(60)
    assert found[0].stages.rows == 160
    assert model.stat().st_mtime_ns == trained


def test_an_alignment_model_that_was_being_written_is_trained_again(monkeypatch):
    run_recipe(make_recipe("hau", "sample"))
    (folder,) = cache_folder().glob("hau-sample/align-*")
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
    links = folder / "model" / "parameters.safetensors"
    links.write_bytes(links.read_bytes()[:50])
    assert run_recipe(make_recipe("hau", "sample")).stages.rows == 160


def test_a_limit_that_is_no_whole_number_is_refused(mirror):
    with pytest.raises(XnerError):
        make_recipe("hau", "sample", {"limit": 2.5})


def test_a_split_named_twice_is_refused_or_read_once(mirror):
    try:
        run = run_recipe(make_recipe("hau", "parallel", {"text": {"splits": ["train", "train"]}}))
    except XnerError:
        return
    assert run.stages.rows == 12


def test_a_settings_error_is_not_called_a_missing_input(mirror):
    with pytest.raises(XnerError) as caught:
        sign(
            make_recipe(
                "hau", "parallel", {"text": {"corpus": "masakhane/masakhaner2", "config": "hau", "splits": ["test"]}}
            )
        )
    assert "needs it" not in str(caught.value)


# tests/pipeline/test_build.py -------------------------------------------------------------------------------------
def test_a_folder_that_is_no_build_of_ours_is_left_alone_even_if_its_names_are_ours(tmp_path):
    folder = tmp_path / "mine"
    (folder / "train").mkdir(parents=True)
    (folder / "train" / "precious.csv").write_text("x")
    (folder / "README.md").write_text("my own")
    run = run_recipe(make_recipe("hau", "sample"))
    with pytest.raises(XnerError):
        write_build(run, folder)
    assert (folder / "train" / "precious.csv").exists()
    assert (folder / "README.md").read_text() == "my own"


def test_a_text_file_that_a_killed_build_was_writing_does_not_bar_the_next_one(tmp_path):
    (tmp_path / ".k3j2_x.tmp").write_text("half of a card")
    check_output(tmp_path)


@pytest.mark.parametrize("name", ["train", "README.md"])
def test_a_name_of_ours_that_is_of_the_other_kind_is_refused(tmp_path, name):
    if name == "train":
        (tmp_path / name).write_text("x")
    else:
        (tmp_path / name).mkdir()
    with pytest.raises(XnerError):
        check_output(tmp_path)


# tests/corpora/test_hub.py ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "card",
    [
        None,
        b"---\nconfigs: [\n---\n",
        b"---\nhello\n---\n",
        b"---\nconfigs:\n- config_name: a\n  data_dir: a\n---\n",
        b"---\nconfigs: \xe9\n---\n",
    ],
    ids=["no card", "broken YAML", "no mapping", "data_dir", "not UTF-8"],
)
def test_a_card_that_cannot_be_read_is_named(mirror, card):
    folder = mirror / "datasets" / "org" / "corpus"
    folder.mkdir(parents=True)
    if card is not None:
        (folder / "README.md").write_bytes(card)
    with pytest.raises(XnerError, match="org/corpus"):
        configs_of("org/corpus")


def test_a_plain_list_of_files_is_read_as_train(mirror):
    folder = mirror / "datasets" / "org" / "corpus"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("---\nconfigs:\n- config_name: a\n  data_files: [a.parquet, b.parquet]\n---\n")
    for name in "ab":
        (folder / f"{name}.parquet").write_bytes(b"")
    assert len(CorpusSplit("org/corpus", "a", "train").files()) == 2


@pytest.mark.parametrize("content", [b"version https://git-lfs.github.com/spec/v1\n", b"a,b\n1,2\n", b""])
@pytest.mark.parametrize("use", ["columns", "rows"])
def test_a_file_that_is_no_parquet_is_named(mirror, write_corpus, content, use):
    write_corpus(mirror, "org/corpus", {"a": {"train": [{"n": 1}]}})
    next((mirror / "datasets" / "org" / "corpus" / "a").iterdir()).write_bytes(content)
    split = CorpusSplit("org/corpus", "a", "train")
    with pytest.raises(XnerError, match="org/corpus"):
        split.columns() if use == "columns" else list(split.rows())


# tests/corpora/test_parallel.py -----------------------------------------------------------------------------------
@pytest.mark.parametrize(("tags", "words"), [([-1, 0], 2), ([9, 0], 2), ([0, 1, 2], 1), ([0], 2)])
def test_tags_that_do_not_fit_are_named_with_their_row(mirror, write_corpus, tags, words):
    rows = [{"source_tokens": ["a"] * words, "source_ner_tags": tags, "target_tokens": ["c"]}]
    write_corpus(mirror, "org/pairs", {"a": {"train": rows}}, {"source_ner_tags": NAMES})
    with pytest.raises(XnerError, match="org/pairs:a/train"):
        list(read_split(CorpusSplit("org/pairs", "a", "train"), "eng", "hau"))


def test_a_side_of_which_a_word_or_tag_is_null_has_no_words(mirror, write_corpus):
    rows = [
        {"source_tokens": ["Kano", None], "source_ner_tags": [5, 0], "target_tokens": ["Kano"]},
        {"source_tokens": ["Kano"], "source_ner_tags": [None], "target_tokens": ["Kano"]},
        {"source_tokens": ["Kano"], "source_ner_tags": [5], "target_tokens": ["Kano", None]},
    ]
    write_corpus(mirror, "org/pairs", {"a": {"train": rows}}, {"source_ner_tags": NAMES})
    pairs = list(read_split(CorpusSplit("org/pairs", "a", "train"), "eng", "hau"))
    assert [(pair.source, pair.target) for pair in pairs] == [([], ["Kano"]), ([], ["Kano"]), (["Kano"], [])]


def test_labels_of_pairs_in_another_scheme_are_named_with_their_row(mirror, write_corpus):
    rows = [{"source_tokens": ["Kano"], "source_ner_tags": [1], "target_tokens": ["Kano"]}]
    write_corpus(mirror, "org/pairs", {"a": {"train": rows}}, {"source_ner_tags": ["O", "U-LOC"]})
    with pytest.raises(XnerError, match="org/pairs:a/train, row 0: the label 'U-LOC'"):
        list(read_split(CorpusSplit("org/pairs", "a", "train"), "eng", "hau"))


def test_a_row_without_translation_is_named_or_empty(mirror, write_corpus):
    write_corpus(mirror, "org/n", {"a": {"train": [{"translation": {"en": "a", "hau": "b"}}, {"translation": None}]}})
    try:
        pairs = list(read_split(CorpusSplit("org/n", "a", "train"), "eng", "hau"))
    except XnerError:
        return
    assert (pairs[1].source, pairs[1].target) == ([], [])


# tests/corpora/test_labelled.py -----------------------------------------------------------------------------------
@pytest.mark.parametrize("tag", [-1, 7])
def test_a_tag_without_a_name_is_named_with_its_row(mirror, write_corpus, tag):
    write_corpus(mirror, "org/one", {"a": {"test": [{"tokens": ["Jos"], "ner_tags": [tag]}]}}, {"ner_tags": NAMES})
    with pytest.raises(XnerError, match="org/one:a/test"):
        list(read_labelled("org/one", "test"))


@pytest.mark.parametrize("reference", ["data/2024/gold.conll", "/gone/gold.conll", "gold.conll"])
def test_a_file_that_is_not_there_is_called_a_file(reference):
    with pytest.raises(XnerError, match="file"):
        list(read_labelled(reference, "test"))


# tests/tag/test_model.py ------------------------------------------------------------------------------------------
def test_a_checkpoint_without_tokenizer_is_refused(checkpoint):
    folder = checkpoint({"B-PER": ["Amina"]})
    for path in folder.glob("token*"):
        path.unlink()
    with pytest.raises(XnerError, match="tokenizer"):
        ModelTagger(str(folder))


def test_a_one_word_sentence_is_tagged_by_a_tokenizer_without_special_tokens(checkpoint):
    folder = checkpoint({"B-PER": ["Amina"]})
    table = json.loads((folder / "tokenizer.json").read_text())
    table["post_processor"] = None
    (folder / "tokenizer.json").write_text(json.dumps(table))
    assert [len(spans) for spans in ModelTagger(str(folder)).tag([["Amina"], ["Amina", "b"]])] == [1, 1]


def test_an_encoder_of_few_positions_can_be_used(checkpoint):
    tagger = ModelTagger(str(checkpoint({"B-PER": ["Amina"]}, positions=32)))
    assert tagger.label([["Amina"] * 100])[0] == [["B-PER"] * 100]


def test_damaged_weights_are_named(checkpoint):
    folder = checkpoint({"B-PER": ["Amina"]})
    (folder / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(XnerError, match="could not be loaded"):
        ModelTagger(str(folder))
