"""Translation with models of `transformers`, tiny ones whose output is known or whose weights are random."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from xner_hf.errors import XnerError
from xner_hf.translate.seq2seq import Seq2SeqConfig, Seq2SeqTranslator

TEXTS = ["Bola came home", "Kano is big", "they saw", "the goats ate all of it", "a", "zz yy xx ww", "they saw"]
AB = {"hau_Latn": "▁", "▁": "a", "a": "b"}
WITHOUT_END = {"hau_Latn": "a", "a": "b", "b": "a"}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def random(tiny, tmp_path_factory):
    """The folder of a model of NLLB's kind with random weights."""
    return tiny.random_model(tmp_path_factory.mktemp("random"), tiny.nllb_tokenizer())


@pytest.fixture(scope="module")
def says_ab(tiny, tmp_path_factory):
    """The folder of a model of NLLB's kind that translates everything as "ab"."""
    return tiny.chain_model(tmp_path_factory.mktemp("ab"), tiny.nllb_tokenizer(), AB)


@pytest.fixture(scope="module")
def never_ends(tiny, tmp_path_factory):
    """The folder of a model that says "ababab..."; its authors wanted an end to be put to it."""
    settings = {"forced_eos_token_id": 2, "max_length": 7}
    return tiny.chain_model(tmp_path_factory.mktemp("endless"), tiny.nllb_tokenizer(), WITHOUT_END, **settings)


def translator(model, source="eng", target="hau", device="cpu", **settings):
    return Seq2SeqTranslator(Seq2SeqConfig(model, **settings), source, target, device)


def batches_of(translator):
    """Return the list to which the shape of every batch will be written."""
    shapes, generate = [], translator.model.generate

    def recording(**inputs):
        shapes.append(tuple(inputs["input_ids"].shape))
        return generate(**inputs)

    translator.model.generate = recording
    return shapes


@pytest.mark.parametrize("beams", [None, 1, 3])
def test_translations_come_in_the_order_of_the_texts_whatever_they_are_batched_with(random, beams):
    together = translator(random, num_beams=beams)
    found = together.generate(TEXTS)
    assert [together.generate([text])[0] for text in TEXTS] == found
    assert together.generate(TEXTS[::-1]) == found[::-1]
    assert translator(random, num_beams=beams, tokens_per_batch=1).generate(TEXTS) == found
    assert len(set(found)) > 4  # so that the order shows
    assert found[2] == found[-1]


def test_texts_of_like_length_fill_a_batch_with_padding_and_beams_and_equal_ones_come_once(says_ab):
    model = translator(says_ab, tokens_per_batch=60)
    shapes = batches_of(model)
    model.generate(["abc", "a", "abcdefghijk", "abc", "ab"])
    # Every input has its code, the sign of the word's start and the end besides its letters.
    assert shapes == [(4, 14)]
    model = translator(says_ab, tokens_per_batch=60, num_beams=2)
    shapes = batches_of(model)
    model.generate(["abc", "a", "abcdefghijk", "abc", "ab"])
    assert shapes == [(2, 14), (2, 5)]
    assert model.generate([]) == []


@pytest.mark.parametrize("beams", [1, 3])
def test_the_target_code_is_the_first_that_is_written_and_the_source_code_stands_before_the_text(says_ab, beams):
    model = translator(says_ab, "fra", num_beams=beams)
    assert (model.source_code, model.target_code) == ("fra_Latn", "hau_Latn")
    assert model.target_id == model.tokenizer.convert_tokens_to_ids("hau_Latn")
    tokens = model.tokenizer.convert_ids_to_tokens(model.tokenizer("xy")["input_ids"])
    assert tokens == ["fra_Latn", "▁", "x", "y", "</s>"]
    sequence = model.model.generate(**model.tokenizer("xy", return_tensors="pt"), max_new_tokens=9)[0]
    assert model.tokenizer.convert_ids_to_tokens(sequence) == ["</s>", "hau_Latn", "▁", "a", "b", "</s>"]
    assert model.generate(["xy"]) == [("ab", True)]


@pytest.mark.parametrize("beams", [1, 3])
def test_what_does_not_end_is_stopped_at_its_own_limit_and_is_cut(never_ends, beams):
    model = translator(never_ends, num_beams=beams)
    (long, ended), (short, other) = model.generate(["abcdefg", "x"])
    assert (ended, other) == (False, False)
    # Three for each of the input with its code, word start and end, and 20, of which the code is one.
    assert len(long) == 3 * 10 + 20 - 1
    assert len(short) == 3 * 4 + 20 - 1
    assert model.translate(["abcdefg"])[0].fault == "translation_repeated"


def test_a_translation_is_no_longer_than_the_model_has_positions(never_ends):
    (said, ended) = translator(never_ends).generate(["a" * 40])[0]
    assert (len(said), ended) == (62, False)  # of 64 one starts the decoder and one is the code


