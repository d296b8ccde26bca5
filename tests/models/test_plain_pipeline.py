"""``pipeline("token-classification")`` says of a text what ``ner-and-parsing`` says, whatever the tokenizer."""

from __future__ import annotations

import copy
import json
import string
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    GemmaTokenizer,
    PreTrainedTokenizerFast,
    RobertaTokenizer,
    TokenClassificationPipeline,
    XLMRobertaTokenizer,
    pipeline,
)

from xner_hf.corpora.words import word_patterns, word_splitter
from xner_hf.demo import tiny_backbone
from xner_hf.inference.checkpoint import load_tokenizer
from xner_hf.models.pipeline_xner import StudentTokenClassificationPipeline
from xner_hf.models.words_xner import split_words, word_offsets
from xner_hf.training.config import TrainingConfig
from xner_hf.training.student import new_student

STRATEGIES = ("simple", "first", "average", "max")
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
TEXT = [
    'Wanjiru met "Sankara" in Nairobi (Kisumu), then left.',
    "Amina Bello ta tafi Kano; Ng'ang'a ya zauna a Addis-Ababa.",
    "ذهبت أمينة إلى كانو، ثم عادت.",
    "ማሪያም ወደ አዲስ አበባ ሄደች።",
    "မောင်ဘ သည် ရန်ကုန် သို့ သွား သည်။",
    string.printable,
]
WRITTEN = [
    "Wanjiru visited Nairobi.",
    "Bamako, (Kisumu) and “Sankara”: all three!",
    '"Sankara"(Kisumu)Bamako/Nairobi',
    "ذهبت أمينة إلى «كانو»، ثم عادت.",
    "မောင်ဘသည်ရန်ကုန်သို့သွားသည်။",
    "U.S. forces left\tKano\u00a0City…½ km at 10:30, e.g. №5 ﬁve™",
    "Jose\u0301 and José, Ng´ang´a",
    "  . ",
]


def byte_level():
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    made.post_processor = processors.ByteLevel(trim_offsets=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    return made, trainers.BpeTrainer(vocab_size=500, special_tokens=SPECIAL, initial_alphabet=alphabet)


def unigram():
    made = Tokenizer(models.Unigram())
    made.normalizer, made.pre_tokenizer = normalizers.NFKC(), pre_tokenizers.Metaspace()
    return made, trainers.UnigramTrainer(vocab_size=300, special_tokens=SPECIAL, unk_token="<unk>")


def gemma():
    """Spaces become a sign, and there is none before the first word."""
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.normalizer = normalizers.Replace(" ", "▁")
    made.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")  # no piece goes over a space
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse()])
    return made, trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL)


def sentencepiece_bpe():
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(prepend_scheme="first"), decoders.Metaspace()
    return made, trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL)


def wordpiece():
    made = Tokenizer(models.WordPiece(unk_token="<unk>"))
    made.normalizer, made.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    return made, trainers.WordPieceTrainer(vocab_size=400, special_tokens=SPECIAL)


KINDS = {
    "wordpiece": (wordpiece, PreTrainedTokenizerFast),
    "unigram": (unigram, PreTrainedTokenizerFast),
    "xlm-roberta": (unigram, XLMRobertaTokenizer),
    "sentencepiece-bpe": (sentencepiece_bpe, PreTrainedTokenizerFast),
    "bytes": (byte_level, PreTrainedTokenizerFast),
    "roberta": (byte_level, RobertaTokenizer),
    "gemma-like": (gemma, PreTrainedTokenizerFast),
    "gemma": (gemma, GemmaTokenizer),
}


