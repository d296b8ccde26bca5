"""simalign itself, and the equality of the batched aligner's links with its."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from xner_hf.align.aligner import Link
from xner_hf.align.encoder import EncoderAligner, EncoderConfig
from xner_hf.align.reference import SimAlignAligner, SimAlignConfig
from xner_hf.errors import XnerError

pytestmark = pytest.mark.usefixtures("one_thread")

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
METHODS = ["argmax", "itermax", "mwmf"]


def check_equal(model, layer, level, extraction, pairs):
    sources, targets = zip(*pairs, strict=True)
    reference = SimAlignAligner(SimAlignConfig(model, layer=layer, level=level, extraction=extraction), "cpu")
    batched = EncoderAligner(EncoderConfig(model, layer=layer, level=level, extraction=extraction), "cpu")

    def words(found):
        return [[link[:2] for link in links] for links in found]

    expected, found = words(reference.align(sources, targets)), words(batched.align(sources, targets))
    # Where a change of the similarities by a little more than rounding changes simalign's own links, there is a tie.
    simalign, draw = reference._aligner, np.random.default_rng(1)
    exact = simalign.get_similarity
    simalign.get_similarity = lambda x, y: (similar := exact(x, y)) + draw.normal(scale=1e-6, size=similar.shape)
    shaken = [words(reference.align(sources, targets)) for _ in range(3)]
    decided = [all(other[index] == links for other in shaken) for index, links in enumerate(expected)]
    assert sum(decided) >= 0.8 * len(pairs)
    wrong = [
        (pair, mine, theirs)
        for pair, mine, theirs, sure in zip(pairs, found, expected, decided, strict=True)
        if sure and mine != theirs
    ]
    assert not wrong


@pytest.mark.parametrize("extraction", METHODS)
@pytest.mark.parametrize("level", ["subword", "word"])
def test_the_batched_links_of_the_sample_are_those_of_simalign(level, extraction, bert, sample_pairs):
    pairs = list(zip(*sample_pairs, strict=True))[::6]
    if extraction == "mwmf":  # takes simalign a tenth of a second a pair
        pairs = pairs[:20]
    check_equal(bert, 2, level, extraction, pairs)


@pytest.mark.parametrize("extraction", METHODS)
@pytest.mark.parametrize("level", ["subword", "word"])
def test_the_batched_links_of_real_pairs_are_those_of_simalign(level, extraction, real_mirror):
    from xner_hf.corpora.hub import CorpusSplit

    def short(pair):
        return all(4 <= len(side) <= 12 for side in pair)

    pairs = []
    for source, target, count in (("en", "luo", 14), ("en", "hau", 13), ("fr", "wol", 13)):
        rows = (row["translation"] for row in CorpusSplit("masakhane/mafand", f"{source}-{target}", "train").rows())
        split = ((row[source].split(), row[target].split()) for row in rows)
        pairs += itertools.islice(filter(short, split), count)
    assert len(pairs) == 40  # benchmarks/alignment.py --equality takes 2,000
    check_equal(MINILM, 4, level, extraction, pairs[:: 3 if extraction == "mwmf" else 1])


def test_words_that_simalign_fails_on_have_no_links_and_every_score_is_one(bert):
    aligner = SimAlignAligner(SimAlignConfig(bert, layer=2, level="word"), "cpu")
    links = aligner.align([["", "Yanga"], [], ["\x00"], ["Yanga"]], [["Yanga", "\u200b"], ["Yanga"], ["Yanga"], []])
    assert links == [[Link(1, 0, 1.0)], [], [], []]


def test_a_sentence_that_simalign_would_cut_is_refused(bert):
    aligner = SimAlignAligner(SimAlignConfig(bert, layer=2), "cpu")
    with pytest.raises(XnerError, match=r"pair 1: the target has 602 sub-words, .* beyond 512"):
        aligner.align([["."], ["."]], [["."], ["."] * 600])


def test_a_tokenizer_that_simalign_misreads_is_refused(write_encoder, bert_settings, tmp_path):
    folder = write_encoder(tmp_path, bert_settings())
    path = tmp_path / "tokenizer.json"
    rules = json.loads(path.read_text())
    rules["post_processor"]["single"] = rules["post_processor"]["single"][1:]
    path.write_text(json.dumps(rules))
    with pytest.raises(XnerError, match="expects one special token before each sentence"):
        SimAlignAligner(SimAlignConfig(folder, layer=2), "cpu")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": ""}, "model is empty"),
        ({"layer": -1}, "layer is -1"),
        ({"level": "bpe"}, "level is 'bpe'.* subword, word"),
        ({"extraction": "softmax"}, "extraction is 'softmax'.* argmax, itermax, mwmf"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(XnerError, match=message):
        SimAlignConfig(**{"model": "org/name", **settings})


def test_models_that_simalign_cannot_read_are_refused(bert, write_encoder, tmp_path):
    from transformers import MT5Config

    with pytest.raises(XnerError, match="has 3 layers, so there is no layer 8"):
        SimAlignAligner(SimAlignConfig(bert), "cpu")
    size = {"vocab_size": 600, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
    folder = write_encoder(tmp_path, MT5Config(**size))
    with pytest.raises(XnerError, match="a sequence-to-sequence model; use the encoder aligner"):
        SimAlignAligner(SimAlignConfig(folder, layer=2), "cpu")
