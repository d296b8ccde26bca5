from __future__ import annotations

import itertools
import unicodedata

import pytest

from xner_hf.corpora.common_words import COMMON_WORDS
from xner_hf.corpora.language_check import WRONG_LANGUAGE, WRONG_SCRIPT, LanguageCheck, check_corpus
from xner_hf.errors import XnerError
from xner_hf.languages import language, languages

SENTENCES = {
    "afr": "Die vrou het gister vir haar kinders vertel dat hulle nie na die mark sal gaan nie.",
    "ara": "قال الرجل إن السوق كان في وسط المدينة قبل أن يتم نقله إلى مكان آخر هذا العام.",
    "bam": "Muso min tun be sugu la, o ye fini kura san ka di a den ma kunun.",
    "bbj": "A ke ghe mo gae pu ke wap ntum ghom tye, bi pe yo ne mcun ye.",
    "bul": "Жената каза на децата си, че пазарът ще бъде затворен до края на седмицата.",
    "deu": "Die Frau hat ihren Kindern gesagt, dass der Markt in der Stadt nicht mehr geöffnet ist.",
    "eng": "The woman told her children that the market in the town was not open that day.",
    "est": "Naine ütles oma lastele, et turg on kinni ja nad ei saa seal enam käia.",
    "eus": "Emakumeak esan zuen azoka itxita zela eta ez zuten gehiago behar hori egin.",
    "ewe": "Nyonu la gblo na via wo be asi la le dua me eye wole fia dzi ge.",
    "fas": "زن به بچه های خود گفت که بازار در مرکز شهر بسته شده است و باید برگردند.",
    "fin": "Nainen sanoi lapsille, että tori on kiinni ja he eivät voi mennä sinne, kun se oli niin.",
    "fon": "Nyonu o do nu vi e ton le do ahi o do toxo o me bo e na yi.",
    "fra": "La femme a dit à ses enfants que le marché de la ville est fermé pour deux jours.",
    "hau": "Matar ta gaya wa yaranta cewa an rufe kasuwar da ke cikin gari kuma ba za su je ba.",
    "hin": "औरत ने अपने बच्चों से कहा कि शहर का बाजार बंद है और वे नहीं जा सकते।",
    "hun": "Az asszony azt mondta a gyerekeknek, hogy a piac már nem lesz nyitva, és ez nagyon rossz.",
    "ibo": "Nwaanyị ahụ gwara ụmụ ya na ha agaghị aga ahịa n'ihi na a mechiri ya n'ụtụtụ.",
    "ind": "Wanita itu mengatakan kepada anak mereka bahwa pasar di kota sudah tutup dan tidak bisa dibuka.",
    "ita": "La donna ha detto ai figli che il mercato della città non è più aperto da due giorni.",
    "jav": "Wong wadon iku ngandhani anak-anake yen pasar ing kutha wis tutup lan ora bisa dibukak.",
    "jpn": "女の人は子どもたちに町の市場がもう閉まっていると言いました。",
    "kaz": "Әйел балаларына базар жабық деп айтты және олар енді бұл жерге бір жыл бойынша келмейді.",
    "kin": "Umugore yabwiye abana be ko isoko ryo mu mujyi rifunze kandi ko ari ikibazo kuri bo.",
    "lug": "Omukyala yagamba nti akatale kye baali bagenda okulaba kaggalwa era naye teyagenda mu kibuga.",
    "luo": "Dhako nowacho ne nyithindo ni chiro man e i taon olor kendo ok ginyal dhi kuno.",
    "mar": "बाईने मुलांना सांगितले की शहरातील बाजार बंद आहे आणि ते तेथे जाणार नाहीत, असे तिने म्हटले होते.",
    "mos": "Pag nins sen be raag pʋgẽ wã yeela a kamba tɩ b ra kẽng ye.",
    "msa": "Wanita itu berkata kepada anak mereka bahawa pasar di bandar telah tutup kerana hujan dan tidak dibuka.",
    "nld": "De vrouw heeft haar kinderen verteld dat de markt in de stad niet meer open is.",
    "nya": "Mayi anauza ana ake kuti msika wa mu tawuni watsekedwa ndipo sangapite kumeneko chifukwa cha mvula.",
    "pcm": "Di woman tell her pikin dem say dem don close di market wey dey inside town.",
    "por": "A mulher disse aos seus filhos que o mercado da cidade não está aberto e já foi vendido.",
    "rus": "Женщина сказала детям, что рынок в городе уже не работает и что это было давно.",
    "sna": "Mudzimai akati kuvana vake musika wavharwa uye kuti vanhu vari pane imwe nzvimbo iyi.",
    "spa": "La mujer dijo a sus hijos que el mercado de la ciudad no está abierto desde hace dos días.",
    "swa": "Mwanamke huyo aliwaambia watoto wake kwamba soko la mjini lilifungwa kwa sababu ya mvua.",
    "tgl": "Sinabi ng babae sa kanyang mga anak na sarado ang palengke at hindi na sila dapat pumunta doon.",
    "tsn": "Mosadi o ne a bolelela bana ba gagwe gore mmaraka wa motse o tswetswe le gore ga ba kake ba ya.",
    "tur": "Kadın çocuklarına bu pazarın çok eski olduğunu ve bir daha açık olmadığını söyledi.",
    "twi": "Ɔbaa no ka kyerɛɛ ne mma no sɛ wɔato dwa no mu na wɔn nkɔ hɔ bio.",
    "urd": "عورت نے اپنے بچوں سے کہا کہ شہر کا بازار بند ہے اور وہ وہاں نہیں جا سکتے۔",
    "vie": "Người phụ nữ nói với các con của mình rằng chợ trong làng đã không còn được mở từ năm nay.",
    "wol": "Jigéen ji wax na doom yi ne marse bi ci dëkk bi dañu ko tëj ndax taw bi.",
    "xho": "Umfazi uthe kubantwana bakhe imarike ivaliwe kodwa kufuneka baye kuyo ngoku kuba ilanga litshonile.",
    "yor": "Obìnrin náà sọ fún àwọn ọmọ rẹ̀ pé wọ́n ti ti ọjà tó wà ní ìlú náà.",
    "zho": "女人对她的孩子们说城里的市场已经不开了，他们也就没有去那里。",
    "zul": "Owesifazane utshele izingane zakhe ukuthi imakethe ivaliwe kodwa zingaya khona uma lapho livulwa manje.",
}
"""An invented sentence of every language that is known by its words: a woman told her children of a closed market."""

