"""Time and memory of a translator as large as NLLB-200-distilled-600M, and of its encoder as an aligner.

python benchmarks/nllb_size.py

The model has that one's configuration, language codes and numbers of tokens, and random weights. It is written to a
temporary folder (1.2 GB), and loaded and run as a user would; texts are those of the bundled sample.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from unittest import mock

import torch
import transformers
from throughput import quiet, resident
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES
from translator_model import nllb_tokenizer

import xner_hf.translate.seq2seq as seq2seq
from xner_hf.align.encoder import EncoderAligner, EncoderConfig
from xner_hf.corpora.parallel import sample_path
from xner_hf.languages import language
from xner_hf.translate.seq2seq import Seq2SeqConfig, Seq2SeqTranslator

TARGETS = ("hau", "ibo", "yor", "zul", "wol")
SENTENCES, NEW_TOKENS, PAIRS = 4, 24, 4


def main() -> None:
    rows = [json.loads(line) for line in itertools.islice(sample_path("hau").open(encoding="utf-8"), 40)]
    sources, targets = ([row[f"{side}_tokens"] for row in rows] for side in ("source", "target"))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        parameters = alone(write_model, folder, [" ".join(words) for words in sources + targets])
        disk = sum(file.stat().st_size for file in Path(folder).iterdir()) / 2**20
        print(f"{parameters:,} parameters, {disk:,.0f} MiB on disk, written in {time.perf_counter() - start:.0f} s")
        print(
            f"torch {torch.__version__}, {torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}"
        )
        print("                                           seconds   MiB now  at most", flush=True)
        alone(translate, folder, [" ".join(words) for words in sources[:SENTENCES]])
        alone(align, folder, sources[:PAIRS], targets[:PAIRS])


def alone(work: Callable[..., int | None], *arguments: object) -> int | None:
    """Call a function in a process of its own, so that memory which others have used is not counted."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), quiet) as pool:
        return pool.submit(work, *arguments).result()


def write_model(folder: str, texts: list[str]) -> int:
    """Write the translator and return how many parameters it has."""
    # The 256,001 sub-words of NLLB-200 with its four special tokens; the codes and <mask> come after them.
    codes = sorted(FAIRSEQ_LANGUAGE_CODES, key=lambda code: (code != "eng_Latn", code != "hau_Latn"))
    tokenizer = nllb_tokenizer(texts, codes, 2000, filled=256001)
    torch.set_default_dtype(torch.bfloat16)
    torch.manual_seed(1)
    config = transformers.M2M100Config(
        vocab_size=256206,
        d_model=1024,
        encoder_layers=12,
        decoder_layers=12,
        encoder_attention_heads=16,
        decoder_attention_heads=16,
        encoder_ffn_dim=4096,
        decoder_ffn_dim=4096,
        max_position_embeddings=1024,
    )
    model = transformers.M2M100ForConditionalGeneration(config)
    model.generation_config.max_length = 200
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model.num_parameters()


def translate(folder: str, texts: list[str]) -> None:
    """Load and run the translator, and check that translations begin with the code of their language."""
    report("before", 0.0)
    start = time.perf_counter()
    first = Seq2SeqTranslator(Seq2SeqConfig(folder, dtype="bfloat16"), "eng", TARGETS[0], "cpu")
    report("translator loaded, bfloat16", time.perf_counter() - start)
    rows = first.tokenizer(texts)["input_ids"]
    for size in (1, SENTENCES):
        start = time.perf_counter()
        for begin in range(0, len(rows), size):
            part = rows[begin : begin + size]
            outputs = first.run_batch(part, [NEW_TOKENS] * len(part))
            assert all(len(output.ids) == NEW_TOKENS or output.finished for output in outputs)
        seconds = (time.perf_counter() - start) / len(rows)
        report(f"a sentence, {NEW_TOKENS} sub-words, batches of {size}", seconds)
    loaded = first.model, first.tokenizer
    for target in TARGETS:
        with mock.patch.object(seq2seq, "load_checkpoint", return_value=loaded):  # it takes long, and is the same
            translator = Seq2SeqTranslator(Seq2SeqConfig(folder, dtype="bfloat16"), "eng", target, "cpu")
        (output,) = translator.run_batch(rows[:1], [4])
        code = language(target).nllb
        right = translator.tokenizer.convert_ids_to_tokens(output.ids[0]) == code
        print(f"the first sub-word into {target} is {code} ({output.ids[0]}): {right}")


def align(folder: str, sources: list[list[str]], targets: list[list[str]]) -> None:
    """Align with the last layer of the translator's encoder."""
    report("before", 0.0)
    start = time.perf_counter()
    aligner = EncoderAligner(EncoderConfig(folder, layer=12, dtype="bfloat16"), "cpu")
    report("aligner loaded, bfloat16", time.perf_counter() - start)
    start = time.perf_counter()
    links = aligner.align(sources, targets)
    report(f"{len(links)} pairs aligned, {sum(map(len, links))} links", time.perf_counter() - start)


def report(what: str, seconds: float) -> None:
    """Print a line with the memory of this process, now and at most since the last line."""
    print(f"{what:40} {seconds:9.2f} {resident('VmRSS'):9,.0f} {resident('VmHWM'):8,.0f}", flush=True)
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main()
