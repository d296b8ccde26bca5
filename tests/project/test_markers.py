"""Entity markers: in hand-made texts, and through a translator that knows the sample."""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.parallel import splitter
from xner_hf.errors import XnerError
from xner_hf.project.marker_translator import MarkedTranslation, MarkerTranslator
from xner_hf.project.markers import (
    FORMS,
    MARKER_FAULTS,
    MarkedSpan,
    insert,
    read,
    recognise,
    to_words,
)
from xner_hf.project.projector import PROJECTED, ProjectedSpan
from xner_hf.spans import Span
from xner_hf.translate.seq2seq import Seq2SeqConfig, Seq2SeqTranslator
from xner_hf.translate.translation import FAULTS

HAUSA = splitter("hau")


def spans(*places):
    return [Span(start, end, label) for start, end, label in places]


@pytest.mark.parametrize(
    ("sentence", "entities", "rule", "brackets", "tags"),
    [
        (
            "Bola Tinubu visited Kano .",
            [(0, 2, "PER"), (3, 4, "LOC")],
            "english",
            "[Bola Tinubu] visited [Kano].",
            "<a>Bola Tinubu</a> visited <b>Kano</b>.",
        ),
        ("Kenya 's tea", [(0, 1, "LOC")], "english", "[Kenya]'s tea", "<a>Kenya</a>'s tea"),
        ("the body ( FIFA )", [(3, 4, "ORG")], "english", "the body ([FIFA])", "the body (<a>FIFA</a>)"),
        ("d' Abidjan", [(1, 2, "LOC")], "french", "d'[Abidjan]", "d'<a>Abidjan</a>"),
        ("東 京 大 阪 は", [(0, 2, "LOC"), (2, 4, "LOC")], "characters", "[東京][大阪]は", "<a>東京</a><b>大阪</b>は"),
        ("Kano Kano", [(1, 2, "LOC")], "spaces", "Kano [Kano]", "Kano <a>Kano</a>"),
        ("no name here", [], "spaces", "no name here", "no name here"),
    ],
)
def test_markers_stand_right_around_the_names(sentence, entities, rule, brackets, tags):
    words = sentence.split()
    assert insert(words, spans(*entities), rule, "brackets") == brackets
    assert insert(words, spans(*entities), rule, "xml") == tags


def test_letters_follow_the_order_of_the_entities_not_of_the_text():
    words = ["Kano", "and", "Jos"]
    assert insert(words, spans((2, 3, "LOC"), (0, 1, "LOC")), "spaces", "xml") == "<b>Kano</b> and <a>Jos</a>"


def test_after_z_come_two_letters():
    words = ["x"] * 28
    text = insert(words, [Span(i, i + 1, "LOC") for i in range(28)], "spaces", "xml")
    assert text.endswith("<z>x</z> <aa>x</aa> <ab>x</ab>")
    assert [span.entity for span in read(text, "xml", 28).spans] == list(range(28))


@pytest.mark.parametrize(
    ("words", "form"), [(["see", "[", "1", "]"], "brackets"), (["a", "]"], "brackets"), (["1", "<", "2"], "xml")]
)
def test_a_text_that_holds_markers_itself_is_not_marked(words, form):
    assert insert(words, [], "spaces", form) is None
    assert insert(words, [], "spaces", FORMS[form == "brackets"]) is not None


@pytest.mark.parametrize("entities", [[(0, 2, "PER"), (1, 3, "LOC")], [(2, 4, "PER")], [(1, 1, "PER")]])
def test_entities_that_overlap_or_do_not_fit_are_refused(entities):
    with pytest.raises(XnerError, match="entities to be marked: the spans? "):
        insert(["one", "two", "three"], spans(*entities), "spaces", "brackets")


def test_a_form_that_does_not_exist_is_refused_with_the_nearest():
    for call in (lambda: insert([], [], "spaces", "bracket"), lambda: read("", "bracket", 0)):
        with pytest.raises(XnerError, match="Did you mean 'brackets'.*brackets, xml"):
            call()
    with pytest.raises(XnerError, match="unknown form of markers 'json'"):
        MarkerTranslator(None, "json", "spaces", HAUSA)


