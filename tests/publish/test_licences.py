"""The terms that bind a publication: chosen on hand-made inputs, and as properties of any."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.languages import _table, languages
from xner_hf.pipeline.licences import RESTRICTIVENESS, Licence, licences
from xner_hf.publish import Refused
from xner_hf.publish.licence_table import hub_licences, readings
from xner_hf.publish.licences import binding_terms, read_terms, strictest_terms, terms_of
from xner_hf.recipe import make_recipe

MAFAND = Licence("masakhane/mafand", "cc-by-nc-4.0", "non-commercial")
BIBLE = Licence("xner/bible", "cc-by-sa-4.0", "permissive")
SAMPLE = Licence("bundled sample", "cc0-1.0", "permissive")
ENGLISH = Licence("xner/minilm-conll2003-en", "other", "research-only")
FRENCH = Licence("xner/minilm-wikineural-fr", "other", "non-commercial")
NLLB = Licence("facebook/nllb-200-distilled-600M", "cc-by-nc-4.0", "non-commercial")
WEB = Licence("HuggingFaceFW/fineweb-2", "odc-by", "permissive")
REUTERS = "https://trec.nist.gov/data/reuters/reuters.html"


def a(licence, name="org/some", licence_class=None):
    return Licence(name, licence, licence_class or hub_licences()[licence].licence_class)


# What binds


@pytest.mark.parametrize(
    ("inputs", "licence", "licence_class"),
    [
        ([SAMPLE], "cc0-1.0", "permissive"),
        ([WEB, a("mit")], "odc-by", "permissive"),
        ([a("apache-2.0"), a("cc-by-4.0", "org/other"), SAMPLE], "cc-by-4.0", "permissive"),
        ([WEB, NLLB], "cc-by-nc-4.0", "non-commercial"),
        ([BIBLE, a("mit"), SAMPLE], "cc-by-sa-4.0", "permissive"),
        ([a("cc-by-sa-3.0"), BIBLE], "cc-by-sa-4.0", "permissive"),  # later versions are allowed
        ([MAFAND, a("cc-by-nc-sa-4.0")], "cc-by-nc-sa-4.0", "non-commercial"),
        ([MAFAND, FRENCH], "cc-by-nc-sa-4.0", "non-commercial"),  # that of the French tagger's training data
    ],
)
def test_the_most_restrictive_licence_binds(inputs, licence, licence_class):
    terms = binding_terms(inputs)
    assert (terms.licence, terms.licence_class) == (licence, licence_class)
    assert terms.metadata() == {"license": licence}
    assert terms.inputs == tuple(sorted(inputs, key=lambda one: one.name))


def test_labels_of_a_tagger_for_research_only_have_a_name_and_a_link():
    terms = binding_terms([MAFAND, ENGLISH])
    assert terms.metadata() == {"license": "other", "license_name": "research-only", "license_link": REUTERS}
    assert str(terms) == "other (research-only)" and terms.licence_class == "research-only"
    assert any("Reuters RCV1" in note for note in terms.notes)
    assert any("masakhane/mafand (cc-by-nc-4.0)" in note for note in terms.notes)


def test_a_corpus_without_a_licence_of_its_own_is_linked_to():
    terms = binding_terms([Licence("google/xtreme", "unknown", "research-only")], passes_text=False)
    assert terms.metadata() == {
        "license": "other",
        "license_name": "research-only",
        "license_link": "https://huggingface.co/datasets/google/xtreme",
    }


def test_share_alike_and_attribution_are_noted():
    first, second, *_ = binding_terms([MAFAND, a("cc-by-nc-sa-4.0")]).notes
    assert (
        first == "The authors of these have to be named: masakhane/mafand (cc-by-nc-4.0), org/some (cc-by-nc-sa-4.0)."
    )
    assert second.startswith("Share alike") and "org/some" in second
    assert binding_terms([SAMPLE]).notes == ()


def test_of_several_configurations_the_strictest_terms_are_listed():
    free, french, english = binding_terms([SAMPLE]), binding_terms([MAFAND, FRENCH]), binding_terms([MAFAND, ENGLISH])
    for order in permutations([free, french, english]):
        assert strictest_terms(order) == english
    assert strictest_terms([free, french]) == french


# What is refused


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([], ["nothing says what it was made from"]),
        ([MAFAND, Licence("my.tsv", "unknown", "unknown")], ["my.tsv are not known"]),
        ([Licence("org/some", "cc-by-4", "permissive")], ["org/some are not known", "'cc-by-4.0'"]),
        ([Licence("org/some", "mit", "generous")], ["org/some are not known"]),
        ([a("gemma")], ["org/some are not known", "'gemma'"]),
        ([a("cc")], ["org/some are not known"]),
        ([a("cc-by-nd-4.0")], ["org/some (cc-by-nd-4.0)", "does not allow"]),
        ([BIBLE, MAFAND], ["xner/bible (cc-by-sa-4.0)", "masakhane/mafand (cc-by-nc-4.0)", "cannot be combined"]),
        ([BIBLE, a("cc-by-nc-sa-4.0")], ["xner/bible (cc-by-sa-4.0)", "org/some (cc-by-nc-sa-4.0)"]),
        ([BIBLE, ENGLISH], ["xner/bible (cc-by-sa-4.0)", "xner/minilm-conll2003-en (research-only)"]),
        ([a("odbl"), a("cdla-sharing-1.0", "org/other")], ["org/other (cdla-sharing-1.0)", "the same for odbl"]),
        ([a("cc-by-nc-sa-4.0"), Licence("org/own", "other", "non-commercial")], ["org/own", "terms of its own"]),
        ([Licence("eriktks/conll2003", "other", "research-only")], ["eriktks/conll2003", "must not be passed on"]),
    ],
)
def test_terms_that_are_not_known_or_cannot_be_combined_are_refused_and_say_of_what(inputs, words):
    for order in permutations(inputs):
        with pytest.raises(Refused) as refused:
            binding_terms(order)
        assert all(word in str(refused.value) for word in words), str(refused.value)
        assert "by hand" in str(refused.value)


def test_a_conflict_is_told_once():
    with pytest.raises(Refused) as refused:
        binding_terms([a("odbl"), a("cdla-sharing-1.0", "org/other")])
    assert str(refused.value).count("cannot be combined") == 1


def test_every_reason_is_told():
    with pytest.raises(Refused) as refused:
        binding_terms([BIBLE, MAFAND, Licence("a/b", "unknown", "unknown"), a("cc-by-nd-4.0")])
    assert all(name in str(refused.value) for name in ("xner/bible", "a/b", "org/some"))


def test_a_model_passes_no_text_on():
    conll = Licence("eriktks/conll2003", "other", "research-only")
    assert binding_terms([conll], passes_text=False).name == "research-only"


# By hand


def test_a_person_with_a_reason_decides():
    override = {"licence": "cc-by-4.0", "reason": "The authors agreed."}
    terms = binding_terms([BIBLE, MAFAND, Licence("a/b", "unknown", "unknown")], override)
    assert terms.metadata() == {"license": "cc-by-4.0"} and terms.override == override
    assert terms.licence_class == "permissive" and len(terms.inputs) == 3
    named = {"licence": "other", "name": "our-terms", "link": "https://example.org/terms", "reason": "Agreed."}
    assert binding_terms([MAFAND], named).metadata() == {
        "license": "other",
        "license_name": "our-terms",
        "license_link": "https://example.org/terms",
    }


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ({"licence": "cc-by-4.0", "reason": " "}, "without a reason"),
        ({"licence": "cc-by-4.0"}, "without a reason"),
        ({"licence": "cc-by-5.0", "reason": "I say so."}, "'cc-by-4.0'"),
        ({"licence": "unknown", "reason": "I say so."}, "'unknown'"),
        ({"licence": "other", "reason": "I say so."}, "the name of the terms and a link"),
    ],
)
def test_a_decision_by_hand_needs_a_licence_and_a_reason(override, words):
    with pytest.raises(Refused, match=words):
        binding_terms([MAFAND], override)


def test_corpora_of_the_default_taggers_have_the_terms_of_their_training_data():
    english = binding_terms(licences(make_recipe("hau")))
    assert (english.licence, english.licence_class, english.link) == ("other", "research-only", REUTERS)
    assert any("dslim/bert-base-NER" in note and "its weights are MIT" in note for note in english.notes)
    french = binding_terms(licences(make_recipe("bam")))
    assert (french.licence, french.licence_class) == ("cc-by-nc-sa-4.0", "non-commercial")


# The tables


def test_every_licence_of_the_language_table_is_known():
    table = _table()
    rows = [*table["corpora"].values(), *table["taggers"].values(), *table["models"].values()]
    rows += [group for row in table["corpora"].values() for group in row.get("configs", ())]
    named = {row["licence"] for row in rows if "licence" in row}
    assert named and named <= set(hub_licences())
    assert {row["class"] for row in rows if "class" in row} <= set(RESTRICTIVENESS)


def test_classes_of_the_language_table_are_never_freer_than_the_licence():
    table = _table()
    for row in [*table["corpora"].values(), *table["models"].values()]:
        known = hub_licences()[row["licence"]].licence_class
        if known != "unknown":
            assert RESTRICTIVENESS.index(row["class"]) >= RESTRICTIVENESS.index(known), row


def test_readings_name_licences_and_classes_that_there_are():
    for name, reading in readings().items():
        assert reading.licence in hub_licences() and reading.licence_class in RESTRICTIVENESS[:-1], name
        if reading.licence == "other":
            assert reading.name and reading.link.startswith("https://"), name
        else:
            assert hub_licences()[reading.licence].licence_class == reading.licence_class, name


def test_licences_that_can_bind_say_where_they_stand():
    for name, known in hub_licences().items():
        assert known.licence_class in RESTRICTIVENESS, name
        assert known.licence_class == "unknown" or known.url.startswith("https://"), name


def test_the_default_build_of_every_language_has_terms():
    for one in languages():
        terms = binding_terms(licences(make_recipe(one.code)))
        assert terms.licence_class in ("non-commercial", "research-only"), one.code


def test_terms_are_read_from_json_and_shown_in_a_word():
    stored = [vars(MAFAND), {**vars(FRENCH), "role": "tagger"}]
    assert terms_of(stored) == binding_terms([MAFAND, FRENCH])
    assert read_terms(vars(FRENCH)) == "cc-by-nc-sa-4.0 (non-commercial)"
    assert read_terms(vars(ENGLISH)) == "research-only"
    assert read_terms(vars(Licence("my.tsv", "unknown", "unknown"))) == "not known"
    assert read_terms(vars(Licence("FacebookAI/xlm-roberta-base", "unknown", "unknown"))) == "mit (permissive)"


# Properties

INPUTS = st.lists(
    st.one_of(
        st.builds(a, st.sampled_from(sorted(hub_licences())), st.sampled_from(["o/a", "o/b", "o/c"])),
        st.sampled_from([MAFAND, BIBLE, SAMPLE, ENGLISH, FRENCH, NLLB, WEB]),
        st.builds(a, st.just("other"), st.sampled_from(["o/x", "o/y"]), st.sampled_from(RESTRICTIVENESS)),
    ),
    max_size=4,
)


def terms_or_none(inputs):
    try:
        return binding_terms(inputs)
    except Refused:
        return None


@given(INPUTS, INPUTS)
def test_the_terms_of_a_union_are_no_freer_than_those_of_its_parts(one, other):
    both = terms_or_none([*one, *other])
    for part in (one, other):
        terms = terms_or_none(part)
        if both is None or not part:
            continue
        assert terms is not None  # what is refused alone is refused with more
        assert RESTRICTIVENESS.index(both.licence_class) >= RESTRICTIVENESS.index(terms.licence_class)
        family = hub_licences()[terms.licence].share_alike
        assert family in (None, hub_licences()[both.licence].share_alike)


@given(INPUTS, st.randoms())
def test_neither_order_nor_repetition_matters(inputs, random):
    shuffled = [*inputs, *inputs[:1]]
    random.shuffle(shuffled)
    assert terms_or_none(shuffled) == terms_or_none(inputs)


@given(INPUTS)
def test_what_binds_is_a_licence_of_the_hub_that_can_be_published(inputs):
    terms = terms_or_none(inputs)
    if terms is None:
        return
    data = terms.metadata()
    assert data["license"] in hub_licences() and data["license"] != "unknown"
    assert ("license_name" in data) == ("license_link" in data) == (data["license"] == "other")
    assert terms.licence_class != "unknown"


@given(INPUTS, st.text(min_size=1, max_size=20).filter(lambda name: name not in readings()))
def test_an_unknown_licence_is_refused_and_named(inputs, name):
    with pytest.raises(Refused) as refused:
        binding_terms([*inputs, Licence(name, "unknown", "unknown")])
    assert name in str(refused.value)
