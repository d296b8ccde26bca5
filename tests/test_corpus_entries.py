"""What the language table knows of corpora: licences, names of both layouts, and which splits are held out."""

from __future__ import annotations

import pytest

from xner_hf.errors import XnerError
from xner_hf.languages import (
    corpus_entry,
    is_evaluation_split,
    languages,
    our_names,
    their_names,
)

UD = "universal-dependencies/universal_dependencies"
REFERENCE_FIELDS = ("gold", "treebanks", "parallel", "labelled_translations")

every_language = pytest.mark.parametrize("row", languages(), ids=lambda row: row.code)


def references(row):
    found = [ref for field in REFERENCE_FIELDS for ref in getattr(row, field)]
    return found + ([row.text] if row.text else [])


def all_references():
    return {ref for row in languages() for ref in references(row)}


# Corpora


def test_every_data_set_that_a_row_names_has_a_licence_and_a_class():
    entries = {ref: corpus_entry(*ref.split(":")) for ref in all_references()}
    assert [ref for ref, entry in entries.items() if entry.hub_id != ref.partition(":")[0]] == []
    assert [ref for ref, entry in entries.items() if not entry.licence] == []
    known = {"permissive", "non-commercial", "research-only"}
    assert [ref for ref, entry in entries.items() if entry.licence_class not in known] == []


def test_the_class_follows_from_the_licence_wherever_it_is_a_creative_commons_or_odc_licence():
    for ref in all_references():
        entry = corpus_entry(*ref.split(":"))
        if entry.licence.startswith(("cc", "odc")):
            assert entry.licence_class == ("non-commercial" if "-nc" in entry.licence else "permissive"), ref


@every_language
def test_rows_name_each_data_set_once_and_under_its_role(row):
    roles = {"gold": "gold", "treebanks": "treebank", "parallel": "parallel"}
    roles["labelled_translations"] = "translated-labels"
    for field, role in roles.items():
        assert {corpus_entry(*ref.split(":")).role for ref in getattr(row, field)} <= {role}
    assert corpus_entry(*row.text.split(":")).role == "text"
    assert len(references(row)) == len(set(references(row)))


def test_licences_of_treebanks_are_their_own():
    assert corpus_entry(UD).licence_class == "unknown"
    assert corpus_entry(UD, "wo_wtb").licence == "cc-by-sa-4.0"
    assert corpus_entry(UD, "ar_padt").licence_class == "non-commercial"
    assert corpus_entry(UD, "fr_sequoia").licence == "lgpl-lr"


def test_part_of_a_data_set_may_have_another_licence():
    assert corpus_entry("xner/bible", "eng-yor").licence == "cc-by-sa-4.0"
    assert corpus_entry("xner/bible", "eng-swh").licence == "cc0-1.0"


def test_a_data_set_is_found_by_a_former_id_in_any_case_and_by_its_folder_in_a_mirror():
    for spelled in ("unimelb-nlp/wikiann", "wikiann", "WikiANN", "/data/hub/datasets/unimelb-nlp/wikiann/"):
        assert corpus_entry(spelled).hub_id == "unimelb-nlp/wikiann"


def test_an_unknown_data_set_is_refused_with_the_nearest():
    with pytest.raises(XnerError, match="Did you mean 'masakhane/masakhaner2'"):
        corpus_entry("masakhane/masakhaner")


# Evaluation splits


@pytest.mark.parametrize(
    ("hub_id", "config", "held_out", "free"),
    [
        ("masakhane/masakhaner2", "hau", {"validation", "test"}, {"train"}),
        ("google/xtreme", "PAN-X.de", {"validation", "test"}, {"train"}),
        ("unimelb-nlp/wikiann", "de", {"validation", "test"}, {"train"}),
        ("universalner/universal_ner", "de_pud", {"validation", "test"}, {"train"}),
        ("ShkalikovOleh/europarl-ner", "de", {"test"}, {"train"}),
        ("xner/masakhaner2-translated", "bam", {"train", "validation", "test"}, set()),
        ("xner/masakhaner2-translated", "leakage", set(), {"train"}),
        ("masakhane/mafand", "en-hau", set(), {"train", "validation", "test"}),
        ("eriktks/conll2003", "conll2003", set(), {"train", "validation", "test"}),
        (UD, "yo_ytb", set(), {"test"}),
    ],
)
def test_evaluation_splits_are_held_out_and_no_others(hub_id, config, held_out, free):
    for split in held_out:
        assert is_evaluation_split(hub_id, config, split)
    for split in free:
        assert not is_evaluation_split(hub_id, config, split)
    assert is_evaluation_split(hub_id, config, None) is bool(held_out)
    assert is_evaluation_split(hub_id, config, "all") is bool(held_out)


