"""The batched encoder aligner beside simalign 0.4 and awesome-align's extraction: speed, and equality of the links.

XNER_MIRROR=... python benchmarks/alignment.py --speed [--pairs 1000] [--size small|mbert] [--rounds 3]
XNER_MIRROR=... python benchmarks/alignment.py --speed --floor [--rounds 3]     # beside the bare encoder alone
XNER_MIRROR=... python benchmarks/alignment.py --equality [--pairs 2000]
XNER_MIRROR=... python benchmarks/alignment.py --bfloat16 [--pairs 300]        # its links against those of float32

Sentences are those of MAFAND, sub-words those of all-MiniLM-L6-v2. Speed is measured on encoders with random weights,
all on the same machine, weights and threads: every measurement is repeated in turn with the others, part by part, and
the sum of each part's best time stands, so that other work on the machine harms all alike.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
import transformers

from xner_hf.align.encoder import EncoderAligner, EncoderConfig
from xner_hf.align.reference import SimAlignAligner, SimAlignConfig
from xner_hf.corpora.hub import CorpusSplit, model_source

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
CONFIGS = (("en", "luo"), ("en", "hau"), ("fr", "wol"))
METHODS = ("argmax", "itermax", "mwmf", "softmax")
SIZES = {
    "small": {"num_hidden_layers": 6, "hidden_size": 256, "num_attention_heads": 4, "intermediate_size": 1024},
    "mbert": {"num_hidden_layers": 12, "hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072},
}
PARTS = 5
"""Pairs are taken in so many parts, all methods in turn on each, since other work on the machine comes and goes."""

FLOOR = "cut encoder alone (floor)"

TOKENS_PER_BATCH = 2048
"""Of the bare encoder; the aligner has the same on a CPU."""

SLOW = {"mwmf": 10, "mbert": 4}
"""Peers align a part of the pairs, 1 in so many: every pair costs them the same, wherever it stands."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--equality", action="store_true")
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--pairs", type=int)
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--floor", action="store_true", help="leave out the peers: more rounds in the same time")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument(
        "--without-mwmf", action="store_true", help="leave out mwmf, hours of simalign for 2,000 pairs"
    )
    arguments = parser.parse_args()
    if arguments.speed + arguments.equality + arguments.bfloat16 != 1:
        parser.error("give one of --speed, --equality and --bfloat16")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(arguments.threads)
    print(f"torch {torch.__version__}, {arguments.threads} threads, {torch.backends.cpu.get_cpu_capability()}")
    if arguments.speed:
        speed(arguments.size, read_pairs(arguments.pairs or 1000), arguments.rounds, not arguments.floor)
    elif arguments.bfloat16:
        bfloat16(read_pairs(arguments.pairs or 300))
    else:
        methods = ["argmax", "itermax", "mwmf"][: 2 if arguments.without_mwmf else 3]
        equality(read_pairs(arguments.pairs or 2000), methods)


def read_pairs(count: int) -> list[tuple[list[str], list[str]]]:
    """Return pairs of the training splits in equal parts, words split at white space."""
    found = []
    for number, (source, target) in enumerate(CONFIGS):
        rows = (row["translation"] for row in CorpusSplit("masakhane/mafand", f"{source}-{target}", "train").rows())
        pairs = ((row[source].split(), row[target].split()) for row in rows if row[source] and row[target])
        part = count // len(CONFIGS) + (number < count % len(CONFIGS))
        found += itertools.islice((pair for pair in pairs if all(pair)), part)
    return found


def equality(pairs: list[tuple[list[str], list[str]]], methods: list[str]) -> None:
    """Print how many pairs differ in their links."""
    layer = 4
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_source(MINILM)[0])

    def fits(words: list[str]) -> bool:
        return len(tokenizer(words, is_split_into_words=True, verbose=False)["input_ids"]) <= 512

    fitting = [pair for pair in pairs if all(map(fits, pair))]
    sources, targets = zip(*fitting, strict=True)
    print(
        f"{len(fitting)} pairs, {len(pairs) - len(fitting)} left out as too long for simalign; layer {layer} of MiniLM"
    )
    print("level    extraction     pairs  pairs that differ  links (simalign)  links (ours)  in only one")
    for level in ("subword", "word"):
        for method in methods:
            theirs = SimAlignAligner(SimAlignConfig(MINILM, layer=layer, level=level, extraction=method), "cpu")
            ours = EncoderAligner(EncoderConfig(MINILM, layer=layer, level=level, extraction=method), "cpu")
            expected = [{link[:2] for link in links} for links in theirs.align(sources, targets)]
            found = [{link[:2] for link in links} for links in ours.align(sources, targets)]
            different = sum(a != b for a, b in zip(expected, found, strict=True))
            only = sum(len(a ^ b) for a, b in zip(expected, found, strict=True))
            links = [sum(map(len, side)) for side in (expected, found)]
            print(
                f"{level:8} {method:10} {len(fitting):9,} {different:18,} {links[0]:17,} {links[1]:13,} {only:12,}",
                flush=True,
            )


