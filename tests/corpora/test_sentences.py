from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.corpora.sentences import split_sentences
from xner_hf.languages import languages


def solid(text):
    return "".join(text.split())


BY_SCRIPT = {
    "Latn": ["Ada ta je Kano.", "Ina Musa yake?", "Yana Zaria!"],
    "Cyrl": ["Мы приехали в Москву.", "Где вокзал?", "Там!"],
    "Grek": ["Πού είναι ο σταθμός;", "Είναι εκεί.", "Πάμε!"],
    "Armn": ["Ո՞ւր է կայարանը։", "Այնտեղ է։", "Գնանք։"],
    "Geor": ["სად არის სადგური?", "იქ არის.", "წავიდეთ!"],
    "Arab": ["أين المحطة؟", "إنها هناك.", "اسٹیشن وہاں ہے۔", "آنجا است.", "هيا بنا!"],
    "Hebr": ["איפה התחנה?", "היא שם.", "בוא נלך!"],
    "Deva": ["स्टेशन कहाँ है?", "वह वहाँ है।", "चलो॥", "ते तिथे आहे.", "अब चलें।"],
    "Beng": ["স্টেশন কোথায়?", "ওটা ওখানে।", "চলো!"],
    "Taml": ["நிலையம் எங்கே?", "அது அங்கே இருக்கிறது.", "போகலாம்!"],
    "Telu": ["స్టేషన్ ఎక్కడ ఉంది?", "అది అక్కడ ఉంది.", "వెళ్దాం!"],
    "Mlym": ["സ്റ്റേഷൻ എവിടെയാണ്?", "അത് അവിടെയാണ്.", "പോകാം!"],
    "Hang": ["역이 어디에 있습니까?", "저기 있습니다.", "갑시다!"],
    "Ethi": ["ጣቢያው የት ነው፧", "እዚያ ነው።", "እንሂድ፡፡", "እሺ።"],
    "Hans": ["车站在哪里？", "在那里。", "走吧！"],
    "Jpan": ["駅はどこですか？", "あそこです。", "行こう！"],
    "Mymr": ["ဘူတာဘယ်မှာလဲ။", "ဟိုမှာ၊ လာပါ။", "သွားမယ်။"],
    "Thai": ["สถานีอยู่ที่ไหน?", "อยู่ที่นั่น!", "ไปกันเถอะ"],
}


@pytest.mark.parametrize("script", BY_SCRIPT)
def test_every_script_ends_sentences_with_its_own_marks(script):
    assert split_sentences(" ".join(BY_SCRIPT[script])) == BY_SCRIPT[script]


def test_every_script_of_the_language_table_is_tried():
    assert {row.script for row in languages()} <= set(BY_SCRIPT)


@pytest.mark.parametrize(
    "sentences",
    [
        BY_SCRIPT["Hans"],
        BY_SCRIPT["Jpan"],
        BY_SCRIPT["Mymr"],
        ["真的吗?", "真的!", "好。"],
        ["کیا۔", "ہاں۔"],
        ["वह गया।", "वह आया।"],
        ["वह गया|", "वह आया|"],
    ],
)
def test_marks_of_scripts_without_spaces_need_none_after_them(sentences):
    assert split_sentences("".join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ['"Kano is far."', "She left."],
        ["“Is it?”", "“It is.”", "(He nodded.)", "They went."],
        ["« Vraiment ? »", "Il part.", "« Oui ! »"],
        ["»Wirklich?«", "»Ja.«", "Er ging."],
        ["„Es ist gut.“", "Er ging."],
        ["¿Dónde está?", "¡Aquí!", "Vamos."],
        ["It ended [at last].)", "So?!", "Yes..."],
        ["He said 'no.'", "They left."],
    ],
)
def test_closing_quotes_and_brackets_stay_and_opening_ones_go_on(sentences):
    assert split_sentences(" ".join(sentences)) == sentences


def test_quotes_of_chinese_and_japanese_stay_with_what_they_close():
    assert split_sentences("他说：“走吧。”“好。”他们走了。") == ["他说：“走吧。”", "“好。”", "他们走了。"]
    assert split_sentences("「行こう。」「はい。」(笑。)終わり。") == [
        "「行こう。」",
        "「はい。」",
        "(笑。)",
        "終わり。",
    ]


