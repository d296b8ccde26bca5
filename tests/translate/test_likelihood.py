"""Translation scores of a translator that knows the sample by heart."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch

from xner_hf.errors import XnerError
from xner_hf.translate.likelihood import LikelihoodScorer, load_scorer, translation_score
from xner_hf.translate.seq2seq import Seq2SeqConfig, Seq2SeqTranslator

PAIRS = [
    ("Germany", "Jamus"),
    ("Bola Tinubu", "Bola Tinubu"),
    ("Bola Tinubu", "Tinubu"),
    ("the World Health Organization", "Hukumar Lafiya ta Duniya"),
    ("World Health Organization", "Duniya"),
    ("Nigeria", "Najeriyar gobe ."),
    ("Kano", "ya ce yara ne za su gina Najeriyar gobe"),
    ("東京", "Kano"),
]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def translator(small_translator):
    return Seq2SeqTranslator(Seq2SeqConfig(str(small_translator)), "eng", "hau", "cpu")


@pytest.fixture
def scorer(translator):
    """A scorer that has not scored anything yet."""
    return LikelihoodScorer(translator.model, translator.tokenizer, "eng_Latn", "hau_Latn")


@pytest.fixture
def forwards(translator, monkeypatch):
    """The list of the sizes of all batches that the model is given."""
    sizes, forward = [], translator.model.forward

    def recording(*args, **kwargs):
        sizes.append(len(kwargs["input_ids"]))
        return forward(*args, **kwargs)

    monkeypatch.setattr(translator.model, "forward", recording)
    return sizes


def slow_score(translator, one, other):
    """NMTScore by its definition, one probability after the other."""
    model, tokenizer = translator.model, translator.tokenizer

    def probability(text, code, given, given_code):
        read = [
            tokenizer.convert_tokens_to_ids(given_code),
            *tokenizer(given, add_special_tokens=False)["input_ids"],
            2,
        ]
        written = [2, tokenizer.convert_tokens_to_ids(code)]
        product, wanted = 1.0, [*tokenizer(text, add_special_tokens=False)["input_ids"], 2]
        for token in wanted:
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([read]), decoder_input_ids=torch.tensor([written])).logits
            product *= float(logits[0, -1].double().softmax(-1)[token])
            written.append(token)
        return product ** (1 / len(wanted))

    there = probability(other, "hau_Latn", one, "eng_Latn") / probability(other, "hau_Latn", other, "hau_Latn")
    back = probability(one, "eng_Latn", other, "hau_Latn") / probability(one, "eng_Latn", one, "eng_Latn")
    return (min(there, 1) + min(back, 1)) / 2


def test_scores_are_those_of_the_definition(translator, scorer):
    expected = [slow_score(translator, *pair) for pair in PAIRS]
    assert scorer.score(PAIRS) == pytest.approx(expected, abs=1e-5)
    assert max(expected) > 0.9 > 0.1 > min(expected)  # else the comparison would say little


def test_padding_and_order_never_change_a_score(translator, scorer):
    together = scorer.score(PAIRS)
    for pair, score in zip(PAIRS, together, strict=True):
        alone = LikelihoodScorer(translator.model, translator.tokenizer, "eng_Latn", "hau_Latn").score([pair])
        assert alone == pytest.approx([score], abs=1e-5)
    backwards = LikelihoodScorer(translator.model, translator.tokenizer, "eng_Latn", "hau_Latn").score(PAIRS[::-1])
    assert backwards[::-1] == pytest.approx(together, abs=1e-5)


def test_scores_are_doubles_between_0_and_1(scorer):
    scores = scorer.score([(one, other) for one, _ in PAIRS for _, other in PAIRS])
    assert scores.dtype == np.float64
    assert scores.shape == (64,)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert scorer.score([]).shape == (0,)


def test_nothing_is_computed_twice(scorer, forwards):
    scorer.score([("Kano", "Kano"), ("Kano", "Jos"), ("Kano", "Kano")])
    # Kano given Kano and Jos and itself as English, Kano given Kano and itself as Hausa, Jos given Kano and itself.
    assert sum(forwards) == 7
    scorer.score([("Kano", "Jos")])
    assert sum(forwards) == 7
    scorer.score([("Jos", "Jos")])
    assert sum(forwards) == 10


def test_long_and_short_pairs_make_batches_within_the_budget(scorer, forwards, translator):
    scorer.batches.budget = 40
    expected = scorer.score(PAIRS)
    assert max(forwards) > 1
    assert len(forwards) > 4
    other = LikelihoodScorer(translator.model, translator.tokenizer, "eng_Latn", "hau_Latn")
    assert other.score(PAIRS) == pytest.approx(expected, abs=1e-5)


def test_batches_are_halved_when_memory_runs_out(translator, scorer, monkeypatch, caplog):
    expected = LikelihoodScorer(translator.model, translator.tokenizer, "eng_Latn", "hau_Latn").score(PAIRS)
    forward = translator.model.forward

    def small_memory(*args, **kwargs):
        if len(kwargs["input_ids"]) > 5:
            raise torch.OutOfMemoryError("out of memory")
        return forward(*args, **kwargs)

    monkeypatch.setattr(translator.model, "forward", small_memory)
    with caplog.at_level(logging.WARNING):
        assert scorer.score(PAIRS) == pytest.approx(expected, abs=1e-5)
    assert scorer.batches.halved == len(caplog.records) > 0


def test_other_errors_are_not_taken_for_full_memory(translator, scorer, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("a bug")

    monkeypatch.setattr(translator.model, "forward", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        scorer.score(PAIRS)


def test_the_translator_translates_as_before(translator):
    tokenizer, question = translator.tokenizer, ["The ministry of Kano visited London."]
    before = translator.generate(question)
    scorer = LikelihoodScorer(translator.model, tokenizer, "eng_Latn", "hau_Latn")
    assert (tokenizer.src_lang, tokenizer.tgt_lang) == ("eng_Latn", "hau_Latn")
    scorer.score(PAIRS)
    assert (tokenizer.src_lang, tokenizer.tgt_lang) == ("eng_Latn", "hau_Latn")
    assert tokenizer("Kano")["input_ids"][0] == tokenizer.convert_tokens_to_ids("eng_Latn")
    assert translator.generate(question) == before


def test_only_wanted_cells_are_scored_and_low_scores_are_0(scorer):
    entities, candidates = ["Germany", "Kano"], ["Jamus", "Kano", "ya ce"]
    wanted = np.array([[True, True, True], [False, True, False]])
    scores = translation_score(entities, candidates, scorer, wanted)
    raw = scorer.score([("Germany", "Jamus"), ("Germany", "Kano"), ("Germany", "ya ce"), ("Kano", "Kano")])
    assert raw[0] > 0.9
    assert raw[3] > 0.9
    assert 0 < raw[1] < 0.1
    assert 0 < raw[2] < 0.1
    assert scores.tolist() == [[raw[0], 0, 0], [0, raw[3], 0]]
    assert translation_score([], [], scorer, np.zeros((0, 0), dtype=bool)).shape == (0, 0)


def test_cells_that_do_not_fit_the_texts_are_refused(scorer):
    with pytest.raises(XnerError, match=r"shape \[1, 1\]; 2 entities and 1 candidates"):
        translation_score(["Kano", "Jos"], ["Kano"], scorer, np.ones((1, 1), dtype=bool))


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("Kano", " "), "pair 1, .* has a blank side"),
        (("", "Kano"), "pair 1, .* has a blank side"),
        (("Kano " * 300, "Kano"), "has 303 sub-words; the translator takes 256"),
    ],
)
def test_texts_that_cannot_be_scored_are_named(scorer, pair, message):
    with pytest.raises(XnerError, match=message):
        scorer.score([("Kano", "Kano"), pair])


def test_an_unknown_code_is_refused(translator):
    for code in ("hau", "xyz_Latn", None):
        with pytest.raises(XnerError, match=f"does not begin its translations with a language code {code!r}"):
            LikelihoodScorer(translator.model, translator.tokenizer, "eng_Latn", code)


def test_a_translator_of_one_direction_is_refused(tiny, tmp_path):
    tokenizer = tiny.marian_tokenizer(tmp_path)
    folder = tiny.random_model(tmp_path / "model", tokenizer, "Marian")
    with pytest.raises(XnerError, match="translates in one direction"):
        load_scorer(folder, "eng", "hau")


def test_m2m100_is_scored_by_its_definition_too(tiny, tmp_path):
    tokenizer = tiny.m2m100_tokenizer(tmp_path)
    folder = tiny.random_model(tmp_path / "model", tokenizer)
    scorer = load_scorer(folder, "eng", "hau")
    model, tokenizer = scorer.model, scorer.tokenizer

    def log_probability(text, code, given, given_code):
        tokenizer.src_lang, tokenizer.tgt_lang = given_code, code
        row = tokenizer(given, text_target=text, return_tensors="pt")
        with torch.no_grad():
            logs = model(**row).logits[0].double().log_softmax(-1)
        return float(logs[range(1, row["labels"].shape[1]), row["labels"][0, 1:]].mean())

    there = log_probability("kano", "ha", "Kano", "en") - log_probability("kano", "ha", "kano", "ha")
    back = log_probability("Kano", "en", "kano", "ha") - log_probability("Kano", "en", "Kano", "en")
    expected = (min(np.exp(there), 1) + min(np.exp(back), 1)) / 2
    assert scorer.score([("Kano", "kano")]) == pytest.approx([expected], abs=1e-5)


def test_a_scorer_is_loaded_once(small_translator):
    scorer = load_scorer(str(small_translator), "eng", "hau")
    assert load_scorer(str(small_translator), "eng", "hau") is scorer
    assert scorer.codes == ("eng_Latn", "hau_Latn")


def ranks(scorer, questions):
    """Return for each (entity, candidates, gold) how many candidates score higher than gold."""
    scorer.score([(entity, candidate) for entity, candidates, _ in questions for candidate in candidates])
    found = []
    for entity, candidates, gold in questions:
        scores = dict(zip(candidates, scorer.score([(entity, one) for one in candidates]), strict=True))
        found.append(sum(score > scores[gold] for score in scores.values()))
    return np.array(found)


def test_the_translation_of_a_name_scores_highest_of_all_names_of_the_sample(small, scorer):
    lessons = {}
    for row in small.sentences():
        for one, other in row["pairs"]:
            lessons.setdefault(small.entity_text(row, "eng", one), small.entity_text(row, "hau", other))
    names = sorted(set(lessons.values()))
    questions = [(entity, names, gold) for entity, gold in sorted(lessons.items())[::8]]
    assert (ranks(scorer, questions) == 0).mean() >= 0.95


def test_the_translation_of_a_name_scores_highest_of_all_spans_of_its_sentence(small, scorer):
    questions = []
    for row in small.sentences()[::6]:
        words = row["words"]["hau"]
        spans = {(a, b) for a in range(len(words)) for b in range(a + 1, min(a + 5, len(words)) + 1)}
        spans = {span for span in spans if all(word[0].isalnum() or len(word) > 1 for word in words[slice(*span)])}
        spans |= {tuple(row["spans"]["hau"][other][:2]) for _, other in row["pairs"]}
        texts = sorted({small.detokenise(words[a:b], "spaces") for a, b in spans})
        for one, other in row["pairs"]:
            questions.append((small.entity_text(row, "eng", one), texts, small.entity_text(row, "hau", other)))
    assert (ranks(scorer, questions) == 0).mean() >= 0.95