TARGETS = sorted(set(SENTENCES) - {"eng"})


def verdict(code, text):
    return LanguageCheck(code).wrong(text)


def stripped(text):
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


# Scripts


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("hau", "Город Кано"),
        ("rus", "Moscow is here"),
        ("ell", "The museum"),
        ("kat", "მე Georgian text here"),
        ("hin", "یہ اردو ہے"),
        ("heb", "مرحبا"),
        ("tha", "Bangkok is big"),
        ("mya", "ภาษาไทย"),
        ("kor", "これは日本語です"),
        ("zho", "これはペンです"),
        ("jpn", "한국어 문장"),
    ],
)
def test_letters_of_another_script_are_refused_however_few(code, text):
    assert verdict(code, text) == WRONG_SCRIPT


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("hau", "Ada ta je Москва"),
        ("rus", "Компания Google объявила"),
        ("ell", "Η εταιρεία Apple"),
        ("kor", "서울 漢字 문장"),
        ("jpn", "東京タワーはすごい"),
        ("zho", "我用Microsoft Windows"),  # a foreign word weighs no more than a word of one letter
        ("jpn", "ジョンはGoogleで働く"),
        ("bbj", "mʉ́ɔ̌pfə́ ghɔmálá'"),
        ("ewe", "Εwe nya ade le eme"),  # a Greek capital for want of the letter
        ("hau", "2020 12.5 %"),
        ("kat", "ქართული ენა"),
    ],
)
def test_letters_of_the_language_and_a_foreign_name_pass(code, text):
    assert verdict(code, text) is None


def test_half_of_the_letters_are_not_most():
    assert verdict("rus", "abcd абвг") is None
    assert verdict("rus", "abcde абвг") == WRONG_SCRIPT


@pytest.mark.parametrize("row", languages(), ids=lambda row: row.code)
def test_every_language_has_a_script_that_its_text_is_counted_in(row):
    assert verdict(row.code, row.name) == (None if row.script == "Latn" else WRONG_SCRIPT)


# Languages


def test_every_language_that_shares_its_script_has_its_words_and_a_sentence_here():
    shared = {"Latn", "Arab", "Cyrl", "Deva", "Hans", "Jpan"}
    assert set(COMMON_WORDS) == {row.code for row in languages() if row.script in shared} | {"eng"}
    assert set(SENTENCES) == set(COMMON_WORDS)


@pytest.mark.parametrize("code", TARGETS)
def test_a_sentence_passes_as_its_own_language_also_in_capitals(code):
    assert verdict(code, SENTENCES[code]) is None
    assert verdict(code, SENTENCES[code].upper()) is None