@pytest.mark.parametrize(
    ("text", "form", "entities", "plain", "found"),
    [
        ("[Bola] a [Kano].", "brackets", 2, "Bola a Kano.", [("Bola", None), ("Kano", None)]),
        ("a [ Kano ] da [Jos]", "brackets", 2, "a Kano da Jos", [("Kano", None), ("Jos", None)]),
        ("[Nijeriya]r yau", "brackets", 1, "Nijeriyar yau", [("Nijeriya", None)]),
        ("a [Kano , Jos] ", "brackets", 1, "a Kano , Jos", [("Kano , Jos", None)]),
        ("<b>Jos</b> da <a>Kano</a>", "xml", 2, "Jos da Kano", [("Jos", 1), ("Kano", 0)]),
        ("< A > Kano < / A > ne", "xml", 1, "Kano ne", [("Kano", 0)]),
        ("[1] ba <a>Kano</a>", "xml", 1, "[1] ba Kano", [("Kano", 0)]),
        ("ba suna", "brackets", 0, "ba suna", []),
        ("ba suna", "xml", 0, "ba suna", []),
    ],
)
def test_reading_takes_the_markers_out_and_says_what_they_enclosed(text, form, entities, plain, found):
    marked = read(text, form, entities)
    assert (marked.text, marked.fault) == (plain, None)
    assert [(plain[span.start : span.end], span.entity) for span in marked.spans] == found


@pytest.mark.parametrize(
    ("text", "form", "entities", "fault"),
    [
        ("Bola a Kano", "brackets", 1, "markers_lost"),
        ("[Bola] a Kano", "brackets", 2, "markers_lost"),
        ("[Bola a Kano", "brackets", 1, "markers_lost"),
        ("[Bola] a Kano]", "brackets", 2, "markers_lost"),
        ("[Bola] a [Kano]", "brackets", 1, "markers_doubled"),
        ("[Bola] a ]Kano", "brackets", 1, "markers_doubled"),
        ("[Kano]", "brackets", 0, "markers_doubled"),
        ("[Bola [a] Kano]", "brackets", 2, "markers_crossed"),
        ("]Bola[ a Kano", "brackets", 1, "markers_crossed"),
        ("[Bola] a []", "brackets", 2, "markers_empty"),
        ("[Bola] a [ . ]", "brackets", 2, "markers_empty"),
        ("<a>Bola</a> a Kano", "xml", 2, "markers_lost"),
        ("<a>Bola a Kano", "xml", 1, "markers_lost"),
        ("<a>Bola</a> a <a>Kano</a>", "xml", 1, "markers_doubled"),
        ("<a>Bola</a></a>", "xml", 1, "markers_doubled"),
        ("<a>Bola</a> a <c>Kano</c>", "xml", 2, "markers_unknown"),
        ("<a>Bola</a> <br> Kano", "xml", 1, "markers_unknown"),
        ("<a>Bola</a> <ب>", "xml", 1, "markers_unknown"),
        ("<a>Bola</a> <b", "xml", 1, "markers_unknown"),
        ("<a>Bola <b>a</a> Kano</b>", "xml", 2, "markers_crossed"),
        ("<a>Bola <b>a</b> Kano</a>", "xml", 2, "markers_crossed"),
        ("<a>Bola</b> a <b>Kano</a>", "xml", 2, "markers_crossed"),
        ("</a>Bola<a>", "xml", 1, "markers_crossed"),
        ("<a></a> Bola", "xml", 1, "markers_empty"),
    ],
)
def test_whatever_is_wrong_with_markers_has_a_name(text, form, entities, fault):
    marked = read(text, form, entities)
    assert (marked.fault, marked.spans) == (fault, [])
    assert fault in MARKER_FAULTS


