"""A tagger is any token-classification checkpoint; most tests use one that labels every word by itself."""

from __future__ import annotations

import json
import math
import random
import shutil

import numpy as np
import pytest

from xner_hf.errors import XnerError
from xner_hf.models.words_xner import OVERLAP
from xner_hf.spans import Span
from xner_hf.tag.model import TOKENS_PER_BATCH, ModelTagger

SURE = 1 / (1 + 7 * math.exp(-9 / math.sqrt(2)))
"""The probability of the likeliest of eight labels: a hot unit stands 9 / sqrt(2) above the seven others."""


@pytest.fixture(scope="module")
def tagger(shared_mirror):
    return ModelTagger(str(shared_mirror / "models" / "xner" / "minilm-conll2003-en"))


def places(spans):
    return [tuple(span[:3]) for span in spans]


def fails(model, *words):
    with pytest.raises(XnerError) as caught:
        ModelTagger(str(model))
    for word in words:
        assert word in str(caught.value)


# Labels


def test_entities_have_their_words_their_type_and_a_probability(tagger):
    (spans,) = tagger.tag([["Amina", "Bello", "left", "Barewa", "Textiles", "in", "Kano", "."]])
    assert places(spans) == [(0, 2, "PER"), (3, 5, "ORG"), (6, 7, "LOC")]
    assert [span.score for span in spans] == pytest.approx([SURE] * 3, abs=1e-5)


def test_an_inside_label_that_continues_nothing_opens_an_entity(tagger):
    assert places(tagger.tag([["Bello", "left", "Amina", "Musa", "Textiles"]])[0]) == [
        (0, 1, "PER"),
        (2, 3, "PER"),
        (3, 4, "PER"),
        (4, 5, "ORG"),
    ]


def test_types_that_are_not_asked_for_are_ignored(tagger):
    sentence = ["Amina", "came", "on", "Friday"]
    assert places(tagger.tag([sentence])[0]) == [(0, 1, "PER")]
    labels, scores = tagger.label([sentence])
    assert labels == [["B-PER", "O", "O", "B-DATE"]]
    assert scores[0] == pytest.approx([SURE] * 4, abs=1e-5)


def test_a_word_takes_the_label_of_its_first_sub_word(tagger):
    labels, _ = tagger.label([["Kanobi", "xKano", "Kano's", "'Kano"]])
    assert labels == [["B-LOC", "O", "B-LOC", "O"]]


def test_a_word_without_sub_words_is_outside_and_moves_no_other(tagger):
    labels, scores = tagger.label([["\u0007", "Amina", "\u200b\ufeff", "Kano"], ["\u0007"]])
    assert labels == [["O", "B-PER", "O", "B-LOC"], ["O"]]
    assert scores[0][0] == scores[0][2] == scores[1][0] == 0


def test_scores_are_the_mean_of_the_words_of_a_span(checkpoint):
    import torch
    from safetensors.torch import load_file, save_file

    folder = checkpoint({"B-PER": ["Amina"], "I-PER": ["Bello"]})
    weights = load_file(folder / "model.safetensors")
    weights["classifier.weight"][2, 2] /= 2  # half as sure of I-PER
    save_file(
        {name: tensor.contiguous() for name, tensor in weights.items()}, folder / "model.safetensors", {"format": "pt"}
    )
    half = math.exp(math.sqrt(8)) / (math.exp(math.sqrt(8)) + 7 * math.exp(-2 / math.sqrt(8)))
    (span,) = ModelTagger(str(folder), device="cpu").tag([["Amina", "Bello"]])[0]
    # B-PER competes with an I-PER whose logit is halved as well.
    logits = torch.full((8,), -2 / math.sqrt(8))
    logits[1], logits[2] = 2 * math.sqrt(8), -1 / math.sqrt(8)
    first = float(logits.softmax(0)[1])
    assert span == Span(0, 2, "PER", pytest.approx((first + half) / 2, abs=1e-5))


# Distributions


def test_the_likeliest_label_is_that_of_the_distribution(tagger):
    sentence = ["Amina", "Bello", "came", "on", "Friday"]
    (rows,) = tagger.distributions([sentence])
    assert rows.shape == (5, 8) and rows.dtype == np.float32
    assert rows.sum(-1) == pytest.approx(np.ones(5), abs=1e-5)
    labels, scores = tagger.label([sentence])
    assert [tagger.labels[n] for n in rows.argmax(-1)] == labels[0]
    assert rows.max(-1).tolist() == scores[0].tolist()