def test_a_text_longer_than_the_model_takes_is_cut_and_never_read_in_part(says_ab, caplog):
    model = translator(says_ab)
    fits, long = "a" * 61, "a" * 62  # code, word start and end come to them
    shapes = batches_of(model)
    assert model.generate([long, fits]) == [("", False), ("ab", True)]
    assert shapes == [(1, 64)]
    assert [one.fault for one in model.translate([long, fits])] == ["translation_cut", "translation_short"]
    assert model.translate([f"{fits[:30]}. {fits[:30]}. {long}."])[0].fault == "translation_cut"
    assert "longer than" not in caplog.text


def test_each_sentence_is_translated_by_itself_unless_it_is_not_wanted(says_ab):
    text = "He came home. She saw it.\nThey ate!"
    model = translator(says_ab)
    shapes = batches_of(model)
    assert model.translate([text]) == [("ab ab ab", None)]
    assert shapes == [(3, 16)]
    assert translator(says_ab, split_sentences=False).translate([text]) == [("ab", None)]


def test_full_width_marks_join_sentences_without_a_space(tiny, tmp_path):
    tokenizer = tiny.nllb_tokenizer(letters=tiny.LETTERS + "山。")
    folder = tiny.chain_model(tmp_path, tokenizer, {"hau_Latn": "山", "山": "。"})
    assert translator(folder).translate(["They came. They saw."]) == [("山。山。", None)]


def test_what_is_wrong_with_one_sentence_is_wrong_with_the_text(says_ab):
    fits, long = "a" * 61, "a" * 62
    model = translator(says_ab)
    assert model.translate(["He came. She saw."]) == [("ab ab", None)]
    assert model.translate([f"He came.\n{fits}\nShe saw."]) == [("ab ab ab", "translation_short")]
    assert model.translate([f"He came.\n{long}\nShe saw."]) == [("ab ab", "translation_cut")]


def test_a_sentence_without_words_stays_as_it_is(says_ab):
    assert translator(says_ab).translate(["He came.\n* * *\nShe saw."]) == [("ab * * * ab", None)]


@pytest.mark.parametrize("text", ["", " ", "...", "— “”"])
def test_a_text_without_words_is_empty_and_does_not_reach_the_model(says_ab, text):
    model = translator(says_ab)
    shapes = batches_of(model)
    assert model.translate([text, text]) == [("", "translation_empty")] * 2
    assert shapes == []


def test_special_tokens_that_mark_names_are_written(tiny, tmp_path):
    tokenizer = tiny.nllb_tokenizer([*tiny.NLLB_CODES, "<n>"])
    folder = tiny.chain_model(tmp_path, tokenizer, {"hau_Latn": "▁", "▁": "a", "a": "<n>", "<n>": "b"})
    assert translator(folder).generate(["x"]) == [("a<n>b", True)]


def test_the_first_mbart_starts_with_the_code_and_later_ones_write_it(tiny, tmp_path):
    for kind, code in (("MBartTokenizer", "fr_XX"), ("MBart50Tokenizer", "sw_KE")):
        tokenizer = tiny.mbart_tokenizer(kind)
        folder = tiny.chain_model(tmp_path / kind, tokenizer, {code: "▁", "▁": "a"}, "MBart")
        model = translator(folder, target={"fr_XX": "fra", "sw_KE": "swa"}[code])
        assert (model.source_code, model.target_code) == ("en_XX", code)
        assert model.generate(["xy"]) == [("a", True)]
        settings = model.model.generation_config
        assert model.target_id == (
            settings.decoder_start_token_id if kind == "MBartTokenizer" else settings.forced_bos_token_id
        )


@pytest.mark.parametrize("registered", [True, False])
def test_the_code_of_m2m100_is_not_part_of_the_translation(tiny, tmp_path, registered):
    tokenizer = tiny.m2m100_tokenizer(tmp_path, registered)
    model = translator(tiny.chain_model(tmp_path, tokenizer, {"__ha__": "▁", "▁": "a"}))
    assert (model.source_code, model.target_code) == ("en", "ha")
    assert model.generate(["xy"]) == [("a", True)]


def test_a_marian_model_needs_no_code_or_finds_it_before_the_text(tiny, tmp_path):
    for codes in ((), ("hau", "swh")):
        folder = tmp_path / str(len(codes))
        tokenizer = tiny.marian_tokenizer(folder, codes)
        model = translator(tiny.chain_model(folder, tokenizer, {"<pad>": "▁", "▁": "a"}, "Marian"))
        assert (model.source_code, model.target_code) == (None, codes[0] if codes else None)
        shapes = batches_of(model)
        assert model.generate(["xy"]) == [("a", True)]
        assert shapes == [(1, 4 + bool(codes))]


def test_a_marian_model_without_an_end_is_cut_although_its_settings_force_one(tiny, tmp_path):
    tokenizer = tiny.marian_tokenizer(tmp_path)
    chain = {"<pad>": "a", "a": "b", "b": "a"}
    folder = tiny.chain_model(tmp_path, tokenizer, chain, "Marian", forced_eos_token_id=0, num_beams=4)
    assert translator(folder).generate(["xy"])[0][1] is False


