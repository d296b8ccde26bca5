from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.corpora.leakage import ALIKE, LONG, SHORTEST, LeakCheck, Sentences
from xner_hf.corpora.sentence import Pair

MAFAND = "masakhane/mafand"
GOLD = "masakhane/masakhaner2"
VALIDATION, TEST = f"{GOLD}:hau/validation", f"{GOLD}:hau/test"
TABLE = "xner/masakhaner2-translated:leakage/train"


def pair(target, name="x/train/0"):
    return Pair(name, ["any", "source"], target.split())


@pytest.fixture
def check(mirror):
    return LeakCheck("hau", MAFAND, "en-hau")


@pytest.mark.parametrize(
    "target",
    [
        "Halima tana aiki da Barewa Textiles .",
        "HALIMA tana aiki da barewa textiles",
        "« Halima » tana-aiki , da BarewaTextiles !",
        "Musa ya ziyarci manoman .",
    ],
    ids=["as it stands", "other case", "other punctuation and spaces", "from the validation split"],
)
def test_text_of_an_evaluation_sentence_is_found_whatever_its_case_and_punctuation(check, target):
    assert check.leaked(pair(target))
    assert check.report()["dropped"] == {"text_match": 1}


@pytest.mark.parametrize(
    "target",
    [
        "Halima tana aiki da Barewa",
        "Halima tana aiki da Barewa Textiles yanzu .",
        "Amina Bello ta ziyarci Kano .",
        "",
        ". . .",
    ],
    ids=["a part", "a longer one", "a training sentence of the gold corpus", "no words", "no letters"],
)
def test_other_text_is_kept(check, target):
    assert not check.leaked(pair(target))
    assert check.report()["dropped"] == {}


def test_the_source_side_is_not_looked_at(check):
    assert not check.leaked(Pair("x", ["Musa", "ya", "ziyarci", "manoman", "."], ["Na", "gode"]))


def test_rows_of_mafand_that_the_table_links_are_found_by_their_id(check):
    flagged = ["en-hau/train/3", "en-hau/validation/0"]
    others = ["en-hau/train/0", "en-hau/train/2", "en-hau/test/0", "en-hau/validation/1", "en-yor/train/0"]
    assert [name for name in [*flagged, *others] if check.leaked(pair("Na gode", name))] == flagged
    assert check.report()["dropped"] == {"leakage_table": 2}


def test_the_table_says_nothing_about_other_corpora_and_configurations(mirror):
    assert not LeakCheck("hau", "org/other", "en-hau").leaked(pair("Na gode", "en-hau/train/3"))
    assert not LeakCheck("hau", MAFAND, "en-xho").leaked(pair("Na gode", "en-hau/train/3"))


def test_a_pair_that_both_checks_find_is_counted_once(check):
    assert check.leaked(pair("Musa ya ziyarci manoman .", "en-hau/train/3"))
    assert check.leaked(pair("Musa ya ziyarci manoman .", "en-hau/train/2"))
    assert check.report()["dropped"] == {"leakage_table": 1, "text_match": 1}


def test_the_report_names_what_was_checked(mirror):
    assert LeakCheck("hau", MAFAND, "en-hau").report() == {
        "status": "done",
        "checked": [VALIDATION, TEST, TABLE],
        "unreachable": [],
        "dropped": {},
    }
    assert LeakCheck("hau", "xner/conll2003-nllb", "hau").report()["checked"] == [VALIDATION, TEST]


def test_the_report_names_what_could_not_be_reached(mirror):
    shutil.rmtree(mirror / "datasets" / GOLD)
    report = LeakCheck("hau", MAFAND, "en-hau").report()
    assert (report["status"], report["checked"], report["unreachable"]) == ("partial", [TABLE], [VALIDATION, TEST])
    other = LeakCheck("hau", "org/other", "x").report()
    assert (other["status"], other["checked"], other["unreachable"]) == ("not done", [], [VALIDATION, TEST])


def test_a_missing_table_leaves_the_check_of_mafand_partial(mirror):
    shutil.rmtree(mirror / "datasets" / "xner" / "masakhaner2-translated")
    report = LeakCheck("hau", MAFAND, "en-hau").report()
    assert (report["status"], report["unreachable"]) == ("partial", [TABLE])


def test_every_gold_set_of_a_language_is_asked_for(mirror):
    report = LeakCheck("swa", "org/other", "x").report()
    assert report["status"] == "not done"
    assert f"{GOLD}:swa/test" in report["unreachable"]
    assert any(name.startswith("google/xtreme:PAN-X.sw/") for name in report["unreachable"])


def test_real_evaluation_sentences_are_found(real_mirror):
    from xner_hf.corpora.hub import CorpusSplit

    check = LeakCheck("hau", "org/other", "x")
    assert check.report()["status"] == "done"
    row = next(CorpusSplit(GOLD, "hau", "test").rows(["tokens"]))
    assert check.leaked(Pair("0", [], [word.upper() for word in row["tokens"]]))


