"""The commands as a user runs them: standard output, standard error, exit codes, files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from xner_hf.corpora.parallel import sample_path

PAIR = {
    "source_tokens": ["Musa", "visited", "Kano", "."],
    "target_tokens": ["Musa", "ya", "ziyarci", "Kano", "."],
    "source_entities": [{"start": 0, "end": 1, "label": "PER"}, {"start": 2, "end": 3, "label": "LOC"}],
}


def write_rows(path, *rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_languages_lists_57_test_sets_of_55_languages(xner):
    code, out, _ = xner("languages", "--json")
    rows = json.loads(out)["languages"]
    assert code == 0
    assert sum(len(row["test_sets"]) for row in rows) == 57
    assert sum(bool(row["test_sets"]) for row in rows) == 55
    keys = {"code", "name", "xtreme", "nllb", "script", "test_sets", "default_recipe", "recipes", "usable", "licence"}
    assert all(keys <= set(row) for row in rows)


def test_languages_says_what_can_be_built_here(xner, mirror):
    row = json.loads(xner("languages", "hau", "--json")[1])["languages"][0]
    assert row["usable"] and row["usable_recipes"] == ["parallel", "sample"]
    assert row["default_recipe"] == "parallel"


def test_without_a_mirror_or_a_network_only_the_sample_is_usable(xner):
    rows = json.loads(xner("languages", "--json")[1])["languages"]
    assert {row["code"]: row["usable_recipes"] for row in rows if row["usable"]} == {
        "hau": ["sample"],
        "swa": ["sample"],
    }


def test_unknown_language_names_the_nearest_and_exits_with_2(xner):
    code, out, err = xner("build", "hasua")
    assert (code, out) == (2, "")
    assert "'hausa'" in err and "xner languages" in err


def test_build_writes_a_whole_build_and_prints_one_json_object(xner):
    code, out, _ = xner("build", "hau", "--recipe", "sample", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["output"] == "build/hau"
    on_disk = json.loads(Path("build/hau/build.json").read_text())
    assert {key: facts[key] for key in on_disk} == on_disk
    rows = facts["rows"]
    assert rows["in"] == 160 == rows["train"] + rows["validation"] + rows["rejected"]


def test_build_takes_settings_and_a_recipe_file(xner):
    xner("build", "hau", "--recipe", "sample", "--set", "projector.method=heuristic", "--limit", "20", "--json")
    recipe = Path("build/hau/recipe.yaml")
    assert "method: heuristic" in recipe.read_text()
    again = json.loads(xner("build", "hau", "--recipe", recipe, "--output", "again", "--json")[1])
    assert again["rows"]["in"] == 20 and again["recipe"]["projector"]["method"] == "heuristic"


def test_a_recipe_file_of_another_language_is_refused(xner):
    xner("build", "hau", "--recipe", "sample", "--limit", "5")
    code, _, err = xner("build", "swa", "--recipe", "build/hau/recipe.yaml")
    assert code == 2 and "hau" in err and "swa" in err


def test_build_names_the_missing_input_and_what_would_work(xner):
    code, _, err = xner("build", "hau")
    assert code == 2 and "masakhane/mafand" in err and "sample" in err and "XNER_MIRROR" in err


def test_build_of_a_language_whose_text_cannot_be_had_names_it(xner):
    code, _, err = xner("build", "fin")
    assert code == 2 and "'translate-test' for fin" in err and "HuggingFaceFW/fineweb-2" in err


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("projector.max_wrods=3", "'max_words'"),
        ("nonsense", "KEY=VALUE"),
        ("projector.null_threshold=2", "[0, 1)"),
        ("aligner.method=statistic", "'statistical'"),
        ("limit=0", "1 or more"),
        ("limit=ten", "'ten'"),
    ],
)
def test_wrong_settings_are_named(xner, setting, words):
    code, out, err = xner("build", "hau", "--recipe", "sample", "--set", setting)
    assert (code, out) == (2, "") and words in err


def test_build_refuses_a_folder_with_other_files_before_it_works(xner):
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("")
    code, _, err = xner("build", "hau", "--recipe", "sample", "--output", "mine")
    assert code == 2 and "thesis.tex" in err and Path("mine/thesis.tex").exists()


def test_project_gives_one_row_for_every_row_in_order_with_the_users_columns(xner, tmp_path):
    rows = [
        {**PAIR, "id": "a", "note": "kept"},
        {**PAIR, "target_tokens": []},
        {**PAIR, "source_entities": []},
    ]
    path = write_rows(tmp_path / "pairs.jsonl", *rows)
    code, out, err = xner("project", path)
    done = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and len(done) == 3
    assert done[0]["note"] == "kept" and done[0]["id"] == "a"
    assert [(e["start"], e["end"], e["label"], e["status"]) for e in done[0]["entities"]] == [
        (0, 1, "PER", "projected"),
        (3, 4, "LOC", "projected"),
    ]
    assert [e["status"] for e in done[1]["entities"]] == ["unaligned", "unaligned"]
    assert done[1]["reason"] == "empty_target" and done[1]["links"] == []
    assert done[2]["entities"] == [] and done[2]["reason"] is None
    assert "row 2" in err and "empty_target" in err


def test_project_prints_one_json_object_when_asked(xner, tmp_path):
    path = write_rows(tmp_path / "pairs.jsonl", PAIR)
    payload = json.loads(xner("project", path, "--json")[1])
    assert payload["pairs"] == 1 and payload["statuses"] == {"projected": 2} and len(payload["rows"]) == 1


def test_project_without_entities_asks_for_a_tagger(xner, tmp_path):
    path = write_rows(tmp_path / "pairs.jsonl", {k: v for k, v in PAIR.items() if k != "source_entities"})
    code, _, err = xner("project", path)
    assert code == 2 and f"{path}:1" in err and "--tagger" in err


def test_project_labels_the_source_side_with_a_tagger(xner, tmp_path, mirror):
    path = write_rows(tmp_path / "pairs.jsonl", {k: v for k, v in PAIR.items() if k != "source_entities"})
    code, out, _ = xner("project", path, "--tagger", "xner/minilm-conll2003-en")
    row = json.loads(out)
    assert code == 0
    assert [(e["start"], e["label"]) for e in row["source_entities"]] == [(0, "PER"), (2, "LOC")]
    assert [e["status"] for e in row["entities"]] == ["projected", "projected"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source_entities": [{"start": 0, "end": 9, "label": "PER"}]}, "does not fit"),
        (
            {"source_entities": [{"start": 0, "end": 2, "label": "PER"}, {"start": 1, "end": 3, "label": "LOC"}]},
            "overlap",
        ),
        ({"target_tokens": "Musa"}, "target_tokens"),
    ],
)
def test_project_names_the_line_of_a_bad_row(xner, tmp_path, change, words):
    path = write_rows(tmp_path / "pairs.jsonl", PAIR, {**PAIR, **change})
    code, out, err = xner("project", path)
    assert (code, out) == (2, "") and f"{path}:2" in err and words in err


def test_project_of_nothing_but_empty_sides_says_so(xner, tmp_path):
    path = write_rows(tmp_path / "pairs.jsonl", {**PAIR, "target_tokens": []})
    code, _, err = xner("project", path)
    assert code == 2 and "words on both sides" in err


def test_align_prints_pharaoh_links_and_scores_them(xner, tmp_path):
    rows = [
        {"source_tokens": list(s), "target_tokens": list(t)} for s, t in [("ab", "xy"), ("a", "x"), ("b", "y")] * 9
    ]
    path = write_rows(tmp_path / "pairs.jsonl", *rows)
    gold = tmp_path / "gold.txt"
    gold.write_text("0-0 1-1\n0-0\n0-0\n" * 9)
    code, out, err = xner("align", path, "--gold", gold)
    assert code == 0 and out.splitlines()[:3] == ["0-0 1-1", "0-0", "0-0"]
    assert "aer 0.0" in err
    payload = json.loads(xner("align", path, "--gold", gold, "--json")[1])
    assert payload["scores"]["precision"] == payload["scores"]["recall"] == 1.0 and payload["pairs"] == 27


def test_align_asks_where_gold_counts_from_if_it_does_not_show(xner, tmp_path):
    row = {"source_tokens": ["a", "b"], "target_tokens": ["x", "y"]}
    path = write_rows(tmp_path / "pairs.jsonl", row, row)
    gold = tmp_path / "gold.txt"
    gold.write_text("1-1 2-2\n1-1\n")
    code, out, err = xner("align", path, "--gold", gold)
    assert (code, out) == (2, "") and "--gold-from 1" in err
    code, _, err = xner("align", path, "--gold", gold, "--gold-from", 1)
    assert code == 0 and "3 sure" in err
    code, _, err = xner("align", path, "--gold-from", 1)
    assert code == 2 and "give --gold" in err


@pytest.mark.parametrize(
    ("gold", "words"),
    [("0-0\n", "1 lines for 2"), ("0-0\n0=1\n", "0=1"), ("0-0\n5-0\n", "outside"), ("\n\n\n", "more")],
)
def test_align_names_the_place_of_bad_gold(xner, tmp_path, gold, words):
    row = {"source_tokens": ["a"], "target_tokens": ["x"]}
    path = write_rows(tmp_path / "pairs.jsonl", row, row)
    (tmp_path / "gold.txt").write_text(gold)
    code, _, err = xner("align", path, "--gold", tmp_path / "gold.txt")
    assert code == 2 and words in err and "gold.txt" in err


def test_report_needs_a_build(xner):
    code, _, err = xner("report", "nowhere")
    assert code == 2 and "xner build" in err


def test_train_needs_a_build_or_a_corpus(xner):
    assert "--corpus" in xner("train")[2]
    code, _, err = xner("train", "hau")
    assert code == 2 and "xner build hau" in err


def test_evaluate_needs_gold_and_refuses_options_without_a_use(xner):
    assert xner("evaluate", "models/x")[0] == 2
    code, _, err = xner("evaluate", "models/x", "--gold", "a/b", "--tagger", "c/d")
    assert code == 2 and "--intrinsic" in err


def test_evaluate_scores_a_build_on_the_sentences_that_it_holds(xner, tmp_path):
    xner("build", "hau", "--recipe", "sample")
    sample = [json.loads(line) for line in sample_path("hau").read_text(encoding="utf-8").splitlines()]
    gold = write_rows(
        tmp_path / "gold.jsonl",
        *({"tokens": row["target_tokens"], "entities": row["target_entities"]} for row in sample),
        {"tokens": ["Wannan", "sabo", "ne"], "entities": []},
    )
    scores = json.loads(xner("evaluate", "build/hau", "--gold", gold, "--json")[1])
    build = json.loads(Path("build/hau/build.json").read_text())
    assert scores["sentences"] == 160 - build["rows"]["rejected"]
    assert scores["left_out"] == 161 - scores["sentences"]
    assert scores["predicted"] == build["statuses"]["projected"]
    assert scores["f1"] > 0.8  # the sample's names mostly look alike; far below means that the chain is broken


def test_train_and_evaluate_a_student_on_a_build(xner, tmp_path, mirror):
    xner("build", "hau", "--recipe", "sample", "--limit", "40")
    backbone = mirror / "models" / "xner" / "minilm-conll2003-en"
    code, out, _ = xner("train", "hau", "--backbone", backbone, "--epochs", "1", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["output"] == "models/hau-projected"
    assert facts["settings"]["backbone"] == backbone.name and facts["data"]["corpora"] == ["build/hau"]
    gold = tmp_path / "gold.conll"
    gold.write_text("Musa B-PER\nya O\nziyarci O\nKano B-LOC\n\n", encoding="utf-8")
    scores = json.loads(xner("evaluate", "models/hau-projected", "--gold", gold, "--json")[1])
    assert scores["sentences"] == 1 and scores["gold"] == 2 and "default" in scores


def test_intrinsic_projects_the_translations_of_a_gold_split(xner, real_mirror):
    # With consistent names the whole text would be tagged first.
    quick = ("--set", "tagger.consistent=false", "--set", "filters.min_source_score=0.4")
    quick += ("--tagger", "xner/minilm-conll2003-en")
    code, out, _ = xner("evaluate", "tsn", "--intrinsic", "--split", "validation", "--limit", "60", *quick, "--json")
    scores = json.loads(out)
    assert code == 0 and scores["sentences"] == 60 and scores["left_out"] > 0
    assert scores["gold_corpus"] == "masakhane/masakhaner2:tsn"
    assert scores["recipe"]["tagger"]["model"] == "xner/minilm-conll2003-en"
    assert scores["recipe"]["filters"]["min_source_score"] == 0.4
    assert scores["f1"] > 0.4  # about .64 on the whole split


def test_intrinsic_without_translations_says_which_gold_has_them(xner, real_mirror):
    code, _, err = xner("evaluate", "deu", "--intrinsic", "--gold", "unimelb-nlp/wikiann:de")
    assert code == 2
    code, _, err = xner("evaluate", "hau", "--intrinsic", "--gold", "unimelb-nlp/wikiann:de")
    assert code == 2 and "masakhane/masakhaner2" in err


def test_the_version_is_printed_and_a_wrong_command_exits_with_2(xner):
    import xner_hf

    assert xner("--version")[:2] == (0, xner_hf.__version__ + "\n")
    assert xner("bulid", "hau")[0] == 2


def test_start_up_imports_none_of_the_heavy_libraries():
    heavy = [
        "torch",
        "transformers",
        "datasets",
        "evaluate",
        "pyarrow",
        "numpy",
        "simalign",
        "scipy",
        "huggingface_hub",
    ]
    for code in ("import xner_hf", "from xner_hf.cli import app"):
        script = f"{code}; import sys; print([name for name in {heavy} if name in sys.modules])"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


def test_a_corpus_is_built_from_ones_own_files(xner, tmp_path, mirror):
    (tmp_path / "my.tsv").write_text("Musa visited Kano.\tMusa ya ziyarci Kano.\nIt rained.\t\n", encoding="utf-8")
    code, out, _ = xner("build", "hau", "--set", "text.corpus=my.tsv", "--set", "validation_percent=0", "--json")
    facts = json.loads(out)
    assert code == 0 and facts["rows"] == {"in": 2, "train": 1, "validation": 0, "rejected": 1}
    assert facts["reasons"] == {"empty_target": 1} and facts["entities"] == {"LOC": 1, "PER": 1}
    assert facts["recipe"]["text"]["corpus"] == "my.tsv" and facts["licence"]["licence_class"] == "unknown"


def test_ones_own_labels_are_carried_over_without_a_tagger(xner, tmp_path, mirror):
    write_rows(tmp_path / "my.jsonl", PAIR)
    code, out, _ = xner("build", "hau", "--recipe", "translate-train", "--set", "text.corpus=my.jsonl", "--json")
    assert code == 0 and json.loads(out)["entities"] == {"LOC": 1, "PER": 1}
    write_rows(tmp_path / "my.jsonl", {key: PAIR[key] for key in ("source_tokens", "target_tokens")})
    code, _, err = xner("build", "hau", "--recipe", "translate-train", "--set", "text.corpus=my.jsonl")
    assert code == 2 and "my.jsonl" in err and "--tagger" in err


def test_two_text_files_are_read_line_by_line(xner, tmp_path):
    (tmp_path / "a.en").write_text("Musa sings\nRain\n", encoding="utf-8")
    (tmp_path / "a.ha").write_text("Musa yana waka\nRuwa\n", encoding="utf-8")
    assert len(xner("align", "a.en,a.ha")[1].splitlines()) == 2
    (tmp_path / "a.ha").write_text("Musa yana waka\n", encoding="utf-8")
    code, _, err = xner("align", "a.en,a.ha")
    assert code == 2 and "2" in err and "1" in err and "a.en" in err and "a.ha" in err


def test_text_that_is_not_utf_8_is_named_by_line_and_byte(xner, tmp_path):
    (tmp_path / "a.tsv").write_bytes("Musa\tMusa\ncafé\tkofi\n".encode("latin1"))
    code, _, err = xner("align", "a.tsv")
    assert code == 2 and "a.tsv:2" in err and "byte 13" in err and "iconv" in err