@every_language
def test_the_test_split_of_every_gold_set_is_held_out(row):
    for ref in row.gold:
        assert is_evaluation_split(*ref.split(":"), "test")


@pytest.mark.parametrize("row", [row for row in languages() if row.treebanks], ids=lambda row: row.code)
def test_a_treebank_whose_sentences_have_gold_entities_is_held_out_with_them(row):
    gold = {ref.partition(":")[2] for ref in row.gold if ref.startswith("universalner/")}
    for ref in row.treebanks:
        assert is_evaluation_split(*ref.split(":"), "test") is (ref.partition(":")[2] in gold)


@pytest.mark.parametrize("split", ["test[:100]", "train+test", "train[:10] + validation[50%:]"])
def test_slices_and_sums_of_splits_do_not_get_past_the_guard(split):
    assert is_evaluation_split("masakhane/masakhaner2", "hau", split)
    assert not is_evaluation_split("masakhane/masakhaner2", "hau", "train[:100]+train[200:]")


SPELLED = [
    "dev",
    "val",
    "valid",
    "validation",
    "val_fr",
    "test_fr",
    "testa",
    "Test",
    "dev[:1%]",
    "train+dev",
    "devtest",
]


@pytest.mark.parametrize("split", SPELLED)
@pytest.mark.parametrize(
    ("hub_id", "config"),
    [
        ("masakhane/masakhaner2", "hau"),
        (UD, "de_pud"),
        ("universalner/universal_ner", "en_ewt"),
        ("xtreme", "PAN-X.de"),
    ],
)
def test_no_spelling_of_an_evaluation_split_gets_past_the_guard(hub_id, config, split):
    assert is_evaluation_split(hub_id, config, split)
    assert is_evaluation_split(hub_id, config, f"train[:5] + {split}")


def test_of_a_data_set_with_evaluation_splits_only_training_splits_are_free():
    for split in ("train", "train_fr", "train[:5]", "partial-train"):
        assert not is_evaluation_split("masakhane/masakhaner2", "hau", split)
    for split in ("news", "default", "", "all+train"):
        assert is_evaluation_split("masakhane/masakhaner2", "hau", split)
    assert not is_evaluation_split(UD, "en_ewt", "dev")
    assert is_evaluation_split(UD, None, "dev")  # of some treebanks it is one


@pytest.mark.parametrize(
    ("config", "split", "held_out"),
    [("default", "test_fr", True), ("fr", "test", True), ("fr", "test[:5]", True)]
    + [("default", "val_fr", False), ("fr", "validation", False), ("default", "train_fr+val_fr", False)]
    + [("default", "train_fr+test_en", True), ("default", None, True), ("fr", "all", True), (None, None, True)],
)
def test_both_layouts_of_a_data_set_are_held_out_alike(config, split, held_out):
    assert is_evaluation_split("Babelscape/wikineural", config, split) is held_out


def test_a_data_set_with_two_layouts_has_two_names_for_everything():
    assert our_names("Babelscape/wikineural", "default", "val_fr") == ("fr", "validation")
    assert our_names("babelscape/WikiNEuRal", "fr", "validation") == ("fr", "validation")
    assert our_names("UdS-LSV/menyo20k_mt", "menyo20k_mt", "train") == ("en-yo", "train")
    assert their_names("uds-lsv/menyo20k_mt", "en-yo", "train") == ("menyo20k_mt", "train")
    assert our_names("me/own", "default", "val_fr") == ("default", "val_fr")


@pytest.mark.parametrize("hub_id", ["wikiann", "Unimelb-NLP/WikiANN", "/data/datasets/unimelb-nlp/wikiann"])
def test_other_spellings_do_not_get_past_the_guard_but_unknown_data_sets_are_free(hub_id):
    assert is_evaluation_split(hub_id, "de", "test")
    assert not is_evaluation_split("someone/their-own-corpus", "de", "test")