@pytest.mark.parametrize(
    ("text", "places", "words", "found"),
    [
        ("A Nijeriyar yau", [(2, 10)], ["A", "Nijeriyar", "yau"], [(1, 2)]),
        ("likaMandela lifikile", [(4, 11)], ["likaMandela", "lifikile"], [(0, 1)]),
        ("a Kano, Jos", [(2, 7)], ["a", "Kano", ",", "Jos"], [(1, 2)]),
        ("Bola Tinubu ya ce", [(0, 11)], ["Bola", "Tinubu", "ya", "ce"], [(0, 2)]),
        ("Kano-Jos", [(0, 4), (5, 8)], ["Kano-Jos"], [(0, 1), (0, 1)]),
        ("\u200bKano da Jos", [(9, 12)], ["Kano", "da", "Jos"], [(2, 3)]),
    ],
)
def test_every_word_that_a_marker_touches_belongs_to_the_name(text, places, words, found):
    assert to_words(text, [MarkedSpan(*place, None) for place in places], HAUSA) == (words, found)


def test_the_splitter_decides_which_clitics_belong_to_the_name():
    text = "Kenya's tea"
    assert to_words(text, [MarkedSpan(0, 5, 0)], splitter("eng")) == (["Kenya", "'s", "tea"], [(0, 1)])
    assert to_words(text, [MarkedSpan(0, 5, 0)], HAUSA) == (["Kenya's", "tea"], [(0, 1)])


def test_places_are_right_in_decomposed_text():
    text = unicodedata.normalize("NFD", "Ọbásanjọ́ àti Ṣagamu")
    start = text.index("S")
    words, found = to_words(text, [MarkedSpan(0, start - 5, 0), MarkedSpan(start, len(text), 1)], splitter("yor"))
    assert words == [unicodedata.normalize("NFC", word) for word in ("Ọbásanjọ́", "àti", "Ṣagamu")]
    assert found == [(0, 1), (2, 3)]


@st.composite
def marked_sentences(draw):
    """Words with a letter, between which punctuation may stand, and spans that neither begin nor end with it."""
    word = st.text("abcdeABCDEƙɗɓ’é", min_size=1, max_size=6).filter(
        lambda word: word[0].isalpha() and word[-1].isalpha()
    )
    words = draw(st.lists(st.one_of(word, word, word, st.sampled_from([",", ".", "(", ")"])), max_size=12))
    found, start = [], 0
    while start < len(words):
        end = draw(st.integers(start, len(words)))
        if end > start and words[start][0].isalpha() and words[end - 1][0].isalpha():
            found.append(Span(start, end, draw(st.sampled_from(["PER", "ORG", "LOC"]))))
        start = max(end, start + 1)
    return words, draw(st.permutations(found))


@given(marked_sentences(), st.sampled_from(FORMS))
def test_reading_gives_back_what_was_inserted(sentence, form):
    words, entities = sentence
    text = insert(words, entities, "spaces", form)
    marked = read(text, form, len(entities))
    assert marked.fault is None
    assert marked.text == detokenise(words, "spaces")
    again, found = to_words(marked.text, marked.spans, lambda _: words)
    in_text = sorted(entities) if form == "brackets" else [entities[span.entity] for span in marked.spans]
    assert (again, found) == (words, [(span.start, span.end) for span in in_text])
    assert sorted(in_text) == sorted(entities)


@given(st.text("[]<>/ab K.", max_size=20), st.sampled_from(FORMS), st.integers(0, 3))
def test_any_text_is_read_or_its_markers_have_a_fault(text, form, entities):
    marked = read(text, form, entities)
    assert not set("[]" if form == "brackets" else "") & set(marked.text)
    if marked.fault is None:
        assert len(marked.spans) == entities
        assert all(
            marked.text[span.start : span.end].strip() == marked.text[span.start : span.end] != ""
            for span in marked.spans
        )
        assert all(one.end <= other.start for one, other in zip(marked.spans, marked.spans[1:], strict=False))
    else:
        assert marked.fault in MARKER_FAULTS