def test_the_mass_of_types_that_are_not_asked_for_goes_to_outside(tagger):
    sentence = ["Kano", "on", "Friday"]
    (whole,), (ours,) = tagger.distributions([sentence]), tagger.ner_distributions([sentence])
    assert ours.shape == (3, 7)
    assert ours.argmax(-1).tolist() == [5, 0, 0]  # O, B-PER, I-PER, B-ORG, I-ORG, B-LOC, I-LOC
    date = tagger.labels.index("B-DATE")
    assert whole[2, date] == pytest.approx(SURE, abs=1e-5)
    assert ours[:, 0] == pytest.approx(whole[:, 0] + whole[:, date], abs=1e-6)
    assert ours[:, 1:] == pytest.approx(whole[:, 1:7], abs=1e-6)


def test_labels_in_another_order_stand_in_ours(checkpoint):
    folder = checkpoint({"B-LOC": ["Kano"], "I-LOC": ["city"]}, names=("B-EVENT", "O", "I-LOC", "B-LOC"))
    (rows,) = ModelTagger(str(folder)).ner_distributions([["Kano", "city", "race"]])
    assert rows.argmax(-1).tolist() == [5, 6, 0]
    assert rows[:, 1:5].tolist() == [[0.0] * 4] * 3
    assert rows.sum(-1) == pytest.approx(np.ones(3), abs=1e-5)


def test_a_word_of_which_the_model_says_nothing_has_no_distribution(tagger):
    (rows,), empty = tagger.ner_distributions([["\u0007", "Kano"]]), tagger.ner_distributions([[]])
    assert rows[0].tolist() == [0.0] * 7 and rows[1].argmax() == 5
    assert [one.shape for one in empty] == [(0, 7)]
    assert tagger.ner_distributions([]) == []


# Many sentences


def test_no_sentences_and_empty_sentences_have_no_entities(tagger):
    assert tagger.tag([]) == []
    assert tagger.tag([[]]) == [[]]
    assert [places(spans) for spans in tagger.tag([[], ["Kano"], [], ["rain"]])] == [[], [(0, 1, "LOC")], [], []]
    labels, scores = tagger.label([[], ["Kano"]])
    assert labels == [[], ["B-LOC"]]
    assert [len(row) for row in scores] == [0, 1]


def test_sentences_keep_their_order_whatever_their_lengths(tagger):
    choose = random.Random(7)
    words = {"Amina": "B-PER", "Bello": "I-PER", "Kano": "B-LOC", "left": "O", "x" * 9: "O", "\u0007": "O"}
    sentences = [choose.choices(list(words), k=choose.choice([0, 1, 2, 5, 17, 40, 120])) for _ in range(150)]
    assert sum(map(len, sentences)) > TOKENS_PER_BATCH["cpu"] / 2
    labels, scores = tagger.label(sentences)
    assert labels == [[words[word] for word in sentence] for sentence in sentences]
    assert [len(row) for row in scores] == [len(sentence) for sentence in sentences]


def test_a_tokenizer_that_pads_on_the_left_hides_nothing(shared_mirror, tmp_path):
    folder = shutil.copytree(shared_mirror / "models" / "xner" / "minilm-conll2003-en", tmp_path / "left")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "padding_side": "left"}))
    tagger = ModelTagger(str(folder))
    assert tagger.tokenizer.padding_side == "left"
    long, short = ["Amina", *["came"] * 9, "Kano"], ["Amina", "left", "Kano"]
    assert [places(one) for one in tagger.tag([long, short])] == [
        [(0, 1, "PER"), (10, 11, "LOC")],
        [(0, 1, "PER"), (2, 3, "LOC")],
    ]


def test_a_sentence_is_tagged_alike_alone_and_among_others(tagger):
    sentence = ["Amina", "Bello", "left", "Kano"]
    alone = tagger.tag([sentence])[0]
    among = tagger.tag([["left"] * 50, sentence, [], ["Kano"]])[1]
    assert places(alone) == places(among)
    assert [span.score for span in alone] == pytest.approx([span.score for span in among], abs=1e-6)


# Long sentences


@pytest.mark.parametrize("length", [61, 62, 63, 64, 92, 93, 2000])
def test_a_sentence_longer_than_the_encoder_is_tagged_to_its_end(tagger, length):
    words = {"Amina": "B-PER", "Bello": "I-PER", "Kano": "B-LOC", "rain": "O", "left": "O"}
    choose = random.Random(length)
    sentence = choose.choices(list(words), k=length)
    labels, scores = tagger.label([sentence])
    assert labels == [[words[word] for word in sentence]]
    assert len(scores[0]) == length
    assert scores[0] == pytest.approx(np.full(length, SURE), abs=1e-5)