def bfloat16(pairs: list[tuple[list[str], list[str]]]) -> None:
    """Print how well the links in bfloat16 agree with those in float32, with real weights."""
    for method in METHODS:
        whole, half = (
            EncoderAligner(EncoderConfig(MINILM, extraction=method, dtype=dtype), "cpu")
            for dtype in ("float32", "bfloat16")
        )
        goal(f"{method}: F of bf16's links >= 0.985", agreement(half, whole, pairs), 0.985)


def speed(size: str, pairs: list[tuple[list[str], list[str]]], rounds: int, peers: bool) -> None:
    """Print pairs a second of everything, and the goals."""
    with tempfile.TemporaryDirectory() as folder:
        write_encoder(Path(folder), SIZES[size])
        layer = round(SIZES[size]["num_hidden_layers"] * 2 / 3)
        ours = {method: EncoderAligner(EncoderConfig(folder, extraction=method), "cpu") for method in METHODS}
        half = EncoderAligner(EncoderConfig(folder, extraction="itermax", dtype="bfloat16"), "cpu")
        simalign = {
            method: SimAlignAligner(SimAlignConfig(folder, layer=layer, extraction=method), "cpu")
            for method in ("argmax", "itermax", "mwmf")
            if peers
        }
        model = transformers.AutoModel.from_pretrained(folder).eval()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)

    tasks: dict[str, tuple[int, list[Callable[[], object]]]] = {}

    def task(name: str, run: Callable[[list, list], object], every: int = 1) -> None:
        chosen = pairs[::every]
        tasks[name] = len(chosen), [partial(run, *map(list, zip(*part, strict=True))) for part in parts(chosen)]

    slower = SLOW["mbert"] if size == "mbert" else 1
    for method, aligner in simalign.items():
        task(f"simalign {method}", aligner.align, slower * SLOW.get(method, 1))
    if peers:
        task("awesome-align softmax", lambda s, t: awesome_align(model, tokenizer, layer, s, t), slower)
    batches = [bucketed(tokenizer, part) for part in parts(pairs)]
    for name, encode in (("full encoder alone", whole(model)), (FLOOR, floor(model, layer))):
        tasks[name] = len(pairs), [partial(run_all, encode, of_part) for of_part in batches]
    inside = {}
    for name, aligner in [*ours.items(), ("itermax bf16", half)]:
        inside[f"ours {name}"] = Stopwatch(aligner)
        task(f"ours {name}", partial(align_anew, aligner))

    best = {name: [float("inf")] * PARTS for name in tasks}
    whole_time = dict.fromkeys(tasks, 0.0)
    for number, part in itertools.product(range(rounds), range(PARTS)):
        for name, (_, runs) in tasks.items():
            if number and name.startswith("simalign mwmf"):
                continue  # minutes a round
            start = time.perf_counter()
            runs[part]()
            seconds = time.perf_counter() - start
            whole_time[name] += seconds
            best[name][part] = min(best[name][part], seconds)
    rate = {name: count / sum(best[name]) for name, (count, _) in tasks.items()}
    flat = [batch for of_part in batches for batch in of_part]
    tokens = sum(int(batch["attention_mask"].sum()) for batch in flat)
    padding = 1 - tokens / sum(batch["input_ids"].numel() for batch in flat)
    print(f"{size}: {SIZES[size]}, layer {layer}; {len(pairs)} pairs, {tokens / len(pairs):.1f} sub-words a pair")
    print(f"best of {rounds} rounds{' (simalign mwmf: one)' * peers}; padding of the floor {padding:.1%}")
    print("                              pairs   seconds   pairs/s   time / floor")
    ground = rate[FLOOR]
    for name, (count, _) in tasks.items():
        print(f"{name:27} {count:7,} {sum(best[name]):9.2f} {rate[name]:9.1f} {ground / rate[name]:14.3f}")
    print("\nall rounds                  time / that of its own encoder passes   padding")
    for name, watch in inside.items():
        print(f"{name:27} {whole_time[name] / watch.seconds:38.3f} {1 - watch.tokens / watch.cells:9.1%}")
    print("\ngoal                                             measured")
    for method in ours:
        goal(f"ours {method}: time / floor <= 1.10", ground / rate[f"ours {method}"], most=1.10)
    if peers:
        for method, least in (("argmax", 3), ("itermax", 3), ("mwmf", 15)):
            ratio = rate[f"ours {method}"] / rate[f"simalign {method}"]
            goal(f"ours / simalign {method} >= {least}", ratio, least)
        goal("ours / awesome-align softmax >= 2.3", rate["ours softmax"] / rate["awesome-align softmax"], 2.3)
    goal("bf16 / fp32 >= 1.7", rate["ours itermax bf16"] / rate["ours itermax"], 1.7)
    goal("F of bf16's links >= 0.985", agreement(half, ours["itermax"], pairs), 0.985)


