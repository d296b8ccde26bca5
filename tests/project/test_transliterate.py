from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xner_hf.project.scores.surface import surface_score
from xner_hf.project.scores.text import fold, spelling_score
from xner_hf.project.transliterate import latin

# Names of places and persons as they are written in 16 scripts, with an English spelling.
NAMES = {
    "Cyrillic": "Путин = Putin, Москва = Moscow, Київ = Kiev, Найроби = Nairobi, Кения = Kenya, "
    "Хрущёв = Khrushchev, Шевченко = Shevchenko, Лондон = London, Казахстан = Kazakhstan",
    "Greek": "Αθήνα = Athens, Θεσσαλονίκη = Thessaloniki, Παπανδρέου = Papandreou, "
    "Κύπρος = Cyprus, Λονδίνο = London, Ψαρά = Psara",
    "Hebrew": "תל אביב = Tel Aviv, איראן = Iran, לונדון = London, פוטין = Putin, "
    "נתניהו = Netanyahu, קניה = Kenya, ישראל = Israel",
    "Arabic": "نيروبي = Nairobi, بوتين = Putin, تهران = Tehran, إيران = Iran, "
    "السودان = Sudan, طرابلس = Tripoli, پاکستان = Pakistan, كينيا = Kenya",
    "Armenian": "Երևան = Yerevan, Հայաստան = Hayastan, Լոնդոն = London, Սարգսյան = Sargsyan",
    "Georgian": "თბილისი = Tbilisi, ქუთაისი = Kutaisi, სააკაშვილი = Saakashvili, ბათუმი = Batumi, ლონდონი = London",
    "Hangul": "서울 = Seoul, 부산 = Busan, 나이로비 = Nairobi, 케냐 = Kenya, "
    "푸틴 = Putin, 이란 = Iran, 김정은 = Kim Jong-un",
    "Kana": "トーキョー = Tokyo, とうきょう = Tokyo, ロンドン = London, ナイロビ = Nairobi, "
    "ケニア = Kenya, フィリピン = Philippines, プーチン = Putin, イラン = Iran",
    "Devanagari": "दिल्ली = Delhi, मुंबई = Mumbai, महात्मा गांधी = Mahatma Gandhi, नैरोबी = Nairobi, "
    "लंदन = London, पुतिन = Putin, कृष्ण = Krishna",
    "Bengali": "ঢাকা = Dhaka, কলকাতা = Kolkata, লন্ডন = London, নাইরোবি = Nairobi, পুতিন = Putin, কেনিয়া = Kenya",
    "Tamil": "சென்னை = Chennai, மதுரை = Madurai, இந்தியா = India, லண்டன் = London, நைரோபி = Nairobi, தமிழ்நாடு = Tamil Nadu",
    "Telugu": "హైదరాబాద్ = Hyderabad, కేరళ = Kerala, లండన్ = London, పుతిన్ = Putin, ఢిల్లీ = Delhi, ఇరాన్ = Iran",
    "Malayalam": "തിരുവനന്തപുരം = Thiruvananthapuram, കേരളം = Kerala, ഡൽഹി = Delhi, ലണ്ടൻ = London, കെനിയ = Kenya",
    "Burmese": "မြန်မာ = Myanmar, လန်ဒန် = London, မန္တလေး = Mandalay, ပူတင် = Putin, အီရန် = Iran",
    "Thai": "ลอนดอน = London, เคนยา = Kenya, ภูเก็ต = Phuket, ไนโรบี = Nairobi, อิหร่าน = Iran, ปูติน = Putin, เดลี = Delhi",
    "Ethiopic": "አዲስ አበባ = Addis Ababa, ኬንያ = Kenya, ኢትዮጵያ = Ethiopia, ናይሮቢ = Nairobi, ለንደን = London, ሱዳን = Sudan",
}
PAIRS = [tuple(pair.split(" = ")) for pairs in NAMES.values() for pair in pairs.split(", ")]
ENGLISH = sorted({english for _, english in PAIRS})


def folded(texts):
    return [" ".join(map(fold, text.split())) for text in texts]