def save_tokenizer(kind, folder):
    """Write a tokenizer as its makers would, with a special token on both sides where it is of the general class."""
    make, kind_of = KINDS[kind]
    made, trainer = make()
    trainer.show_progress = False
    made.train_from_iterator(TEXT, trainer)
    if kind_of is PreTrainedTokenizerFast:
        if kind != "bytes":
            ids = [(name, made.token_to_id(name)) for name in ("<s>", "</s>")]
            made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ids)
        names = {"pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
        tokenizer = kind_of(tokenizer_object=made, **names)
    else:
        model = json.loads(made.to_str())["model"]
        merges = {"merges": [tuple(one) for one in model["merges"]]} if "merges" in model else {}
        vocabulary = model["vocab"] if merges else [tuple(one) for one in model["vocab"]]
        tokenizer = kind_of(vocab=vocabulary, **merges, bos_token="<s>", eos_token="</s>")
    tokenizer.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))


@pytest.fixture(scope="module", params=KINDS)
def student(request, tmp_path_factory):
    """The folder of a student with random weights, whose tags change from word to word."""
    folder = tmp_path_factory.mktemp(request.param)
    save_tokenizer(request.param, folder / "encoder")
    tokenizer = load_tokenizer(str(folder / "encoder"))
    made, _ = new_student(TrainingConfig(), (), tiny_backbone(tokenizer), tokenizer)
    torch.manual_seed(5)
    with torch.no_grad():
        made.classifier.weight.normal_(std=2.0)
        made.backbone.get_input_embeddings().weight.normal_(std=1.0)
    made.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def both(student):
    """The two pipelines of a student, the usual one with every strategy."""
    plain = {one: pipeline("token-classification", student, aggregation_strategy=one) for one in STRATEGIES}
    return plain, pipeline("ner-and-parsing", student)


def spans(found):
    return [(one["start"], one["end"], one["entity_group"]) for one in found]


def assert_alike(both, texts, strategies=STRATEGIES):
    """Check that the two pipelines say the same of texts; returns the number of entities."""
    plain, own = both
    expected = [one["entities"] for one in own(texts)]
    for strategy in strategies:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # the usual one warns that it guesses at the words
            found = plain[strategy](texts)
        for text, entities, others in zip(texts, found, expected, strict=True):
            places = [(one["start_char"], one["end_char"], one["label"]) for one in others]
            assert spans(entities) == places, (strategy, text)
            assert [one["word"] for one in entities] == [text[start:end] for start, end, _ in places]
            assert [one["score"] for one in entities] == pytest.approx([one["score"] for one in others], abs=1e-5)
    return [one["label"] for entities in expected for one in entities]


def test_written_text_has_the_entities_of_the_annotator(both):
    labels = assert_alike(both, WRITTEN)
    assert len(labels) > 5 and len(set(labels)) > 1  # a student that says something


LETTERS = st.sampled_from(
    [*"AbñéẸ's-.,;:!?()[]\"«»“”…/½№ \n\t\u00a0\u200b\u0301", "كانو", "မြန်", "北京", "አበባ", "Kano", " "]
)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.lists(LETTERS, max_size=25).map("".join), min_size=1, max_size=4))
def test_any_text_has_the_entities_of_the_annotator(both, texts):
    assert_alike(both, texts, ["average"])


def test_sub_words_bear_the_tag_of_their_word_and_cover_it(student, both):
    every = pipeline("token-classification", student, ignore_labels=[])
    for text in (WRITTEN[0], WRITTEN[1], WRITTEN[6]):
        rows, words = every(text), both[1](text)
        places = word_offsets(text, word_splitter("spaces")(text))
        of_word = [[row for row in rows if start <= row["start"] and row["end"] <= end] for start, end in places]
        assert sum(map(len, of_word)) == len(rows)
        tags = []
        for (start, end), own in zip(places, of_word, strict=True):
            assert (own[0]["start"], own[-1]["end"]) == (start, end)
            assert all(row["start"] < row["end"] for row in own)
            assert len({row["entity"][2:] for row in own}) == 1
            assert not any(row["entity"].startswith("B-") for row in own[1:])
            tags.append(own[0]["entity"])
        starts = [one["start"] for one in words["entities"]]
        assert all(tags[start].startswith("B-") for start in starts)


