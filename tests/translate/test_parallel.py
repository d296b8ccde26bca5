"""Translations looked up in parallel text."""

from __future__ import annotations

import itertools
import json

import pytest

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.parallel import read_extra, sample_path, splitter, splitting_rule
from xner_hf.errors import XnerError
from xner_hf.languages import languages
from xner_hf.translate.parallel import ParallelConfig, ParallelTranslator

PAIRS = [
    ("Amina didn't visit Kano.", "Amina ba ta ziyarci Kano ba."),
    ("Musa laughed.", "Musa ya yi dariya."),
    ("Musa laughed!", "Musa ya kyalkyata da dariya."),
    ("Nobody came.", ""),
    ("", "Babu komai."),
    ('"Come," he said (twice).', "Ya ce (sau biyu): “ku zo”."),
]


@pytest.fixture
def pairs(tmp_path):
    """The name of a file of English and Hausa."""
    file = tmp_path / "pairs.tsv"
    file.write_text("".join(f"{english}\t{hausa}\n" for english, hausa in PAIRS), encoding="utf-8")
    return str(file)


def translator(*corpora, source="eng", target="hau"):
    return ParallelTranslator(ParallelConfig(corpora), source, target)


def test_text_of_either_side_is_found_whatever_its_case_punctuation_and_spaces(pairs):
    forward = translator(pairs)
    texts = ["AMINA didn't  visit Kano", "Come, he said: twice", "Amina didn't visit Kano."]
    assert forward.translate(texts) == [
        ("Amina ba ta ziyarci Kano ba.", None),
        ("Ya ce (sau biyu): “ku zo”.", None),
        ("Amina ba ta ziyarci Kano ba.", None),
    ]
    backward = translator(pairs, source="hau", target="eng")
    assert backward.translate(["amina ba ta ziyarci kano ba", "Ya ce (sau biyu): ku zo."]) == [
        ("Amina didn't visit Kano.", None),
        ('"Come," he said (twice).', None),
    ]


def test_of_several_translations_the_first_counts(pairs, tmp_path):
    assert translator(pairs).translate(["Musa laughed?"]) == [("Musa ya yi dariya.", None)]
    other = tmp_path / "other.tsv"
    other.write_text("Musa laughed.\tDariya.\nHalima sang.\tHalima ta yi waka.\n", encoding="utf-8")
    both = translator(pairs, str(other))
    assert both.translate(["Musa laughed.", "Halima sang."]) == [
        ("Musa ya yi dariya.", None),
        ("Halima ta yi waka.", None),
    ]


def test_what_has_no_translation_is_missing_and_what_has_no_words_is_empty(pairs):
    found = translator(pairs).translate(["Amina visited Kano.", "Nobody came.", "", "...", " — "])
    assert [one.fault for one in found] == ["translation_missing"] * 2 + ["translation_empty"] * 3
    assert [one.text for one in found] == [""] * 5
    assert translator(pairs).translate([]) == []


def test_a_corpus_of_the_hub_is_read_with_the_pivot_as_its_source(mirror):
    backward = translator("masakhane/mafand:en-hau", source="hau", target="eng")
    assert backward.translate(["Ruwa ya sauka a kan rufi."]) == [("Rain fell on the roof.", None)]
    assert translator("masakhane/mafand:en-hau").translate(["Halima laughed."]) == [("Ta yi dariya.", None)]


def test_french_is_the_pivot_where_english_is_not(tmp_path):
    file = tmp_path / "pairs.tsv"
    file.write_text("L'enfant d'Awa rit.\tAwa den bɛ yɛlɛ.\n", encoding="utf-8")
    backward = translator(str(file), source="bam", target="fra")
    assert backward.translate(["awa den bɛ yɛlɛ"]) == [("L'enfant d'Awa rit.", None)]
    file.write_text("The child laughs.\tL'enfant rit.\n", encoding="utf-8")
    assert translator(str(file), target="fra").translate(["The child laughs."]) == [("L'enfant rit.", None)]


@pytest.mark.parametrize(("source", "target"), [("hau", "swa"), ("eng", "eng")])
def test_two_languages_without_a_pivot_between_them_are_refused(pairs, source, target):
    with pytest.raises(XnerError, match="between eng or fra and another language"):
        translator(pairs, source=source, target=target)


def test_evaluation_sets_and_missing_files_are_refused(mirror, tmp_path):
    with pytest.raises(XnerError, match="is an evaluation set"):
        translator("masakhane/masakhaner2:hau")
    with pytest.raises(XnerError, match="the file does not exist"):
        translator(str(tmp_path / "none.tsv"))


@pytest.mark.parametrize("corpora", [(), "pairs.tsv", [""], [3], None])
def test_corpora_that_are_no_list_of_names_are_refused(corpora):
    with pytest.raises(XnerError, match=r"translator.corpora is .*it is a list"):
        ParallelConfig(corpora)


def test_the_words_of_the_sample_survive_being_written_as_text():
    for code in ("hau", "swa"):
        for line in sample_path(code).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            for language, words in (("eng", row["source_tokens"]), (code, row["target_tokens"])):
                text = detokenise(words, splitting_rule(language))
                assert "".join(text.split()) == "".join(words)
                # The sample keeps the Hausa ’yan whole, which the rules for raw text cut.
                if not any(word.startswith("’") and len(word) > 1 for word in words):
                    assert splitter(language)(text) == words


def test_the_words_of_mafand_survive_being_written_as_text(real_mirror):
    for row in languages():
        if row.mafand is None:
            continue
        pairs = itertools.islice(read_extra(f"masakhane/mafand:{row.mafand}", row.source, row.code), 300)
        sides = [side for pair in pairs for side in ((row.source, pair.source), (row.code, pair.target))]
        changed = [words for code, words in sides if splitter(code)(detokenise(words, splitting_rule(code))) != words]
        assert len(sides) == 600
        assert len(changed) <= 2  # a title before a full stop that is not its own: Mr . Bello