@pytest.mark.parametrize("code", [code for code in TARGETS if language(code).script == "Latn"])
def test_a_sentence_passes_without_its_accents_tone_marks_and_special_letters(code):
    bare = stripped(SENTENCES[code]).translate(str.maketrans("ɔɛŋɖɓɗƙƴƒʋɣɩʊʉəı", "oenddbkyfvgiuuei"))
    assert verdict(code, bare) is None


@pytest.mark.parametrize("code", TARGETS)
def test_english_and_french_are_refused_as_any_other_language(code):
    for foreign in {"eng", "fra"} - {code}:
        assert verdict(code, SENTENCES[foreign]) in (WRONG_LANGUAGE, WRONG_SCRIPT)


@pytest.mark.parametrize(
    "written", ["hau", "swa", "yor", "luo", "wol", "lug", "ibo", "pcm", "nld", "por", "urd", "bul"]
)
def test_a_sentence_of_one_language_is_refused_as_most_others(written):
    others = [row.code for row in languages() if row.code != written]
    passed = [code for code in others if verdict(code, SENTENCES[written]) is None]
    assert len(passed) <= 2


@pytest.mark.parametrize(
    ("written", "said"),
    [("swa", "luo"), ("hau", "yor"), ("wol", "bam"), ("eng", "pcm"), ("urd", "fas"), ("jpn", "zho")],
)
def test_neighbours_are_told_apart_and_named(written, said):
    check = LanguageCheck(said)
    assert check.wrong(SENTENCES[written]) in (WRONG_LANGUAGE, WRONG_SCRIPT)
    assert check.seen == check.looks_like.total() == 1


def test_sentences_of_fewer_than_twenty_letters_are_not_judged():
    assert verdict("hau", "This is not the end of it.") is None  # 19
    assert verdict("hau", "This was not the end of it.") == WRONG_LANGUAGE


def test_one_common_word_of_another_language_is_not_enough():
    assert verdict("hau", "Manchester United Association Football and Championship") is None
    assert verdict("hau", "Manchester United and the Football Association") == WRONG_LANGUAGE


def test_a_foreign_title_in_a_sentence_does_no_harm():
    assert verdict("hau", "Ta karanta littafin The Lord of the Rings kuma ta ba wa yaranta a cikin gida.") is None


# Whole texts


def judged(code, *groups):
    check = LanguageCheck(code)
    for written, times in groups:
        for _ in range(times):
            check.wrong(SENTENCES[written])
    return check


@pytest.mark.parametrize("code", TARGETS)
def test_a_text_of_the_language_passes_as_a_whole(code):
    check_corpus(judged(code, (code, 60)))


def test_a_text_of_another_language_is_refused_with_what_it_looks_like():
    with pytest.raises(XnerError) as caught:
        check_corpus(judged("luo", ("eng", 40), ("luo", 20)))
    message = str(caught.value)
    for part in ("Luo", "(luo)", "looks like English", "first 60", "40 are"):
        assert part in message


def test_a_text_in_another_script_is_refused_by_the_name_of_the_script():
    with pytest.raises(XnerError, match="looks like Cyrillic script"):
        check_corpus(judged("swa", ("rus", 60)))


@pytest.mark.parametrize(("written", "said"), [("zul", "xho"), ("xho", "zul"), ("swa", "lug"), ("por", "spa")])
def test_a_text_of_a_close_language_is_refused_as_a_whole(written, said):
    with pytest.raises(XnerError, match=f"looks like {language(written).name}"):
        check_corpus(judged(said, (written, 50)))


def test_a_text_that_is_half_foreign_is_not_refused():
    check_corpus(judged("luo", ("luo", 30), ("eng", 30)))


def test_fewer_than_fifty_sentences_say_nothing():
    check_corpus(judged("luo", ("eng", 49)))
    with pytest.raises(XnerError):
        check_corpus(judged("luo", ("eng", 50)))


# Real text


@pytest.mark.parametrize("config", ["en-hau", "en-yor", "en-luo", "en-zul", "en-pcm", "fr-ewe", "fr-bbj", "fr-wol"])
def test_few_real_sentences_are_refused_and_most_of_the_other_side_are(real_mirror, config):
    from xner_hf.corpora.hub import CorpusSplit

    code = config[3:]
    split = CorpusSplit("masakhane/mafand", config, "train")
    rows = [row["translation"] for row in itertools.islice(split.rows(["translation"]), 200)]
    own = next(key for key in rows[0] if key not in ("en", "fr"))
    check, other = LanguageCheck(code), LanguageCheck(code)
    refused = sum(check.wrong(row[own]) is not None for row in rows)
    caught = sum(other.wrong(row[config[:2]]) is not None for row in rows)
    assert refused <= 4
    assert caught >= 150
    check_corpus(check)
    with pytest.raises(XnerError):
        check_corpus(other)
