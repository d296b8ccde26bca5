"""The language table agrees with the published test sets, with itself, and with a mirror of the data."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import langcodes
import pytest
import yaml

from xner_hf.errors import XnerError
from xner_hf.languages import (
    TaggerEntry,
    corpus_entry,
    labelled_source,
    language,
    languages,
    model_entry,
    source_languages,
    tagger_entry,
    tagger_languages,
)
from xner_hf.recipe import make_recipe


def words(text):
    return text.split()


MASAKHANER2 = words("bam ewe fon hau ibo kin lug luo mos nya sna swa tsn twi wol xho yor zul")
XTREME = words(
    "af ar bg bn de el es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr ms my nl pt ru sw ta te th tl tr ur vi yo"
    " zh"
)
NLLB = words(
    "afr_Latn bam_Latn ben_Beng bul_Cyrl deu_Latn ell_Grek est_Latn eus_Latn ewe_Latn fin_Latn fon_Latn fra_Latn"
    " hau_Latn heb_Hebr hin_Deva hun_Latn ibo_Latn ind_Latn ita_Latn jav_Latn jpn_Jpan kat_Geor kaz_Cyrl kin_Latn"
    " kor_Hang lug_Latn luo_Latn mal_Mlym mar_Deva mos_Latn mya_Mymr nld_Latn nya_Latn por_Latn rus_Cyrl sna_Latn"
    " spa_Latn tam_Taml tel_Telu tgl_Latn tha_Thai tsn_Latn tur_Latn twi_Latn urd_Arab vie_Latn wol_Latn xho_Latn"
    " yor_Latn zho_Hans zul_Latn"
)
NLLB = {code[:3]: code for code in NLLB} | {"ara": "arb_Arab", "fas": "pes_Arab", "msa": "zsm_Latn", "swa": "swh_Latn"}
NLLB |= {"bbj": None, "pcm": None}
REFERENCE_FIELDS = ("gold", "treebanks", "parallel", "labelled_translations")
BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[2] / "shared" / "hub"
MIRROR = os.environ.get("XNER_MIRROR") or (str(BESIDE_THE_REPOSITORY) if BESIDE_THE_REPOSITORY.is_dir() else None)
# English, Swedish and Amharic are in the mirror but are no target languages.
NOT_TARGETS = {"en", "eng", "en_ewt", "en_pud", "sv_pud", "en-amh"}

every_language = pytest.mark.parametrize("row", languages(), ids=lambda row: row.code)


def references(row):
    found = [ref for field in REFERENCE_FIELDS for ref in getattr(row, field)]
    return found + ([row.text] if row.text else [])


def all_references():
    return {ref for row in languages() for ref in references(row)}


# The test sets


def test_there_are_57_test_sets_over_55_languages():
    tested = [row for row in languages() if row.test_sets]
    assert len(tested) == 55
    assert sum(len(row.test_sets) for row in tested) == 57


def test_the_test_sets_are_the_18_of_masakhaner2_and_the_39_of_xtreme():
    found = sorted(ref for row in languages() for ref in row.test_sets)
    expected = [f"masakhane/masakhaner2:{code}" for code in MASAKHANER2] + [f"google/xtreme:PAN-X.{c}" for c in XTREME]
    assert (len(MASAKHANER2), len(XTREME)) == (18, 39)
    assert found == sorted(expected)


def test_only_swahili_and_yoruba_have_a_test_set_in_both():
    assert [row.code for row in languages() if len(row.test_sets) == 2] == ["swa", "yor"]
    assert language("swa").test_sets == ("masakhane/masakhaner2:swa", "google/xtreme:PAN-X.sw")


@pytest.mark.parametrize("code", ["bbj", "pcm"])
def test_ghomala_and_nigerian_pidgin_have_gold_but_no_test_set(code):
    assert language(code).gold == (f"masakhane/masakhaner2:{code}",)
    assert language(code).test_sets == ()


@every_language
def test_every_test_set_is_gold_and_lies_in_the_language_of_its_row(row):
    assert set(row.test_sets) <= set(row.gold)
    configs = {ref.partition(":")[2] for ref in row.test_sets}
    assert configs <= {row.code, f"PAN-X.{row.xtreme}"}


# Codes


def test_the_table_has_57_languages_sorted_by_code_and_each_once():
    codes = [row.code for row in languages()]
    assert codes == sorted(set(codes))
    assert codes == sorted(NLLB)


def test_nllb_codes_are_those_of_the_published_list():
    assert {row.code: row.nllb for row in languages()} == NLLB


@every_language
def test_iso_and_xtreme_codes_name_the_same_language(row):
    assert langcodes.tag_is_valid(row.code)
    if row.xtreme:
        assert langcodes.Language.get(row.xtreme, normalize=False).to_alpha3() == row.code


def test_two_letter_aliases_name_the_same_language_as_the_code():
    pairs = {alias: row.code for row in languages() for alias in row.aliases if len(alias) == 2}
    assert pairs.pop("ak") == "twi"  # Twi is the Akan of MasakhaNER
    assert {alias: langcodes.Language.get(alias, normalize=False).to_alpha3() for alias in pairs} == pairs


def test_no_code_alias_or_name_means_two_languages():
    owners = {}
    for row in languages():
        for key in {key.casefold() for key in (row.code, row.name, *row.aliases)}:
            assert owners.setdefault(key, row.code) == row.code


@every_language
def test_the_script_is_an_iso_15924_code_and_agrees_with_nllb_and_the_text(row):
    assert langcodes.tag_is_valid(f"und-{row.script}")
    if row.nllb:
        assert row.nllb.endswith(f"_{row.script}")
    assert row.text.endswith({"Hans": "_Hani"}.get(row.script, f"_{row.script}"))


@every_language
def test_code_alias_and_name_find_the_language_whatever_the_case(row):
    for key in (row.code, row.name, *row.aliases):
        for spelled in (key, key.upper(), f" {key.lower()} "):
            assert language(spelled) is row


@pytest.mark.parametrize(
    ("typed", "code"),
    [("hausa", "hau"), ("sw", "swa"), ("swh", "swa"), ("arb", "ara"), ("pes", "fas"), ("zsm", "msa"), ("cmn", "zho")],
)
def test_codes_that_people_type_are_understood(typed, code):
    assert language(typed).code == code


@pytest.mark.parametrize(("typed", "suggested"), [("hua", "hau"), ("hausaa", "hausa"), ("swahilli", "swahili")])
def test_an_unknown_language_is_answered_with_the_nearest_and_with_where_to_look(typed, suggested):
    with pytest.raises(XnerError) as error:
        language(typed)
    assert str(error.value).startswith(f"'{typed}' is not a language of this version. Did you mean ")
    assert f"'{suggested}'" in str(error.value)
    assert "'xner languages'" in str(error.value)


@pytest.mark.parametrize("typed", ["", "qqq"])
def test_what_is_no_language_is_refused(typed):
    with pytest.raises(XnerError, match="xner languages"):
        language(typed)


def test_a_source_language_is_a_row_for_which_nothing_is_built():
    assert source_languages() == ("eng", "fra")
    assert {row.source for row in languages()} == set(source_languages())
    assert language("en") == language("English") == language("eng")
    assert language("eng").recipes == [] and language("eng") not in languages()
    assert [labelled_source(language(code)).code for code in ("hau", "bam")] == ["eng", "eng"]
    with pytest.raises(XnerError, match="Recipes that work for eng: none"):
        make_recipe("eng")


# Sources and recipes


def test_french_is_the_source_where_mafand_was_translated_from_french():
    french = [row.code for row in languages() if row.source == "fra"]
    assert french == ["bam", "bbj", "ewe", "fon", "mos", "wol"]


@every_language
def test_mafand_is_there_for_masakhaner2_languages_only_and_starts_at_their_source(row):
    in_masakhaner2 = row.code in {*MASAKHANER2, "bbj", "pcm"}
    pivot = {"eng": "en", "fra": "fr"}[row.source]
    assert row.mafand == (f"{pivot}-{row.code}" if in_masakhaner2 else None)
    assert row.default_recipe == ("parallel" if in_masakhaner2 else "translate-test")


@pytest.mark.parametrize(
    ("code", "recipes"),
    [
        ("hau", ["parallel", "translate-test", "translate-train", "marker", "transfer", "combine", "sample"]),
        ("yor", ["parallel", "translate-test", "translate-train", "marker", "transfer", "combine"]),
        ("pcm", ["parallel", "translate-test", "transfer", "combine"]),  # NLLB-200 does not know it
        ("deu", ["translate-test", "translate-train", "marker", "transfer", "combine"]),
    ],
)
def test_recipes_are_those_that_can_be_run_with_the_default_first(code, recipes):
    assert language(code).recipes == recipes


def test_labelled_translations_exist_for_eight_languages():
    found = {row.code: row.labelled_translations for row in languages() if row.labelled_translations}
    codes = words("hau ibo nya sna swa xho yor zul")
    assert found == {code: (f"xner/conll2003-nllb:{code}",) for code in codes}


def test_every_source_has_a_pinned_tagger_with_its_licence_class():
    english = TaggerEntry(
        "dslim/bert-base-NER",
        "d1a3e8f13f8c3566299d95fcfc9a8d2382a9affc",
        "mit",
        "research-only",
        "eng",
        "english",
    )
    french = TaggerEntry(
        "Babelscape/wikineural-multilingual-ner",
        "bed6ee7a45d2827b6c90a4fd7983f0241ae0a5c1",
        "cc-by-nc-sa-4.0",
        "non-commercial",
        "fra",
        "french",
    )
    assert tagger_entry("eng") == english
    assert tagger_entry("fra") == french
    assert {row.source for row in languages()} == {"eng", "fra"}


def test_other_languages_of_the_card_of_the_multilingual_tagger_have_it_too():
    assert tagger_languages() == words("deu eng fra ita nld pol por rus spa")
    german = tagger_entry("deu")
    assert (german.model, german.revision) == (tagger_entry("fra").model, tagger_entry("fra").revision)
    assert german.clitics is None


def test_a_source_without_tagger_is_refused_with_those_that_have_one():
    with pytest.raises(XnerError, match="'swa', only for 'deu', 'eng', 'fra'"):
        tagger_entry("swa")


@pytest.mark.parametrize(
    ("model", "revision"),
    [
        ("facebook/nllb-200-distilled-600M", "refs/pr/45"),
        ("facebook/nllb-200-distilled-1.3B", "refs/pr/5"),
        ("facebook/nllb-200-3.3B", "refs/pr/10"),
        ("ychenNLP/nllb-200-3.3B-easyproject", "refs/pr/2"),
        ("dslim/bert-base-NER", "d1a3e8f13f8c3566299d95fcfc9a8d2382a9affc"),
        ("FacebookAI/xlm-roberta-large-finetuned-conll03-english", None),
        ("org/of-nobody", None),
    ],
)
def test_a_model_is_read_at_the_revision_of_the_table(model, revision):
    assert model_entry(model).revision == revision


def test_a_model_is_known_in_any_spelling_under_its_own():
    entry = model_entry("ychennlp/NLLB-200-3.3b-easyproject")
    assert (entry.model, entry.licence) == ("ychenNLP/nllb-200-3.3B-easyproject", "cc-by-nc-4.0")


# Words


def test_words_are_characters_where_the_script_writes_no_spaces():
    assert [row.code for row in languages() if row.words == "characters"] == ["jpn", "mya", "tha", "zho"]
    assert {row.words for row in languages()} == {"spaces", "characters"}


def test_only_french_splits_clitics():
    assert {row.code: row.clitics for row in languages() if row.clitics} == {"fra": "french"}


@pytest.mark.parametrize(
    ("code", "agglutinative"),
    [("zul", True), ("swa", True), ("tur", True), ("fin", True), ("tam", True), ("eus", True), ("kor", True)]
    + [("tsn", False), ("jpn", False), ("hau", False), ("rus", False), ("deu", False), ("hin", False)],
)
def test_agglutinative_marks_languages_that_write_affixes_together_with_names(code, agglutinative):
    assert language(code).agglutinative is agglutinative


# The module


def test_rows_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        language("hau").source = "fra"


def test_importing_the_module_loads_nothing_but_the_standard_library():
    code = "import sys, xner_hf.languages; print({'yaml', 'rapidfuzz', 'torch', 'datasets'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# The mirror


def mirror_cards():
    return sorted(Path(MIRROR, "datasets").glob("*/*/README.md")) if MIRROR else []


def card(path):
    return yaml.safe_load(path.read_text(encoding="utf-8").split("---")[1])


def mirror_configs(path):
    return {config["config_name"] for config in card(path)["configs"]}


needs_mirror = pytest.mark.skipif(not MIRROR, reason="XNER_MIRROR is not set to a mirror of the data sets")
each_card = pytest.mark.parametrize("path", mirror_cards(), ids=lambda path: "/".join(path.parts[-3:-1]))


@needs_mirror
@each_card
def test_every_data_set_of_the_mirror_is_in_the_table_under_a_licence_of_its_card(path):
    hub_id = "/".join(path.parts[-3:-1])
    stated = card(path)["license"]
    stated = stated if isinstance(stated, list) else [stated]
    for config in mirror_configs(path):
        entry = corpus_entry(hub_id, config)
        assert entry.hub_id == hub_id
        assert entry.licence in stated


@needs_mirror
@each_card
def test_every_target_language_config_of_the_mirror_is_named_by_a_row(path):
    hub_id = "/".join(path.parts[-3:-1])
    if corpus_entry(hub_id).role not in ("gold", "treebank", "parallel", "translated-labels"):
        return
    named = {ref.partition(":")[2] for ref in all_references() if ref.startswith(f"{hub_id}:")}
    assert mirror_configs(path) - NOT_TARGETS <= named


@needs_mirror
@pytest.mark.parametrize("hub_id", ["masakhane/mafand", "xner/bible", "uds-lsv/menyo20k_mt", "xner/conll2003-nllb"])
def test_parallel_text_and_translations_are_exactly_those_of_the_mirror(hub_id):
    named = {ref.partition(":")[2] for ref in all_references() if ref.startswith(f"{hub_id}:")}
    assert named == mirror_configs(Path(MIRROR, "datasets", hub_id, "README.md")) - NOT_TARGETS


@needs_mirror
@pytest.mark.parametrize("model", ["xner/minilm-conll2003-en", "xner/minilm-wikineural-fr"])
def test_the_taggers_of_the_mirror_have_the_licence_of_their_card(model):
    entry = model_entry(model)
    stated = card(Path(MIRROR, "models", entry.model, "README.md"))
    assert (stated["license"], stated["license_name"]) == (entry.licence, entry.licence_class)