def test_a_bracket_is_the_entity_that_it_is_most_like_not_the_last_that_is_like_enough():
    marked = ["Kano Pillars", "Kano"]
    assert recognise(marked, ["Kano", "Kano Pillars"], ["Kano", "Kano Pillars"]) == [(1, 1.0), (0, 1.0)]


def test_an_entity_is_recognised_by_its_translation_or_by_itself():
    found = recognise(["Jamus", "Sokoto"], ["Sokoto", "Germany"], ["Sakkwato", "Jamus"])
    assert found == [(1, 1.0), (0, 1.0)]


def test_scripts_case_and_punctuation_are_no_difference():
    assert recognise(["Москва"], ["x"], ["Moskva."]) == [(0, 1.0)]


def test_the_assignment_with_the_best_sum_is_taken():
    # "abcd" is more like "abcde" than "abxy" is, but then nothing is left for "abcdz".
    found = recognise(["abcd", "abcdz"], ["abcde", "abcd"], ["", ""])
    assert [bracket for bracket, _ in found] == [1, 0]
    assert found[1][1] == 1.0


def test_equal_names_keep_their_order():
    def order(marked, entities):
        return [bracket for bracket, _ in recognise(marked, entities, [""] * len(entities))]

    assert order(["Liverpool"] * 3, ["Liverpool"] * 3) == [0, 1, 2]
    assert order(["Jos", "Kano", "Kano"], ["Kano", "Kano", "Jos"]) == [1, 2, 0]


def test_what_is_like_no_entity_is_not_recognised():
    assert recognise(["Kano", "gida"], ["Kano", "London"], ["Kano", "Landan"]) is None
    assert recognise(["abcd"], ["abxy"], ["abxy"]) is None  # 0.5 is not above 0.5


class Says:
    """A translator that says what is in a table, and remembers what it was asked."""

    def __init__(self, table):
        self.table, self.asked = table, []

    def generate(self, texts):
        self.asked.append(list(texts))
        return [said if isinstance(said, tuple) else (said, True) for said in map(self.table.__getitem__, texts)]


def translated(table, form, *sentences):
    """Translate English sentences, given as text and entities, into Hausa."""
    says = Says(table)
    marker = MarkerTranslator(says, form, "english", HAUSA)
    found = marker.translate_marked([text.split() for text, _ in sentences], [spans(*own) for _, own in sentences])
    return found, says.asked


def test_tags_say_which_entity_is_which():
    table = {"<a>Nigeria</a> thanked <b>Bola</b>.": "<b>Bola</b> ya gode wa <a>Nijeriya</a>r."}
    found, asked = translated(table, "xml", ("Nigeria thanked Bola .", [(0, 1, "LOC"), (2, 3, "PER")]))
    words = ["Bola", "ya", "gode", "wa", "Nijeriyar", "."]
    expected = [ProjectedSpan(4, 5, "LOC", 1.0, 0, PROJECTED), ProjectedSpan(0, 1, "PER", 1.0, 1, PROJECTED)]
    assert found == [MarkedTranslation(words, expected)]
    assert asked == [list(table)]  # no entity is translated by itself


def test_brackets_are_told_apart_by_the_translations_of_the_entities():
    table = {
        "[Germany] beat [Kano Pillars].": "[Kano Pillars] ta sha kashi a hannun [Jamus].",
        "[Germany] won.": "[Jamus] ta ci.",
        "It rained.": "An yi ruwa.",
        "Germany": "Jamus",
        "Kano Pillars": "Kano Pillars",
    }
    found, asked = translated(
        table,
        "brackets",
        ("Germany beat Kano Pillars .", [(0, 1, "LOC"), (2, 4, "ORG")]),
        ("It rained .", []),
        ("Germany won .", [(0, 1, "LOC")]),
        ("Germany won .", [(0, 1, "ORG")]),
    )
    assert found[0].spans == [
        ProjectedSpan(7, 8, "LOC", 1.0, 0, PROJECTED),
        ProjectedSpan(0, 2, "ORG", 1.0, 1, PROJECTED),
    ]
    assert found[1] == MarkedTranslation(["An", "yi", "ruwa", "."], [])
    assert [one.spans[0].label for one in found[2:]] == ["LOC", "ORG"]
    sentences, names = asked
    assert sentences == ["[Germany] beat [Kano Pillars].", "It rained.", "[Germany] won."]
    assert names == ["Germany", "Kano Pillars"]