class TestLatin:
    @pytest.mark.parametrize(
        "word, expected",
        [
            ("Путин", "putin"),
            ("Щедрин", "shchedrin"),
            ("Жуков", "zhukov"),
            ("Подъезд", "podezd"),
            ("Толстой", "tolstoi"),
            ("Юлия", "yuliya"),
            ("Αθήνα", "athena"),
            ("Ψαράς", "psaras"),
            ("서울", "seoul"),
            ("강남", "gangnam"),
            ("איראן", "airan"),
            ("וולטר", "voltr"),
            ("دمشق", "dmshq"),
            ("پاکستان", "pakstan"),
            ("Երևան", "ereuan"),
            ("თბილისი", "tbilisi"),
            ("ქუთაისი", "kutaisi"),
            ("አዲስ", "adis"),
            ("ኬንያ", "kenya"),
        ],
    )
    def test_alphabets_and_syllabaries_are_read_off_the_names_of_their_letters(self, word, expected):
        assert latin(word) == expected

    @pytest.mark.parametrize(
        "word, expected",
        [
            ("दिल्ली", "dilli"),  # vowel signs and virama take the place of the inherent a
            ("भारत", "bharat"),  # which is silent at the end in Hindi
            ("भारत-पाक", "bharat-pak"),
            ("न", "na"),
            ("कृष्ण", "krishn"),
            ("मुंबई", "munbai"),
            ("ঢাকা", "dhaka"),
            ("சென்னை", "sennai"),
            ("கேரள", "kerala"),  # and spoken in the south
            ("తెలుగు", "telugu"),
            ("കേരളം", "keralam"),
            ("ഡൽഹി", "dalhi"),
            ("မြန်မာ", "myanma"),
        ],
    )
    def test_indic_consonants_keep_their_vowel_unless_a_sign_replaces_it(self, word, expected):
        assert latin(word) == expected

    @pytest.mark.parametrize(
        "word, expected",
        [
            ("トーキョー", "tokyo"),  # long mark dropped, ki and small yo joined
            ("とうきょう", "toukyou"),
            ("シャルル", "sharuru"),
            ("フィリピン", "firipin"),
            ("サッポロ", "saporo"),  # the small tsu would double the p
            ("ﾄｰｷｮｰ", "tokyo"),
            ("ガ", "ga"),
        ],
    )
    def test_kana_are_joined_to_syllables(self, word, expected):
        assert latin(word) == latin(unicodedata.normalize("NFD", word)) == expected

    @pytest.mark.parametrize(
        "word, expected",
        [
            ("เคนยา", "khenya"),  # the vowel written first is spoken second
            ("ลอนดอน", "london"),
            ("จอห์น", "chon"),  # a letter under a thanthakhat is silent
            ("ลำปาง", "lampang"),
            ("ภูเก็ต", "phuket"),
        ],
    )
    def test_thai_vowels_are_spoken_after_their_consonant(self, word, expected):
        assert latin(word) == expected

    @pytest.mark.parametrize(
        "word, expected", [("واشنطن", "washntn"), ("بوتين", "butin"), ("يونس", "yuns"), ("פוטין", "potin")]
    )
    def test_semitic_semivowels_are_consonants_only_at_the_beginning(self, word, expected):
        assert latin(word) == expected

    def test_every_word_of_a_text_has_its_own_beginning_and_end(self):
        assert latin("भारत भारत") == "bharat bharat" and latin("ويل ويل") == "wil wil"

    @pytest.mark.parametrize("word", ["مُحَمَّد", "رَحْمٰن", "שָׁלוֹם"])
    def test_points_and_other_marks_are_dropped(self, word):
        plain = "".join(char for char in word if not unicodedata.combining(char))
        assert latin(word) == latin(plain)

    def test_digits_of_all_scripts_become_ascii(self):
        assert [latin(digits) for digits in ("٢٠١٤", "२०१४", "๒๐๑๔")] == ["2014"] * 3

    def test_words_of_two_scripts_keep_their_latin_letters(self):
        assert latin("ИП Müller") == "ip Müller" and latin("Müller-ը") == "Müller-e"

    @pytest.mark.parametrize(
        "word", ["", "北京", "東京都", "Ọ̀yọ́", "Müller", "Ｋａｎｏ", "№5", "ߞߏ", "ខ្មែរ", "«»", "ь", "ー", "َ"]
    )
    def test_other_scripts_and_words_with_nothing_left_stay_as_they_are(self, word):
        assert latin(word) == word

    @given(
        st.text(st.characters(max_codepoint=0x36F, exclude_characters="µ"), max_size=12).map(
            lambda text: unicodedata.normalize("NFD", text)
        )
    )
    def test_latin_text_stays_as_it_is(self, text):
        assert latin(text) == text

    @given(st.text(max_size=10))
    def test_the_result_is_latin_for_good(self, text):
        assert latin(latin(text)) == latin(text)

    @given(st.text(max_size=10))
    def test_composed_and_decomposed_texts_read_alike(self, text):
        composed, decomposed = (latin(unicodedata.normalize(form, text)) for form in ("NFC", "NFD"))
        assert unicodedata.normalize("NFKC", composed) == unicodedata.normalize("NFKC", decomposed)


class TestNamesAcrossScripts:
    """The right partner of a name among all English names of the list is the most similar one, nearly always."""

    @staticmethod
    def missed(score):
        table = score(folded(native for native, _ in PAIRS), folded(ENGLISH))
        return [
            native
            for (native, english), row in zip(PAIRS, table, strict=True)
            if ENGLISH[int(row.argmax())] != english
        ]

    def test_the_list_holds_102_names_in_16_scripts_and_52_partners(self):
        assert (len(PAIRS), len(NAMES), len(ENGLISH)) == (102, 16, 52)

    def test_jaro_winkler_finds_96_of_102(self):
        assert self.missed(surface_score) == ["קניה", "طرابلس", "كينيا", "কলকাতা", "லண்டன்", "ലണ്ടൻ"]

    def test_levenshtein_finds_98_of_102(self):
        assert self.missed(spelling_score) == ["קניה", "كينيا", "லண்டன்", "ലണ്ടൻ"]