def test_a_quotation_inside_a_japanese_sentence_does_not_end_it():
    assert split_sentences("彼は「行こう。」と言った。みんな行った。") == [
        "彼は「行こう。」と言った。",
        "みんな行った。",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Bello met Dr. Amina and Prof. Okoye.",
        "The U.S. Senate and the U.N. Council met J. K. Rowling and J.-P. Sartre.",
        "See No. 5, vol. 3, p. 12 and Fig. 7 of Sept. 11.",
        "Some fruit, e.g. Guava, i.e. Psidium, and bzw. Mango.",
        "It rose 3.5 per cent. to 1.234,5 at 10.30 that day.",
        "Am 3. Mai und im 19. Jahrhundert begann der 2. Weltkrieg.",
        "Um 500 v. Chr. lebten dort z. B. Griechen.",
        "Im Jahr 1990 waren es 2 Mio. Euro.",
        "В г. Москве на ул. Ленина, т.е. Там.",
        "Ο κ. Παπάς και η κα. Μαρία, π.χ. Εδώ.",
        "मैं डॉ. शर्मा और ए. पी. से मिला।",
        "التقى د. أحمد مع أ. محمود في القاهرة.",
        "Write to a.b@mail.org or see www.kano.org/a?b=1!c, https://x.org/y.z now",
        "Yahoo! is big... and what? nobody knows.",
        "1. Introduction and a. first part",
        "(2) The end",
        "It costs Rs. 500 at St. Mary, Ft. Hall.",
        "Bw. Juma na Dkt. Asha, Alh. Musa.",
        "เมื่อ พ.ศ. 2560 ดร. สมชาย ไป",
        '"Is it?" he asked.',
        "what?, no",
        "۲۔۵ فیصد",
    ],
)
def test_abbreviations_numbers_addresses_and_what_goes_on_end_no_sentence(text):
    assert split_sentences(text) == [text]


@pytest.mark.parametrize(
    "sentences",
    [
        ["He said no.", "He left."],  # "No." is an abbreviation only before a number
        ["It was 1990.", "He came."],
        ["It happened in 1990 г.", "Он ушёл."],
        ["It rose by 25%.", "Then it fell."],
        ["See www.kano.org.", "Then write."],
        ["Hy kom.", "'n Man loop."],  # the capital of the second word tells
        ["Kano .", "Zaria ."],  # words already split
        ["Wait...", "What?", "Go…", "Now"],
        ["Really?!", "Yes!!!", "Oh."],
        ["Mi o lọ o.", "Ó wá."],  # a lower-case letter is a word
    ],
)
def test_what_ends_a_sentence_all_the_same(sentences):
    assert split_sentences(" ".join(sentences)) == sentences


def test_a_line_is_never_part_of_the_sentence_before_it():
    assert split_sentences("Kano\nsai Zaria da\r\n\n  Jos. Sai \u2028gobe") == [
        "Kano",
        "sai Zaria da",
        "Jos.",
        "Sai",
        "gobe",
    ]


def test_text_without_visible_characters_has_no_sentence():
    assert split_sentences("") == split_sentences(" \n\t\u00a0\r\n") == []


def test_long_thai_is_cut_at_spaces_between_thai_letters_only():
    clause = "คนไทยชอบกินข้าวกับเพื่อนมาก"
    assert split_sentences(" ".join([clause] * 3)) == [" ".join([clause] * 3)]
    pieces = split_sentences(" ".join([clause] * 20))
    assert len(pieces) > 1
    assert all(len(piece) <= 200 for piece in pieces)
    assert " ".join(pieces) == " ".join([clause] * 20)
    numbers = "ก" + " 2560" * 60
    assert split_sentences(numbers) == [numbers]


def test_a_long_thai_piece_without_a_space_stays_whole():
    long = "ก" * 300
    assert split_sentences(f"{long} ข {long}") == [long, "ข", long]


marks = st.text(".!?…;|。！？।॥؟۔။።։፡\"'”’»«“)(,- 1aBÉκ我かกमسአ\n\u00a0\u2028", max_size=30)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(marks | anything)
def test_nothing_but_white_space_is_lost_or_moved(text):
    sentences = split_sentences(text)
    assert solid("".join(sentences)) == solid(text)
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)
    assert not any("\n" in sentence for sentence in sentences)


def test_decomposed_text_is_cut_in_the_same_places():
    text = "Élodie vint. Ọlá wá. Ézé?"
    assert [unicodedata.normalize("NFC", s) for s in split_sentences(unicodedata.normalize("NFD", text))] == [
        "Élodie vint.",
        "Ọlá wá.",
        "Ézé?",
    ]