def test_a_sentence_that_cannot_be_used_says_why_and_leaves_the_others_alone():
    table = {
        "[Kano] is big.": "Kano babba ce.",
        "[Jos] is big.": "[Gari] babba ne.",
        "[Kano] and [Jos] grow.": "[Kano]-[Jos] suna girma.",
        "[Lagos] is big.": ("[Legas] babban", False),
        "[Abuja] is big.": "[] .",
        "[Zaria] is big.": "[Zariya] babba ce.",
        "Jos": "Jos",
        "Zaria": "Zariya",
    }
    found, asked = translated(
        table,
        "brackets",
        ("Kano is big .", [(0, 1, "LOC")]),
        ("Jos is big .", [(0, 1, "LOC")]),
        ("Kano and Jos grow .", [(0, 1, "LOC"), (2, 3, "LOC")]),
        ("Lagos is big .", [(0, 1, "LOC")]),
        ("Abuja is big .", [(0, 1, "LOC")]),
        ("Kano [ sic ] is big .", [(0, 1, "LOC")]),
        ("Zaria is big .", [(0, 1, "LOC")]),
    )
    assert [one.fault for one in found] == [
        "markers_lost",
        "type_unknown",
        "markers_in_one_word",
        "translation_cut",
        "translation_empty",
        "markers_in_text",
        None,
    ]
    assert all((one.words, one.spans) == ([], []) for one in found[:-1])
    assert found[-1].words == ["Zariya", "babba", "ce", "."]
    assert asked[1] == ["Jos", "Zaria"]  # only where it is of use


def test_as_many_lists_of_entities_as_sentences_are_needed():
    with pytest.raises(XnerError, match="1 sentences but 0 lists"):
        MarkerTranslator(Says({}), "xml", "english", HAUSA).translate_marked([["a"]], [])


def test_nothing_to_translate_asks_nothing():
    found, asked = translated({}, "brackets", ("a ]", []))
    assert (found[0].fault, asked) == ("markers_in_text", [])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("source", "target"), [("eng", "hau"), ("hau", "eng")])
def test_markers_of_the_sample_are_kept_or_reported(small, small_translator, source, target, form):
    translator = Seq2SeqTranslator(Seq2SeqConfig(str(small_translator), num_beams=1), source, target, "cpu")
    rows = small.sentences()
    marker = MarkerTranslator(translator, form, small.RULES[source], splitter(target))
    found = marker.translate_marked([row["words"][source] for row in rows], [row["spans"][source] for row in rows])
    faults = Counter(one.fault for one in found)
    assert set(faults) <= {None, *MARKER_FAULTS, *FAULTS}
    # Where an entity has no counterpart in the other language its marker is lost even in a faultless translation.
    both = [len(row["pairs"]) == len(row["spans"][source]) for row in rows]
    kept = [one.fault is None for one in found]
    assert sum(kept) >= 0.9 * sum(both)
    # The model may say a name that nobody said; no more than a few times.
    assert sum(one and not faultless for one, faultless in zip(kept, both, strict=True)) <= 0.02 * len(rows)
    right = 0
    for row, one in zip(rows, found, strict=True):
        pairs = dict(row["pairs"] if source == "eng" else ((b, a) for a, b in row["pairs"]))
        gold = [row["spans"][target][pairs[number]][:3] for number in range(len(one.spans)) if number in pairs]
        right += not one.fault and [span[:3] for span in one.spans] == gold
    assert right >= 0.97 * sum(kept)