def test_given_words_long_text_and_batches(both, student):
    plain, own = both
    words = ["Wanjiru's", "Nairobi.", "", "\u200b", "(Kisumu)", "left"]
    (found,) = plain["first"](words, is_split_into_words=True)
    expected = own(words, is_split_into_words=True)["entities"]
    assert spans(found) == [(one["start_char"], one["end_char"], one["label"]) for one in expected]
    texts = [*WRITTEN, " ".join(WRITTEN[:3] * 15)]  # the last is more than the encoder takes
    assert_alike(both, texts[-1:], ["max"])
    alone = [spans(one) for one in plain["first"](texts)]
    assert [spans(one) for one in plain["first"](texts, batch_size=4)] == alone


def test_a_model_and_its_tokenizer_do_as_well_as_their_folder(student, both):
    model, tokenizer = AutoModelForTokenClassification.from_pretrained(student), AutoTokenizer.from_pretrained(student)
    pipe = pipeline("ner", model=model.train(), tokenizer=tokenizer, aggregation_strategy="average")
    found = both[0]["average"](WRITTEN)
    assert pipe(WRITTEN) == copy.deepcopy(pipe)(WRITTEN) == found
    assert model.training
    with pytest.raises(ValueError, match="leave offset_mapping out"):
        pipe(WRITTEN[0], offset_mapping=[(0, 1)])


def test_words_without_spaces_are_characters(student):
    model, tokenizer = AutoModelForTokenClassification.from_pretrained(student), AutoTokenizer.from_pretrained(student)
    model.config.word_patterns = word_patterns("characters")
    plain = {"first": pipeline("token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="first")}
    own = pipeline("ner-and-parsing", model=model, tokenizer=tokenizer)
    assert own("北京 Beijing 2024")["tokens"] == ["北", "京", "Beijing", "2024"]
    assert_alike((plain, own), WRITTEN, ["first"])


@pytest.mark.parametrize("kind", ["bytes", "roberta", "gemma-like", "gemma"])
def test_the_sign_of_a_space_stands_before_every_word_and_stays_there(kind, tmp_path):
    save_tokenizer(kind, tmp_path)
    words = ["Nairobi", "(", "Kisumu", ")"]
    sign = "▁" if "gemma" in kind else "Ġ"
    assert (
        not AutoTokenizer.from_pretrained(tmp_path).tokenize(words[:1], is_split_into_words=True)[0].startswith(sign)
    )
    tokenizer = load_tokenizer(str(tmp_path))
    tokenizer.save_pretrained(tmp_path / "again")
    for one in (tokenizer, AutoTokenizer.from_pretrained(tmp_path / "again"), load_tokenizer(str(tmp_path / "again"))):
        encoded = one(words, is_split_into_words=True)
        firsts = [encoded.word_to_tokens(word)[0] for word in range(4)]
        assert all(encoded.tokens()[place].startswith(sign) for place in firsts)
        assert encoded["input_ids"] == tokenizer(words, is_split_into_words=True)["input_ids"]


def test_models_of_transformers_keep_the_usual_pipeline(checkpoint):
    folder = str(checkpoint({"B-LOC": ["Kano"]}))
    pipe = pipeline("token-classification", folder, aggregation_strategy="first")
    assert type(pipe) is TokenClassificationPipeline and not isinstance(pipe, StudentTokenClassificationPipeline)
    assert [one["word"] for one in pipe("rain in Kano")] == ["Kano"]


@settings(max_examples=50, deadline=None)
@given(st.lists(LETTERS | st.sampled_from(["l'", "n't", "'s", "U.S.", "http://a.b/c."]), max_size=20).map("".join))
@pytest.mark.parametrize("rule", ["spaces", "english", "french", "characters"])
def test_a_student_splits_text_as_corpora_are_split(rule, text):
    assert split_words(text, word_patterns(rule)) == word_splitter(rule)(text)