class Stopwatch:
    """Time that an aligner spends in its encoder, and the padding that it reads there.

    Both are taken within the same seconds, so that other work on the machine does not come between an aligner and
    its floor.
    """

    def __init__(self, aligner: EncoderAligner):
        self.seconds, self.tokens, self.cells = 0.0, 0, 0
        read = aligner._embedder._read

        def timed(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            start = time.perf_counter()
            states = read(input_ids=input_ids, attention_mask=attention_mask)
            self.seconds += time.perf_counter() - start
            self.tokens += int(attention_mask.sum())
            self.cells += attention_mask.numel()
            return states

        aligner._embedder._read = timed


def parts(pairs: list) -> list[list]:
    return [pairs[number::PARTS] for number in range(PARTS)]


def align_anew(aligner: EncoderAligner, sources: list, targets: list) -> None:
    """Align as if no word had been split into sub-words before."""
    aligner._embedder.tokenizer.forget()
    aligner.align(sources, targets)


def goal(text: str, value: float, least: float = 0.0, most: float = float("inf")) -> None:
    print(f"{text:45} {value:11.3f}  {'met' if least <= value <= most else 'MISSED'}")


def agreement(left: EncoderAligner, right: EncoderAligner, pairs: list[tuple[list[str], list[str]]]) -> float:
    """Return F1 of the links of one aligner against those of another."""
    sources, targets = zip(*pairs, strict=True)
    a, b = (
        {(i, *link[:2]) for i, links in enumerate(aligner.align(sources, targets)) for link in links}
        for aligner in (left, right)
    )
    return 2 * len(a & b) / (len(a) + len(b))


def write_encoder(folder: Path, size: dict[str, int]) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_source(MINILM)[0])
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = transformers.BertConfig(vocab_size=len(tokenizer), **size)
    transformers.BertModel(config).save_pretrained(folder)


def bucketed(tokenizer, pairs) -> list[dict[str, torch.Tensor]]:
    """Return the sentences of both sides, sorted by length, as batches ready for the encoder."""
    sentences = [words for pair in pairs for words in pair]
    ids = sorted(tokenizer(sentences, is_split_into_words=True, truncation=True)["input_ids"], key=len, reverse=True)
    batches, start = [], 0
    while start < len(ids):
        batch = ids[start : start + max(1, TOKENS_PER_BATCH // len(ids[start]))]
        batches.append(dict(tokenizer.pad({"input_ids": batch}, return_tensors="pt")))
        start += len(batch)
    return batches


def whole(model) -> Callable[..., torch.Tensor]:
    return lambda **batch: model(**batch).last_hidden_state


def floor(model, layer: int) -> Callable[..., torch.Tensor]:
    """Return the first layers of a BERT as a model of their own, without its pooler."""
    cut = copy.copy(model)
    cut._modules = dict(model._modules)
    cut.encoder, cut.pooler = copy.copy(model.encoder), None
    cut.encoder._modules = {"layer": model.encoder.layer[:layer]}
    return whole(cut)


def run_all(encode: Callable[..., torch.Tensor], batches: list[dict[str, torch.Tensor]]) -> None:
    with torch.inference_mode():
        for batch in batches:
            encode(**batch)


def awesome_align(model, tokenizer, layer: int, sources, targets, batch: int = 32, threshold: float = 0.001) -> list:
    """Links by the definition of Dou & Neubig (2021), section 2.

    As in their program, which this follows without its code: words are split one by one, batches are in the order of
    the file, each side is encoded in a pass of its own through all layers that are read, and pairs are looped over.
    """
    encode = floor(model, layer)
    found = []
    for start in range(0, len(sources), batch):
        sides = []
        for sentences in (sources[start : start + batch], targets[start : start + batch]):
            pieces = [[tokenizer.tokenize(word) for word in words] for words in sentences]
            owners = [[i for i, word in enumerate(words) for _ in word] for words in pieces]
            ids = [[tokenizer.convert_tokens_to_ids(word) for word in words] for words in pieces]
            rows = [
                [tokenizer.cls_token_id, *itertools.chain.from_iterable(words), tokenizer.sep_token_id]
                for words in ids
            ]
            features = tokenizer.pad({"input_ids": rows}, return_tensors="pt")
            with torch.inference_mode():
                sides.append((encode(**features), owners))
        (left, of_left), (right, of_right) = sides
        for pair, (a, b) in enumerate(zip(of_left, of_right, strict=True)):
            with torch.inference_mode():
                products = left[pair, 1 : len(a) + 1] @ right[pair, 1 : len(b) + 1].T
                both = (products.softmax(-1) > threshold) & (products.softmax(-2) > threshold)
            found.append({(a[i], b[j]) for i, j in np.argwhere(both.numpy())})
    return found


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    main()
