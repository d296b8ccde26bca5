"""``xner align`` and ``xner project``: settings of aligner, projector and filters, and models that are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TEXT = "red house\tgida ja\nred\tja\nhouse\tgida\n" * 5
ROWS = [
    (["Musa", "visited", "Kano"], ["Musa", "ya", "ziyarci", "Kano"], [(0, 1, "PER", 0.9), (2, 3, "LOC", 0.3)]),
    (["Amina", "sings"], ["yarinya", "tana", "waka"], [(0, 1, "PER", 0.9)]),
]


@pytest.fixture
def text(tmp_path):
    (tmp_path / "text.tsv").write_text(TEXT, encoding="utf-8")
    return "text.tsv"


@pytest.fixture
def pairs(tmp_path):
    """Two labelled pairs, the second without a name on its target side."""
    with (tmp_path / "pairs.jsonl").open("w", encoding="utf-8") as file:
        for source, target, spans in ROWS:
            entities = [dict(zip(("start", "end", "label", "score"), span, strict=True)) for span in spans]
            file.write(json.dumps({"source_tokens": source, "target_tokens": target, "source_entities": entities}))
            file.write("\n")
    return "pairs.jsonl"


def refused(done, *words):
    code, out, err = done
    assert (code, out) == (2, "") and err.startswith("error: ") and "Traceback" not in err
    for word in words:
        assert word in err


# Files to write


@pytest.mark.parametrize("command", ["align", "project"])
def test_an_output_that_cannot_be_written_is_refused_before_the_work(xner, pairs, command):
    Path("file").touch()
    for place, words in (("file/out", "not a folder that can be written to"), (".", "it is a folder. Name a file")):
        # The aligner is refused as well, though later.
        refused(xner(command, pairs, "--output", place, "--aligner", "nobody"), f"{place} cannot be written", words)


@pytest.mark.parametrize("command", ["align", "project"])
def test_folders_of_an_output_are_made(xner, pairs, command):
    code, out, err = xner(command, pairs, "--output", "new/folder/out")
    assert (code, out) == (0, ""), err
    assert len(Path("new/folder/out").read_text(encoding="utf-8").splitlines()) == len(ROWS)


# Alignment


def test_a_kept_model_aligns_again_without_training(xner, text):
    code, out, err = xner("align", text, "--keep", "models/hau", "--set", "aligner.stem=3")
    assert code == 0 and out.splitlines()[:3] == ["0-1 1-0", "0-0", "0-0"]
    assert "--set aligner.model=models/hau" in err
    assert json.loads(Path("models/hau/settings.json").read_text()) == {"stem": 3}
    before = {path: path.stat().st_mtime_ns for path in Path("models/hau").iterdir()}
    assert xner("align", text, "--set", "aligner.model=models/hau")[:2] == (code, out)
    Path("one.tsv").write_text("red house\tgida ja\n", encoding="utf-8")
    assert xner("align", "one.tsv", "--set", "aligner.model=models/hau")[1] == "0-1 1-0\n"
    assert before == {path: path.stat().st_mtime_ns for path in Path("models/hau").iterdir()}
    assert [path.name for path in Path("models").iterdir()] == ["hau"]


def test_without_keep_nothing_is_left_and_an_empty_folder_may_be_filled(xner, text):
    assert xner("align", text)[0] == 0
    assert [path.name for path in Path().iterdir()] == [text]
    Path("empty").mkdir()
    assert xner("align", text, "--keep", "empty", "--json")[0] == 0
    assert Path("empty/parameters.safetensors").is_file()


def test_a_model_is_not_written_over_other_files(xner, text):
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("words")
    refused(xner("align", text, "--keep", "mine"), "--keep mine is not an empty folder")
    refused(xner("align", text, "--keep", text), f"--keep {text} is not an empty folder")
    assert [path.name for path in Path("mine").iterdir()] == ["thesis.tex"]
    xner("align", text, "--keep", "model")
    refused(xner("align", text, "--keep", "model"), "--keep model is not an empty folder")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--aligner", "none"),
        ("--aligner", "encoder", "--set", "aligner.model=a/b"),
        ("--aligner", "combined", "--set", "aligner.members=[{method: statistical}]"),
    ],
)
def test_what_leaves_no_model_to_align_with_again_has_nothing_to_keep(xner, text, arguments):
    refused(xner("align", text, *arguments, "--keep", "model"), "--keep", repr(arguments[1]))
    assert not Path("model").exists()


def test_a_model_that_is_loaded_is_not_kept_again(xner, text):
    xner("align", text, "--keep", "model")
    refused(xner("align", text, "--set", "aligner.model=model", "--keep", "other"), "--keep")


def test_aligners_may_be_combined(xner, text):
    members = "aligner.members=[{method: statistical, stem: 0}, {method: none}]"
    code, out, _ = xner("align", text, "--aligner", "combined", "--set", members)
    assert code == 0 and out.splitlines()[0] == "0-1 1-0"
    code, out, _ = xner("align", text, "--aligner", "combined", "--set", members, "--set", "aligner.threshold=0.5")
    assert code == 0 and out.splitlines() == [""] * 15


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--aligner", "statistcal"), ["unknown aligner 'statistcal'. Did you mean 'statistical'?", "encoder"]),
        (("--set", "aligner.stme=3"), ["'stme'", "Did you mean 'stem'?"]),
        (("--set", "aligner.stem=-1"), ["aligner.stem is -1"]),
        (("--set", "aligner.model=gone"), ["'gone'", "xner align PAIRS --keep gone"]),
        (("--set", "stem=3"), ["--set stem", "settings of aligner", "aligner.stem=0"]),
        (("--set", "projector.max_words=3"), ["--set projector.max_words", "settings of aligner"]),
        (("--aligner", "combined"), ["lacks the key 'members'"]),
        (("--aligner", "combined", "--set", "aligner.members=[{method: nnoe}]"), ["member 1", "'none'"]),
        (("--aligner", "encoder"), ["lacks the key 'model'"]),
    ],
)
def test_settings_that_do_not_fit_are_named_by_align(xner, text, arguments, words):
    refused(xner("align", text, *arguments), *words)


# Projection


def statuses(done):
    code, out, _ = done
    assert code == 0
    return [[entity["status"] for entity in json.loads(line)["entities"]] for line in out.splitlines()]


def test_the_projector_is_fused_matching_unless_named(xner, pairs):
    default = json.loads(xner("project", pairs, "--json")[1])
    assert default == json.loads(xner("project", pairs, "--projector", "fused", "--json")[1])
    assert default["rows"][0]["entities"][0]["status"] == "projected"  # Musa is copied


def test_settings_of_projector_aligner_and_filters_count(xner, pairs):
    plain = ("project", pairs, "--aligner", "none", "--projector", "candidates")
    assert statuses(xner(*plain)) == [["projected", "projected"], ["unaligned"]]
    strict = ("--set", "projector.null_threshold=1.0")
    assert statuses(xner(*plain, *strict))[0] == ["low_score", "low_score"]
    unsure = ("--set", "filters.min_source_score=0.5")
    assert statuses(xner(*plain, *unsure)) == [["projected", "filtered:min_source_score"], ["unaligned"]]
    links = json.loads(xner("project", pairs, "--set", "aligner.stem=1", "--projector", "heuristic", "--json")[1])
    assert any(row["links"] for row in links["rows"])


def test_sentences_that_a_filter_drops_keep_their_row_with_the_reason(xner, pairs):
    arguments = ("project", pairs, "--aligner", "none", "--projector", "candidates", "--set", "filters.comp_src=true")
    code, out, err = xner(*arguments)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and [row["reason"] for row in rows] == ["filtered:comp_src"] * 2
    assert [entity["status"] for entity in rows[0]["entities"]] == ["projected", "projected"]
    assert "`filtered:comp_src` (a word of a source entity is linked to nothing)" in err
    payload = json.loads(xner(*arguments, "--json")[1])
    assert payload["reasons"] == {"filtered:comp_src": 2}


def test_weights_may_be_given(xner, pairs):
    # A bias so low that nothing is projected, and one so high that everything with any evidence is.
    for bias, expected in ((-99, "low_score"), (99, "projected")):
        weights = f"projector.weights={{bias: {bias}}}"
        assert statuses(xner("project", pairs, "--aligner", "none", "--set", weights))[0] == [expected] * 2


def test_a_kept_aligner_serves_projection(xner, text, tmp_path):
    xner("align", text, "--keep", "model")
    entity = {"start": 1, "end": 2, "label": "ORG"}
    row = {"source_tokens": ["red", "house"], "target_tokens": ["gida", "ja"], "source_entities": [entity]}
    (tmp_path / "one.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    code, out, _ = xner("project", "one.jsonl", "--set", "aligner.model=model", "--projector", "heuristic")
    (found,) = json.loads(out)["entities"]
    assert code == 0 and (found["start"], found["end"], found["status"]) == (0, 1, "projected")


def test_a_target_tagger_is_asked(xner, tmp_path, mirror):
    entity = {"start": 1, "end": 2, "label": "LOC"}
    row = {"source_tokens": ["the", "city"], "target_tokens": ["an", "ga", "Kano"], "source_entities": [entity]}
    (tmp_path / "one.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    plain = ("project", "one.jsonl", "--aligner", "none", "--set", "projector.weights={bias: -2, tagger: 6}")
    assert statuses(xner(*plain)) == [["unaligned"]]
    tagger = ("--set", "projector.target_tagger=xner/minilm-conll2003-en")
    assert statuses(xner(*plain, *tagger)) == [["projected"]]


def test_names_that_the_tagger_labels_are_settled_over_all_rows(xner, tmp_path, mirror):
    rows = [{"source_tokens": ["Kano", "left", "Jos"], "target_tokens": ["Kano", "ta", "bar", "Jos"]}] * 2
    (tmp_path / "two.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, out, _ = xner("project", "two.jsonl", "--tagger", "xner/minilm-conll2003-en")
    found = [[e["label"] for e in json.loads(line)["source_entities"]] for line in out.splitlines()]
    assert code == 0 and found == [["LOC", "LOC"]] * 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "projector.max_wrods=3"), ["'max_words'"]),
        (("--set", "projector.weights={bias: x}"), ["finite numbers", "xner calibrate"]),
        (("--set", "projector.weights={alignment: 1}"), ["lacks 'bias'"]),
        (("--set", "projector.weights={bias: 1, alignmnet: 1}"), ["'alignment'"]),
        (("--set", "filters.comp_scr=true"), ["'comp_scr'", "'comp_src'"]),
        (("--set", "filters.min_score=2"), ["filters.min_score is 2"]),
        (("--set", "aligner.stme=3"), ["'stem'"]),
        (("--set", "tagger.consistent=false"), ["--set tagger.consistent", "projector and aligner and filters"]),
        (("--set", "projector"), ["KEY=VALUE"]),
        (("--set", "projector=heuristic"), ["--set projector", "projector.max_words=8"]),
        (("--projector", "fusd"), ["unknown projector 'fusd'. Did you mean 'fused'?"]),
    ],
)
def test_settings_that_do_not_fit_are_named_by_project(xner, pairs, arguments, words):
    refused(xner("project", pairs, *arguments), *words)


def test_every_row_comes_back_in_its_place_with_its_empty_side_named(xner):
    sides = [("Ada saw Kano", "Ada aliona Kano"), ("", "Ada"), ("Ada", ""), ("", ""), ("Jos", "Jos")]
    rows = [pair(*one, id=f"r{i}", source_entities=[]) for i, one in enumerate(sides)]
    code, out, err = xner("project", write_rows(*rows))
    made = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and [row["id"] for row in made] == [row["id"] for row in rows]
    assert [row["reason"] for row in made] == [None, "empty_source", "empty_target", "empty_source", None]
    assert "the first in row 2 of own.jsonl" in err
    code, out, _ = xner("align", "own.jsonl")
    assert code == 0 and len(out.splitlines()) == 5 and out.splitlines()[1:4] == ["", "", ""]


def test_a_long_sentence_is_linked_up_to_its_last_word(xner):
    words = [f"w{i}" for i in range(700)]
    rows = [pair(" ".join(words[i : i + 7]), " ".join(words[i : i + 7]), source_entities=[]) for i in range(0, 700, 7)]
    last = {"start": 699, "end": 700, "label": "LOC"}
    code, out, err = xner("project", write_rows(*rows, pair(" ".join(words), " ".join(words), source_entities=[last])))
    assert code == 0, err
    made = json.loads(out.splitlines()[-1])
    assert {(link["source"], link["target"]) for link in made["links"]} >= {(0, 0), (511, 511), (512, 512), (699, 699)}
    assert [(one["start"], one["end"], one["status"]) for one in made["entities"]] == [(699, 700, "projected")]


# Labels and columns of the user's own

TAGGER = "xner/minilm-conll2003-en"


def write_rows(*rows):
    Path("own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return "own.jsonl"


def pair(source, target, **keys):
    return {"source_tokens": source.split(), "target_tokens": target.split(), **keys}


def entity(start, label, **keys):
    return {"start": start, "end": start + 1, "label": label, **keys}


def test_a_tagger_labels_the_rows_that_have_no_labels_and_says_how_many_kept_theirs(xner, mirror, monkeypatch):
    monkeypatch.chdir(mirror.parent)
    rows = [
        pair("Musa left Kano", "Musa alihama Kano", source_entities=[entity(0, "ORG")]),
        pair("Musa saw Zaria", "Musa aliona Zaria"),
        pair("Amina sings", "Amina anaimba", source_entities=[]),
        pair("Jos", "Jos", source_entities=None),
    ]
    code, out, err = xner("project", write_rows(*rows), "--tagger", TAGGER, "--json", "-q")
    assert code == 0, err
    made = json.loads(out)
    labels = [[(e["start"], e["label"]) for e in row["source_entities"]] for row in made["rows"]]
    # The label by hand has a vote on what the tagger finds elsewhere: it is as sure as the tagger, and comes first.
    assert labels == [[(0, "ORG")], [(0, "ORG"), (2, "LOC")], [], [(0, "LOC")]]
    assert made["labels"] == {"kept": 2, "tagged": 2}
    assert "2 pairs kept their own source_entities, 2 were tagged" in err


def test_entities_come_back_in_their_order_with_their_keys(xner):
    own = [entity(2, "LOC", uid="T2"), entity(0, "PER", uid="T1", note={"by": "me"}, score=0.5)]
    rows = [
        pair("Ada saw Kano", "Ada aliona Kano", uid=7, source_entities=own),
        pair("Jos", "Jos", source_entities=[]),
    ]
    code, out, _ = xner("project", write_rows(*rows), "--aligner", "none")
    made = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and made[0]["uid"] == 7 and made[1]["source_entities"] == []
    assert made[0]["source_entities"] == [{**own[0], "score": 1.0}, own[1]]
    fates = [(one["source"], one["label"], one["start"]) for one in made[0]["entities"]]
    assert fates == [(0, "LOC", 2), (1, "PER", 0)]
    assert rows[0]["source_entities"] == own


def test_a_column_that_is_replaced_is_named(xner):
    rows = [pair("Ada", "Ada", source_entities=[], links=[], reason="mine"), pair("Jos", "Jos", source_entities=[])]
    code, out, err = xner("project", write_rows(*rows))
    assert code == 0 and json.loads(out.splitlines()[0])["reason"] is None
    assert "the column 'reason' of 1 pairs was replaced" in err and "the column 'links' of 1 pairs" in err
    assert "'entities'" not in err


@pytest.mark.parametrize("suffix", [".conll", ".iob", ".iob2", ".bio", ".IOB"])
def test_every_file_of_labels_may_be_a_tagger(xner, suffix):
    (path := Path(f"labels{suffix}")).write_text("Ada B-PER\nsaw O\nKano B-LOC\n", encoding="utf-8")
    code, out, _ = xner("project", write_rows(pair("Ada saw Kano", "Ada aliona Kano")), "--tagger", path)
    assert code == 0 and [one["label"] for one in json.loads(out)["source_entities"]] == ["PER", "LOC"]