def test_the_beams_are_those_of_the_model_unless_others_are_wanted(tiny, tmp_path):
    folder = tiny.chain_model(tmp_path, tiny.nllb_tokenizer(), AB, num_beams=4)
    model = translator(folder, tokens_per_batch=20)
    shapes = batches_of(model)
    model.generate(["x", "y"])
    assert shapes == [(1, 4), (1, 4)]
    model = translator(folder, tokens_per_batch=20, num_beams=1)
    shapes = batches_of(model)
    model.generate(["x", "y"])
    assert shapes == [(2, 4)]


def test_bfloat16_is_computed_in_on_request(random):
    model = translator(random, dtype="bfloat16")
    assert {weights.dtype for weights in model.model.parameters()} == {torch.bfloat16}
    assert len(model.generate(TEXTS)) == len(TEXTS)


def no_room_above(translator, cells, error):
    """Let the model run out of memory on batches of more than a number of cells."""
    generate = translator.model.generate

    def narrow(**inputs):
        if inputs["input_ids"].numel() > cells:
            raise error
        return generate(**inputs)

    translator.model.generate = narrow


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), MemoryError()]
)
def test_batches_are_halved_when_memory_runs_out(random, error, caplog):
    model = translator(random)
    expected = model.generate(TEXTS)
    no_room_above(model, 60, error)
    with caplog.at_level(logging.WARNING):
        assert model.generate(TEXTS) == expected
    assert model.batches.halved == len(caplog.records) > 0
    assert "out of memory on cpu with a batch of 6" in caplog.text
    model.generate(TEXTS)
    assert model.batches.halved == len(caplog.records)  # what was learnt about the memory stays


def test_a_text_that_does_not_fit_by_itself_is_said_and_other_errors_stay_what_they_are(random):
    model = translator(random)
    no_room_above(model, 10, MemoryError())
    with pytest.raises(XnerError, match="a text of 26 tokens does not fit the memory of cpu by itself"):
        model.generate(TEXTS)
    no_room_above(model, 0, RuntimeError("index out of range"))
    with pytest.raises(RuntimeError, match="index out of range"):
        model.generate(TEXTS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": ""}, "model is empty"),
        ({"dtype": "float16"}, "float32, bfloat16"),
        ({"num_beams": 0}, "num_beams is 0; it must be 1 or more"),
        ({"tokens_per_batch": -5}, "tokens_per_batch is -5"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(XnerError, match=message):
        Seq2SeqConfig(**{"model": "org/name", **settings})


def test_a_code_that_the_model_does_not_know_is_named_with_the_model(says_ab):
    with pytest.raises(XnerError) as error:
        translator(says_ab, target="yor")
    for part in (repr(says_ab), "Yor", "yor", "It has 5; the nearest are", "hau_Latn", "translator.target_code"):
        assert part in str(error.value)


def test_a_model_without_weights_of_its_own_is_refused(tiny, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = Path(tiny.random_model(tmp_path, tiny.nllb_tokenizer()))
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "decoder" not in name}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(XnerError, match="lacks weights .*decoder.*would be random"):
        translator(str(folder))


def test_an_encoder_is_no_translator(tiny, tmp_path):
    from transformers import BertConfig, BertModel

    BertModel(BertConfig(vocab_size=80, hidden_size=8, num_hidden_layers=1, num_attention_heads=1)).save_pretrained(
        tmp_path
    )
    tiny.nllb_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(XnerError, match="could not be loaded"):
        translator(str(tmp_path))


def test_the_tokenizer_of_another_model_is_noticed_and_can_be_replaced(tiny, tmp_path, says_ab):
    more = tiny.nllb_tokenizer(letters=tiny.LETTERS + "[]")
    wrong = Path(tiny.chain_model(tmp_path / "model", tiny.nllb_tokenizer(), AB))
    more.save_pretrained(wrong)
    with pytest.raises(XnerError, match="number 72, but the model .* only 71. .* translator.tokenizer"):
        translator(str(wrong))
    assert translator(str(wrong), tokenizer=says_ab).generate(["x"]) == [("ab", True)]


def test_a_tokenizer_that_does_not_put_the_code_to_the_text_is_refused(tiny, tmp_path):
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    folder = Path(tiny.chain_model(tmp_path, tiny.nllb_tokenizer(), AB))
    inner = Tokenizer.from_file(str(folder / "tokenizer.json"))
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    PreTrainedTokenizerFast(tokenizer_object=inner, **special).save_pretrained(folder)
    with pytest.raises(XnerError, match="knows the code 'fra_Latn' but does not put it to the text"):
        translator(str(folder), "fra")


def test_a_folder_without_a_tokenizer_is_refused(tiny, tmp_path):
    folder = Path(tiny.random_model(tmp_path, tiny.nllb_tokenizer()))
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(XnerError, match="could not be loaded|has no vocabulary"):
        translator(str(folder))


def test_a_missing_package_of_a_tokenizer_is_said_with_what_to_install(tiny, tmp_path, monkeypatch):
    import transformers

    def missing(*_, **__):
        raise ImportError("M2M100Tokenizer requires the SentencePiece library")

    folder = tiny.random_model(tmp_path, tiny.nllb_tokenizer())
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", missing)
    with pytest.raises(XnerError, match="requires the SentencePiece library.*pip install sentencepiece"):
        translator(str(folder))
