"""The encoder aligner: its links, and what it does with long, empty and too large input."""

from __future__ import annotations

import itertools
import json
import logging
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
import transformers

from xner_hf.align.encoder import AlignmentReport, EncoderAligner, EncoderConfig
from xner_hf.corpora.hub import CorpusSplit
from xner_hf.errors import XnerError

pytestmark = pytest.mark.usefixtures("one_thread")

MINILM = "sentence-transformers/all-MiniLM-L6-v2"


def words(links):
    return [[link[:2] for link in of_pair] for of_pair in links]


@pytest.mark.parametrize("level", ["subword", "word"])
@pytest.mark.parametrize("threshold", [None, 0.1])
def test_softmax_links_are_those_of_awesome_align(level, threshold, bert, sample_pairs):
    sources, targets = sample_pairs[0][:20], sample_pairs[1][:20]
    config = EncoderConfig(bert, extraction="softmax", threshold=threshold, level=level)
    found = EncoderAligner(config, "cpu").align(sources, targets)
    tokenizer = transformers.AutoTokenizer.from_pretrained(bert)
    model = transformers.AutoModel.from_pretrained(bert).eval()

    def embed(sentence):
        encoded = tokenizer([sentence], is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            states = model(**encoded, output_hidden_states=True).hidden_states[2][0, 1:-1]
        owners = encoded.word_ids(0)[1:-1]
        if level == "subword":
            return states, owners
        return torch.stack([states[[w == i for w in owners]].mean(0) for i in range(len(sentence))]), [
            *range(len(sentence))
        ]

    for source, target, links in zip(sources, targets, found, strict=True):
        (left, of_left), (right, of_right) = embed(source), embed(target)
        products = left @ right.T
        least = threshold or 0.001
        both = (products.softmax(-1) > least) & (products.softmax(-2) > least)
        expected = {(of_left[i], of_right[j]) for i, j in both.nonzero().tolist()}
        assert words([links]) == [sorted(expected)]


def test_links_of_sub_words_count_once_for_their_words_with_the_best_score(bert):
    aligner = EncoderAligner(EncoderConfig(bert, extraction="softmax", threshold=1e-9), "cpu")
    source, target = ["Yanga", "itacheza"], ["Yanga", "will", "play"]
    subwords = aligner._embedder.split([source, target])
    states = aligner._embedder.states(subwords, np.arange(2), 100)
    border = subwords.bounds[1]
    assert border > 2
    products = states[:border] @ states[border:].T
    scores = (products.softmax(0) * products.softmax(1)).sqrt()
    best = {}
    for i, j in np.ndindex(*scores.shape):
        cell = subwords.words[i], subwords.words[border + j]
        if min(products.softmax(0)[i, j], products.softmax(1)[i, j]) > 1e-9:
            best[cell] = max(best.get(cell, 0), scores[i, j].item())
    links = aligner.align([source], [target])[0]
    assert words([links]) == [sorted(best)]
    assert {link[:2]: link.score for link in links} == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize("extraction", ["argmax", "itermax", "mwmf", "softmax"])
def test_the_order_of_pairs_and_the_size_of_batches_change_nothing(extraction, bert, sample_pairs):
    aligner = EncoderAligner(EncoderConfig(bert, extraction=extraction), "cpu")
    sides = [side[:80] for side in sample_pairs]
    together = aligner.align(*sides)
    assert words(aligner.align(*(side[::-1] for side in sides))) == words(together)[::-1]
    alone = [aligner.align([s], [t])[0] for s, t in zip(*(side[:10] for side in sides), strict=True)]
    assert words(alone) == words(together[:10])
    aligner._batches.budget = 64
    for before, after in zip(together, aligner.align(*sides), strict=True):
        assert words([after]) == words([before])
        assert [link.score for link in after] == pytest.approx([link.score for link in before], abs=1e-4)


@pytest.mark.parametrize("level", ["subword", "word"])
def test_text_of_any_script_is_aligned_with_itself(level, write_encoder, bert_settings, tmp_path):
    texts = [
        "\u0643\u062a\u0628 \u0627\u0644\u0648\u0644\u062f \u0631\u0633\u0627\u0644\u0629 .",  # right to left
        "a\u0300 o\u0323\u0301 e\u0331 n\u0303",  # combining marks
        "\U0001f600 \u1263\u1208 \u6771\u4eac",
    ]
    sentences = [text.split() for text in texts]
    folder = write_encoder(tmp_path, bert_settings(), "bytes")
    links = EncoderAligner(EncoderConfig(folder, level=level, layer=1, extraction="argmax"), "cpu").align(
        sentences, sentences
    )
    assert words(links) == [[(i, i) for i in range(len(sentence))] for sentence in sentences]


def test_no_word_beyond_the_window_loses_its_state(write_encoder, bert_settings, tmp_path):
    """Without attention and positions a state rests on its sub-word alone, so windows must change nothing."""
    folder = write_encoder(tmp_path / "short", bert_settings(max_position_embeddings=40), positions=40)
    model = transformers.AutoModel.from_pretrained(folder)
    with torch.no_grad():
        model.embeddings.position_embeddings.weight.zero_()
        for layer in model.encoder.layer:
            layer.attention.output.dense.weight.zero_()
    model.save_pretrained(folder)
    aligner = EncoderAligner(EncoderConfig(folder, extraction="argmax"), "cpu")
    letters = [chr(number) for number in range(33, 127)]
    known = aligner._embedder.split([[letter] for letter in letters])
    distinct = {known.ids[known.bounds[i]]: letter for i, letter in enumerate(letters) if known.lengths()[i] == 1}
    sentence = list(distinct.values())
    assert len(sentence) > 50
    links = aligner.align([sentence, sentence], [sentence[::-1], sentence[:3]])
    last = len(sentence) - 1
    assert words(links[:1]) == [[(i, last - i) for i in range(len(sentence))]]
    assert words(links[1:]) == [[(i, i) for i in range(3)]]
    assert aligner.report == AlignmentReport(windowed=3)


@pytest.mark.parametrize("extraction", ["itermax", "softmax"])
def test_a_sentence_of_ten_thousand_words_goes_through(extraction, write_encoder, bert_settings, tmp_path):
    folder = write_encoder(tmp_path, bert_settings(num_hidden_layers=1, hidden_size=8, num_attention_heads=1))
    aligner = EncoderAligner(EncoderConfig(folder, extraction=extraction), "cpu")
    links = aligner.align([[".", ","] * 5000, ["."]], [[","] * 2000, ["."]])
    assert words(links[1:]) == [[(0, 0)]]
    assert links[0]
    assert all(0 <= link.source < 10000 and 0 <= link.target < 2000 for link in links[0])
    assert aligner.report == AlignmentReport(windowed=2)


@pytest.mark.parametrize("extraction", ["argmax", "itermax", "mwmf", "softmax"])
@pytest.mark.parametrize("level", ["subword", "word"])
def test_empty_sides_and_words_without_sub_words_are_reported(extraction, level, bert):
    aligner = EncoderAligner(EncoderConfig(bert, extraction=extraction, level=level), "cpu")
    sources = [[], ["Yanga"], ["", "Yanga", "\x00", "Yanga"], ["\x01"], []]
    targets = [["Yanga"], [], ["\u200b", "", "Yanga"], ["Yanga"], []]
    links = aligner.align(sources, targets)
    assert [bool(of_pair) for of_pair in links] == [False, False, True, False, False]
    assert all(link.source in (1, 3) and link.target == 2 and link.score <= 1 for link in links[2])
    assert aligner.report == AlignmentReport(empty_sides=5, words_without_subwords=5)
    assert aligner.align([], []) == []
    assert aligner.align([[]], [[]]) == [[]]
    assert aligner.report.empty_sides == 7


def test_sides_of_different_numbers_of_sentences_are_refused(bert):
    with pytest.raises(XnerError, match="1 source but 2 target"):
        EncoderAligner(EncoderConfig(bert), "cpu").align([["a"]], [["a"], ["b"]])


def test_bfloat16_is_used_on_request_only(bert, sample_pairs):
    whole = EncoderAligner(EncoderConfig(bert), "cpu")
    half = EncoderAligner(EncoderConfig(bert, dtype="bfloat16"), "cpu")
    products, sums = {}, {}
    for aligner in (whole, half):
        products[aligner], sums[aligner] = set(), set()
        for module in aligner._embedder._encoder.modules():
            if isinstance(module, (torch.nn.Linear, torch.nn.LayerNorm)):
                seen = (products if isinstance(module, torch.nn.Linear) else sums)[aligner]
                module.register_forward_hook(lambda _, __, out, seen=seen: seen.add(out.dtype))
    expected = {(i, *link[:2]) for i, links in enumerate(whole.align(*sample_pairs)) for link in links}
    found = {(i, *link[:2]) for i, links in enumerate(half.align(*sample_pairs)) for link in links}
    assert (products[whole], sums[whole]) == ({torch.float32}, {torch.float32})
    assert (products[half], sums[half]) == ({torch.bfloat16}, {torch.float32})
    assert 2 * len(found & expected) / (len(found) + len(expected)) > 0.9


@pytest.mark.parametrize("extraction", ["argmax", "itermax", "mwmf", "softmax"])
def test_links_in_bfloat16_are_nearly_those_of_float32_with_real_weights(real_mirror, extraction):
    rows = itertools.islice(CorpusSplit("masakhane/mafand", "en-luo", "train").rows(), 40)
    sources, targets = zip(
        *((row["translation"]["en"].split(), row["translation"]["luo"].split()) for row in rows), strict=True
    )
    found = [
        {
            (i, *link[:2])
            for i, links in enumerate(EncoderAligner(config, "cpu").align(sources, targets))
            for link in links
        }
        for config in (
            EncoderConfig(MINILM, extraction=extraction),
            EncoderConfig(MINILM, extraction=extraction, dtype="bfloat16"),
        )
    ]
    assert 2 * len(found[0] & found[1]) / sum(map(len, found)) >= 0.985


def no_room_above(aligner, sub_words, error):
    """Make the encoder of an aligner fail as a full device does."""

    def check(_, __, named):
        if named["input_ids"].numel() > sub_words:
            raise error

    aligner._embedder._encoder.register_forward_pre_hook(check, with_kwargs=True)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_batches_are_halved_when_memory_runs_out(error, bert, sample_pairs, caplog):
    expected = EncoderAligner(EncoderConfig(bert), "cpu").align(*sample_pairs)
    aligner = EncoderAligner(EncoderConfig(bert), "cpu")
    no_room_above(aligner, 300, error)
    with caplog.at_level(logging.WARNING):
        assert words(aligner.align(*sample_pairs)) == words(expected)
    assert aligner.report.halved == len(caplog.records) > 0
    assert "out of memory on cpu with" in caplog.text
    aligner.align(*sample_pairs)
    assert aligner.report.halved == len(caplog.records)  # what was learnt about the memory stays


def test_a_pair_that_does_not_fit_by_itself_is_named(bert):
    aligner = EncoderAligner(EncoderConfig(bert), "cpu")
    no_room_above(aligner, 40, torch.OutOfMemoryError("full"))
    sources, targets = [["Yanga"], ["Yanga"] * 100, ["Yanga"]], [["Yanga"]] * 3
    long, short = aligner._embedder.split(sources).lengths()[1], aligner._embedder.split(targets).lengths()[0]
    with pytest.raises(XnerError, match=rf"pair 1 \({long} and {short} sub-words\) does not fit the memory of cpu"):
        aligner.align(sources, targets)


def test_other_errors_are_not_taken_for_a_lack_of_memory(bert):
    aligner = EncoderAligner(EncoderConfig(bert), "cpu")
    no_room_above(aligner, 0, RuntimeError("index out of range"))
    with pytest.raises(RuntimeError, match="index out of range"):
        aligner.align([["Yanga"]], [["Yanga"]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": ""}, "model is empty"),
        ({"layer": -1}, "layer is -1"),
        ({"level": "bpe"}, "level is 'bpe'.* subword, word"),
        ({"extraction": "itermx"}, "Did you mean 'itermax'"),
        ({"symmetrisation": "grow-diag"}, "intersection, union"),
        ({"dtype": "float16"}, "float32, bfloat16"),
        ({"threshold": 0.1}, "threshold belongs to softmax; itermax has none"),
        ({"threshold": 0.0, "extraction": "softmax"}, "threshold is 0.0"),
        ({"symmetrisation": "union"}, "'union' needs two directions, which itermax does not have"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(XnerError, match=message):
        EncoderConfig(**{"model": "org/name", **settings})


_SCRIPT = """
import json, sys
import torch
from xner_hf.align.encoder import EncoderAligner, EncoderConfig

folder = sys.argv[1]
sources, targets = json.load(open(folder + "/pairs.json"))
aligner = EncoderAligner(EncoderConfig(folder), "cpu")
aligner._batches.budget = 256
links, report = aligner.align(sources, targets), dict(vars(aligner.report))
rank, world = torch.distributed.get_rank(), torch.distributed.get_world_size()

room = 150

def full(_, __, named):
    if named["input_ids"].numel() > room:
        raise torch.OutOfMemoryError("full")

if rank == 1:
    aligner._embedder._encoder.register_forward_pre_hook(full, with_kwargs=True)
halved = [aligner.align(sources, targets) for _ in range(2)]
room = 0
try:
    failure = aligner.align(sources, targets)
except ValueError as error:
    failure = str(error)
json.dump([world, [links, *halved], report, aligner.report.halved, failure], open(f"{folder}/{rank}.json", "w"))
torch.distributed.destroy_process_group()
"""


def test_two_processes_share_the_batches_and_both_get_all_links_or_the_error(
    write_encoder, bert_settings, sample_pairs, tmp_path
):
    sides = [[*side[:60], []] for side in sample_pairs]
    folder = write_encoder(tmp_path, bert_settings())
    (tmp_path / "pairs.json").write_text(json.dumps(sides))
    (tmp_path / "script.py").write_text(_SCRIPT)
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*run, str(tmp_path / "script.py"), folder], env=environment, capture_output=True, text=True, timeout=300
    )
    assert (tmp_path / "1.json").is_file(), done.stderr
    results = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]
    aligner = EncoderAligner(EncoderConfig(folder), "cpu")
    aligner._batches.budget = 256
    expected = aligner.align(*sides)
    for world, found, report, halved, failure in results:
        assert world == 2
        for links in found:
            assert [[(i, j) for i, j, _ in of_pair] for of_pair in links] == words(expected)
            scores = [score for of_pair in links for _, _, score in of_pair]
            assert scores == pytest.approx([link.score for of_pair in expected for link in of_pair], abs=1e-5)
        assert report == vars(aligner.report)
        assert halved > 0
        assert "does not fit the memory of cpu" in failure
    assert results[0][3] == results[1][3]
