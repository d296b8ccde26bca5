from __future__ import annotations

import pytest

from xner_hf.corpora import hub
from xner_hf.corpora.hub import CorpusSplit, configs_of, model_source, splits_of
from xner_hf.errors import XnerError

MAFAND = "masakhane/mafand"
GOLD = "masakhane/masakhaner2"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Write a repository with a card of the given `configs` section and empty files at `paths`; set the mirror."""
    monkeypatch.setenv("XNER_MIRROR", str(tmp_path))

    def write(configs, paths, corpus="org/corpus"):
        folder = tmp_path / "datasets" / corpus
        folder.mkdir(parents=True)
        (folder / "README.md").write_text(f"---\nlicense: cc0-1.0\n{configs}---\n\n# A corpus\n")
        for path in paths:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(b"")
        return folder

    return write


def fails(call, *words):
    with pytest.raises(XnerError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


# The mirror


def test_there_is_no_mirror_unless_the_environment_names_one(monkeypatch):
    assert hub.mirror() is None
    monkeypatch.setenv("XNER_MIRROR", "")
    assert hub.mirror() is None


def test_the_mirror_is_the_folder_that_the_environment_names(mirror):
    assert hub.mirror() == mirror


def test_a_mirror_that_is_no_folder_is_named_wherever_it_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("XNER_MIRROR", str(tmp_path / "gone"))
    for call in (hub.mirror, lambda: configs_of(MAFAND), lambda: model_source("org/model")):
        fails(call, f"XNER_MIRROR={tmp_path / 'gone'}", "not a folder", "unset it")


# Files of a split


def test_files_of_a_split_are_found_through_the_card(mirror):
    folder = mirror / "datasets" / MAFAND
    assert CorpusSplit(MAFAND, "en-hau", "test").files() == [folder / "en-hau" / "test-00000-of-00001.parquet"]
    assert configs_of(MAFAND) == ["en-hau"]
    assert splits_of(MAFAND, "en-hau") == ["train", "validation", "test"]
    assert splits_of(MAFAND, "en-yor") == []


@pytest.mark.parametrize(
    ("entry", "split", "expected"),
    [
        ("data_files: data/*.parquet", "train", ["data/a.parquet", "data/b.parquet"]),
        ("data_files:\n  - split: test\n    path: data/b.parquet", "test", ["data/b.parquet"]),
        (
            "data_files:\n  - split: test\n    path:\n    - more/c.parquet\n    - data/b.parquet",
            "test",
            ["data/b.parquet", "more/c.parquet"],
        ),
        (
            "data_files:\n  - split: test\n    path: data/a.parquet\n  - split: test\n    path: more/*",
            "test",
            ["data/a.parquet", "more/c.parquet"],
        ),
    ],
    ids=["one pattern means train", "split and path", "list of paths", "two entries of a split"],
)
def test_every_form_of_data_files_gives_its_files_sorted_by_name(repository, entry, split, expected):
    configs = f"configs:\n- config_name: default\n  {entry}\n"
    folder = repository(configs, ["data/a.parquet", "data/b.parquet", "more/c.parquet"])
    found = CorpusSplit("org/corpus", "default", split).files()
    assert [path.relative_to(folder).as_posix() for path in found] == expected
    assert splits_of("org/corpus", "default") == [split]


def test_a_pattern_cannot_leave_its_repository(repository, tmp_path):
    repository("configs:\n- config_name: a\n  data_files: ../secret/*.parquet\n", [])
    secret = tmp_path / "datasets" / "org" / "secret"
    secret.mkdir()
    (secret / "a.parquet").write_bytes(b"")
    fails(CorpusSplit("org/corpus", "a", "train").files, "org/corpus:a/train", "no file matches", "../secret")


def test_a_file_that_the_card_names_but_nobody_put_there_is_reported(repository):
    repository("configs:\n- config_name: a\n  data_files: a/train.parquet\n", [])
    fails(CorpusSplit("org/corpus", "a", "train").files, "org/corpus:a/train", "no file matches", "a/train.parquet")


def test_a_card_without_configurations_is_refused_with_its_remedy(repository):
    repository("", ["script.py"])
    fails(lambda: configs_of("org/corpus"), "org/corpus", "lists no configurations", "XNER_MIRROR")


def test_a_folder_without_a_card_is_refused(mirror):
    (mirror / "datasets" / "org" / "corpus").mkdir(parents=True)
    fails(lambda: configs_of("org/corpus"), "org/corpus", "card")


def test_unknown_names_are_reported_with_what_there_is(mirror):
    fails(CorpusSplit("masakhane/mafnad", "en-hau", "train").files, "'masakhane/mafnad'", f"Did you mean '{MAFAND}'")
    fails(CorpusSplit("nobody/x", "a", "train").files, "'nobody/x'", MAFAND, GOLD, "Add it", "unset XNER_MIRROR")
    fails(CorpusSplit(MAFAND, "en-hua", "train").files, "no configuration 'en-hua'", "Did you mean 'en-hau'?")
    fails(CorpusSplit(MAFAND, "en-hau", "dev").files, "no split 'dev'", "test, train, validation")
    fails(CorpusSplit("mafand", "en-hau", "train").files, "'mafand'", "'org/name'")
    fails(CorpusSplit("../masakhane/mafand", "en-hau", "train").files, "'org/name'")


def test_a_split_says_where_it_comes_from():
    assert str(CorpusSplit(MAFAND, "en-hau", "train")) == "masakhane/mafand:en-hau/train"


# Rows


def test_rows_are_plain_objects_in_order_with_class_labels_as_integers(mirror):
    split = CorpusSplit(GOLD, "hau", "test")
    rows = list(split.rows())
    assert [row["id"] for row in rows] == ["0", "1", "2"]
    assert rows[2] == {"id": "2", "tokens": ["Garba", "ya", "huta", "."], "ner_tags": [2, 0, 0, 0]}
    assert next(split.rows(["tokens"])) == {
        "tokens": ["Halima", "tana", "aiki", "da", "Barewa", "Textiles", "."],
    }
    assert split.columns() == {"id", "tokens", "ner_tags"}


def test_rows_run_on_over_the_files_of_a_split_and_over_batches(repository):
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = repository("configs:\n- config_name: a\n  data_files: '*.parquet'\n", [])
    pq.write_table(pa.table({"n": range(1500, 2500)}), folder / "b.parquet")
    pq.write_table(pa.table({"n": range(1500)}), folder / "a.parquet")
    assert [row["n"] for row in CorpusSplit("org/corpus", "a", "train").rows()] == list(range(2500))


def test_a_missing_column_is_named_with_the_columns_there_are(mirror):
    split = CorpusSplit(MAFAND, "en-hau", "train")
    fails(lambda: list(split.rows(["translation", "text"])), str(split), "no column text", "it has translation")


@pytest.mark.parametrize(
    "feature",
    [
        {"names": ["O", "B-X"], "_type": "ClassLabel"},
        {"feature": {"names": ["O", "B-X"], "_type": "ClassLabel"}, "_type": "Sequence"},
        {"feature": {"names": ["O", "B-X"], "_type": "ClassLabel"}, "_type": "List"},
        [{"names": ["O", "B-X"], "_type": "ClassLabel"}],
    ],
    ids=["plain", "Sequence", "List", "list"],
)
def test_class_names_are_read_from_every_form_of_features(repository, feature):
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = repository("configs:\n- config_name: a\n  data_files: a.parquet\n", [])
    metadata = {"huggingface": json.dumps({"info": {"features": {"tags": feature}}})}
    pq.write_table(pa.table({"tags": [[0]], "other": [1]}).replace_schema_metadata(metadata), folder / "a.parquet")
    split = CorpusSplit("org/corpus", "a", "train")
    assert split.class_names("tags") == ["O", "B-X"]
    fails(lambda: split.class_names("other"), str(split), "'other' carries no label names")


def test_a_column_without_any_features_has_no_class_names(repository):
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = repository("configs:\n- config_name: a\n  data_files: a.parquet\n", [])
    pq.write_table(pa.table({"tags": [[0]]}), folder / "a.parquet")
    fails(lambda: CorpusSplit("org/corpus", "a", "train").class_names("tags"), "'tags' carries no label names")


# The Hub


def test_without_mirror_and_network_the_remedy_is_named():
    fails(lambda: configs_of("org/never-downloaded"), "org/never-downloaded", "from the Hub", "XNER_MIRROR")


def test_a_corpus_that_was_downloaded_before_is_read_without_network():
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.parquet as pq
    from huggingface_hub import constants

    repository = Path(constants.HF_HUB_CACHE) / "datasets--org--downloaded"
    commit = "0123456789abcdef0123456789abcdef01234567"
    snapshot = repository / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    (snapshot / "README.md").write_text("---\nconfigs:\n- config_name: a\n  data_files: a.parquet\n---\n")
    blob = repository / "blobs" / "1"
    blob.parent.mkdir()
    pq.write_table(pa.table({"n": [1, 2]}), blob)
    (snapshot / "a.parquet").symlink_to(blob)  # as the Hub's cache keeps files
    assert list(CorpusSplit("org/downloaded", "a", "train").rows()) == [{"n": 1}, {"n": 2}]


def test_a_mirror_is_the_only_place_that_is_looked_up(mirror):
    fails(lambda: configs_of("org/downloaded"), "the mirror", "no corpus 'org/downloaded'")


# Models


def test_a_model_is_a_folder_here_or_in_the_mirror_or_an_id_on_the_hub(mirror, monkeypatch, tmp_path):
    found = mirror / "models" / "xner" / "minilm-conll2003-en"
    assert model_source(str(tmp_path), "main") == (str(tmp_path), None)
    assert model_source("xner/minilm-conll2003-en", "main") == (str(found), None)
    monkeypatch.delenv("XNER_MIRROR")  # and without a network
    fails(lambda: model_source("org/model", "v1"), "'org/model' at v1 is not available from the Hub")


def test_a_model_that_cannot_be_had_is_named_with_what_there_is(mirror):
    fails(lambda: model_source("minilm"), "'minilm'", "neither a local folder", "'org/name'")
    fails(
        lambda: model_source("xner/minilm-conll2003-em"),
        str(mirror),
        "no model 'xner/minilm-conll2003-em'",
        "Did you mean 'xner/minilm-conll2003-en'?",
        "unset XNER_MIRROR",
    )


def test_names_on_a_card_stay_text_whatever_yaml_takes_them_for(mirror):
    folder = mirror / "datasets" / "org" / "names"
    folder.mkdir(parents=True)
    names = ["no", "on", "1e3", "2020-01-01", "null", "12", "true"]
    entries = "".join(
        f"- config_name: {name}\n  data_files:\n  - split: {name}\n    path: {name}/*.parquet\n" for name in names
    )
    (folder / "README.md").write_text(f"---\nconfigs:\n{entries}---\n", encoding="utf-8")
    assert configs_of("org/names") == names
    assert splits_of("org/names", "no") == ["no"]
    with pytest.raises(XnerError, match="no configuration 'nos'. Did you mean 'no'"):
        CorpusSplit("org/names", "nos", "no").files()