def test_a_word_longer_than_a_window_hides_none_of_its_neighbours(tagger):
    sentence = ["Amina", "x" * 300, "Kano", "y" * 59, "Musa"]
    assert places(tagger.tag([sentence])[0]) == [(0, 1, "PER"), (2, 3, "LOC"), (4, 5, "PER")]


def test_a_word_is_read_in_the_window_where_it_stands_farthest_from_a_border(checkpoint):
    from safetensors.torch import load_file, save_file

    folder = checkpoint({"B-PER": ["Amina"]})
    weights = load_file(folder / "model.safetensors")
    near = OVERLAP // 2 - 2
    positions = weights["bert.embeddings.position_embeddings.weight"]
    positions[1 : 1 + near, 5] = 9.0  # the first words of a window are taken for a place,
    positions[-1 - near : -1, 3] = 9.0  # the last ones of a full window for an organisation
    save_file(
        {name: tensor.contiguous() for name, tensor in weights.items()}, folder / "model.safetensors", {"format": "pt"}
    )
    labels, _ = ModelTagger(str(folder)).label([["x"] * 2000])
    assert labels[0][:near] == ["B-LOC"] * near
    assert set(labels[0][near:-near]) == {"O"}


# Checkpoints


def test_a_model_is_found_in_the_mirror_by_its_id(mirror):
    assert places(ModelTagger("xner/minilm-conll2003-en", "main").tag([["Kano"]])[0]) == [(0, 1, "LOC")]


def test_a_model_that_is_not_there_is_named(mirror, tmp_path):
    fails("xner/minilm-conll2003-em", "'xner/minilm-conll2003-em'", "Did you mean 'xner/minilm-conll2003-en'?")
    fails(tmp_path, f"the model {str(tmp_path)!r} could not be loaded", "a checkpoint with a tokenizer")


def test_a_model_that_is_not_on_this_machine_is_named_with_its_remedy():
    fails(
        "org/never-downloaded", "'org/never-downloaded' is not available from the Hub", "models/org/never-downloaded"
    )


def test_a_checkpoint_without_entity_labels_is_refused(checkpoint):
    folder = checkpoint({}, names=("LABEL_0", "LABEL_1"))
    fails(folder, "predicts LABEL_0, LABEL_1", "named-entity recognition", "tagger.labels='{LABEL_1: B-PER}'")


def test_an_encoder_without_a_head_is_refused(checkpoint):
    from transformers import AutoModel

    folder = checkpoint({})
    encoder = AutoModel.from_pretrained(folder)
    encoder.config.id2label = {0: "LABEL_0", 1: "LABEL_1"}
    encoder.save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["architectures"] == ["BertModel"]
    fails(folder, "lacks weights (classifier.bias, classifier.weight)", "would be random")


def test_a_checkpoint_whose_weights_must_be_unpickled_is_refused(checkpoint):
    import torch
    from safetensors.torch import load_file

    folder = checkpoint({"B-PER": ["Amina"]})
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    fails(folder, "could not be loaded", "safetensors")


def test_a_checkpoint_with_other_types_beside_ours_is_used_for_ours(checkpoint):
    names = ("B-EVENT", "O", "I-LOC", "B-LOC")
    folder = checkpoint({"B-LOC": ["Kano"], "I-LOC": ["city"], "B-EVENT": ["race"]} | {"O": ["the"]}, names=names)
    assert places(ModelTagger(str(folder)).tag([["the", "Kano", "city", "race"]])[0]) == [(1, 3, "LOC")]


# The real tagger


def test_the_real_tagger_finds_the_names_of_an_english_sentence(real_mirror):
    tagger = ModelTagger("xner/minilm-conll2003-en")
    text = "Fatima Mensah of the World Health Organization flew from Nairobi to Berlin ."
    sentence = text.split()
    spans = tagger.tag([sentence])[0]
    assert places(spans) == [(0, 2, "PER"), (4, 7, "ORG"), (9, 10, "LOC"), (11, 12, "LOC")]
    assert all(0.5 < span.score <= 1 for span in spans)
    # 160 copies are longer than the encoder reads at once; whatever window a copy falls into, Nairobi is a place.
    labels, scores = tagger.label([sentence * 160])
    assert len(labels[0]) == len(scores[0]) == 160 * len(sentence) > 2000
    found = [labels[0][i + 9] == "B-LOC" for i in range(0, len(labels[0]), len(sentence))]
    assert all(any(found[i : i + 10]) for i in range(0, 160, 10))
    assert min(scores[0]) > 0