# Near copies

GOLD_LINE = "Halima tana aiki da Barewa Textiles a birnin Kano tun shekarar da ta gabata"


@pytest.fixture
def near(mirror, write_corpus):
    """A check against one long evaluation sentence."""
    row = {"id": "0", "tokens": GOLD_LINE.split(), "ner_tags": [0] * len(GOLD_LINE.split())}
    names = {"ner_tags": ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-DATE", "I-DATE"]}
    write_corpus(mirror, GOLD, {"hau": {"validation": [row], "test": [row]}}, names)
    return LeakCheck("hau", "org/other", "x")


@pytest.mark.parametrize(
    "target",
    [
        GOLD_LINE.replace("shekarar", "shekaran"),
        GOLD_LINE.replace("Halima", "Halimatu"),
        GOLD_LINE + " ita",
        "Mun gaya muku. " + GOLD_LINE + ". Kun ji?",
    ],
    ids=["another letter", "a longer name", "a further word", "among other sentences"],
)
def test_a_near_copy_of_an_evaluation_sentence_is_found(near, target):
    assert near.leaked(pair(target))
    assert near.report()["dropped"] == {"near_match": 1}


@pytest.mark.parametrize(
    "target",
    [
        "Halima tana aiki da Barewa Textiles",
        "Amina tana karatu a birnin Zaria tun shekarar da ta gabata",
        " ".join(reversed(GOLD_LINE.split())),
        "Kano",
    ],
    ids=["a part", "the same frame", "another order", "a name"],
)
def test_a_sentence_that_shares_words_with_an_evaluation_sentence_is_kept(near, target):
    assert not near.leaked(pair(target))


def test_short_sentences_have_to_be_the_same(mirror):
    check = Sentences({"yahutayau", "yazokano"})
    assert check.has("yahutayau") and not check.nearly_has("yahutayan") and not check.nearly_has("")


@given(st.text("abcde", max_size=60), st.lists(st.text("abcde", max_size=60), max_size=4), st.text("abc", max_size=9))
def test_near_copies_are_those_of_the_definition(key, golds, around):
    from rapidfuzz.distance import Levenshtein

    golds.append(key[:-1] + "e")
    golds.append(key)
    asked = around + key + around
    found = Sentences(golds).nearly_has(asked)
    alike = any(gold and Levenshtein.normalized_similarity(asked, gold) >= ALIKE for gold in golds)
    within = any(len(gold) >= LONG and gold in asked for gold in golds)
    assert found == (len(asked) >= SHORTEST and (alike or within))


def test_a_table_that_counts_other_rows_says_nothing(mirror, write_corpus):
    rows = [{"translation": {"en": "One.", "hau": f"Layi na {n}."}} for n in range(5)]
    write_corpus(mirror, MAFAND, {"en-hau": {"train": rows}})
    check = LeakCheck("hau", MAFAND, "en-hau")
    assert check.report()["unreachable"] == [TABLE] and check.report()["status"] == "partial"
    assert not check.leaked(pair("Na gode", "en-hau/train/3"))


def test_without_a_mirror_no_table_is_asked_for(monkeypatch):
    report = LeakCheck("hau", MAFAND, "en-hau").report()
    assert report["unreachable"] == [VALIDATION, TEST]


def test_the_near_match_finds_what_the_table_knows(real_mirror):
    from xner_hf.corpora.hub import CorpusSplit
    from xner_hf.corpora.leakage import LEAKAGE_TABLE
    from xner_hf.corpora.parallel import read_split

    linked = {
        f"{row['config']}/{row['split']}/{row['index']}"
        for row in LEAKAGE_TABLE.rows()
        if row["config"] == "fr-fon" and row["linked"]
    }
    check = LeakCheck("fon", "org/other", "x")
    pairs = read_split(CorpusSplit(MAFAND, "fr-fon", "train"), "fra", "fon")
    found = {one.id for one in pairs if check.leaked(one)}
    assert found <= linked and len(found) > 0.9 * len(linked)
    assert check.dropped["near_match"] > check.dropped["text_match"]


def test_an_evaluation_sentence_of_which_a_word_is_null_is_found_by_its_other_words(mirror, write_corpus):
    names = {"ner_tags": ["O"]}
    rows = [{"tokens": ["Ruwa", None, "sama"], "ner_tags": [0, 0, 0]}, {"tokens": None, "ner_tags": None}]
    write_corpus(mirror, GOLD, {"hau": {"validation": rows, "test": rows, "train": rows}}, names)
    assert LeakCheck("hau", "x/y", "z").leaked(pair("Ruwa sama"))
