"""Sentences a second of the tagger and of the translators beside what `transformers` does by itself.

XNER_MIRROR=... python benchmarks/throughput.py --tagger [--sentences 1000] [--rounds 3]
XNER_MIRROR=... python benchmarks/throughput.py --translator [--sentences 300] [--rounds 3]

The tagger is a real one. No translator can be had without a network, so there are two: one with random weights in
which a translation ends after as many sub-words as the human one has (see translator_model.py), and, with `--trained`,
the small one that the tests train on the bundled sample (minutes, the first time). Everything runs on the same
machine, weights and threads, is repeated in turn with the others, and its best time stands.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from unittest import mock

import torch
import transformers
from alignment import goal, read_pairs
from taggers import TAGGERS
from translator_model import SIZE, asking_for, nllb_tokenizer, write_lengthed_model

import xner_hf.tag.model as tagging
from xner_hf.corpora.hub import CorpusSplit, model_source
from xner_hf.inference.batches import Batches
from xner_hf.tag.model import ModelTagger
from xner_hf.translate.ct2 import CTranslate2Config, CTranslate2Translator
from xner_hf.translate.model import TOKENS_PER_BATCH
from xner_hf.translate.seq2seq import Seq2SeqConfig, Seq2SeqTranslator

TAGGER = TAGGERS["eng"]
BUDGETS = (512, 1024, 2048, 4096, 16384)
ONE_BY_ONE_EVERY = 4
"""One by one a part of the texts is done, 1 in so many: each costs the same, wherever it stands."""

Task = tuple[int, Callable[[], object]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tagger", action="store_true")
    parser.add_argument("--translator", action="store_true")
    parser.add_argument("--trained", action="store_true", help="with --translator: the trained small one too")
    parser.add_argument("--sentences", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    if arguments.tagger == arguments.translator:
        parser.error("give --tagger or --translator")
    quiet()
    torch.set_num_threads(arguments.threads)
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)  # of CTranslate2
    print(f"torch {torch.__version__}, {arguments.threads} threads, {torch.backends.cpu.get_cpu_capability()}")
    if arguments.tagger:
        tagger(arguments.sentences or 1000, arguments.rounds)
        return
    random_translator(arguments.sentences or 300, arguments.rounds)
    if arguments.trained:
        trained_translator(arguments.rounds)


def quiet() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    warnings.filterwarnings("ignore")


def in_turn(tasks: dict[str, Task], rounds: int) -> dict[str, float]:
    """Return how many texts a second each task does, in the best of its rounds."""
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(rounds):
        for name, (_, run) in tasks.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return {name: count / best[name] for name, (count, _) in tasks.items()}


def tagger(count: int, rounds: int) -> None:
    """Print sentences a second, equality with the pipeline, and memory by token budget."""
    ours = ModelTagger(TAGGER, device="cpu")
    half = ModelTagger(TAGGER, device="cpu")
    half.model.to(torch.bfloat16)
    sentences = tagger_words(count)
    path = model_source(TAGGER)[0]
    pipeline = transformers.pipeline(
        "token-classification", model=path, aggregation_strategy="first", dtype=torch.float32, device="cpu"
    )
    stored = transformers.pipeline("token-classification", model=path, aggregation_strategy="first", device="cpu")
    words, part = {"is_split_into_words": True}, sentences[::ONE_BY_ONE_EVERY]
    ids = ours.tokenizer(sentences, is_split_into_words=True)["input_ids"]
    print(f"{TAGGER}: {count} sentences of MAFAND, {sum(map(len, ids)) / count:.1f} sub-words each, best of {rounds}")
    tasks: dict[str, Task] = {
        "pipeline, one by one": (len(part), lambda: pipeline(part, **words)),
        f"pipeline, one by one, {str(stored.model.dtype)[6:]}*": (len(part), lambda: stored(part, **words)),
        "pipeline, batches of 32": (count, lambda: pipeline(sentences, batch_size=32, **words)),
        "ours": (count, lambda: ours.tag(sentences)),
        "ours, bf16": (count, lambda: half.tag(sentences)),
    }
    shuffled = random.Random(0).sample(ids, count)
    floors = {"in any order": shuffled, "sorted (floor)": sorted(ids, key=len, reverse=True)}
    for name, rows in floors.items():
        batches = [ours.tokenizer.pad({"input_ids": rows[a:b]}, return_tensors="pt") for a, b in budgeted(rows)]
        tasks[f"model alone, {name}"] = count, lambda batches=batches: forward(ours.model, batches)
    rate = in_turn(tasks, rounds)
    print("                                  sentences/s   ours / it")
    for name in tasks:
        print(f"{name:34} {rate[name]:10.1f} {rate['ours'] / rate[name]:11.2f}")
    print("* the checkpoint's own numbers, which the pipeline takes unless told otherwise")
    for name, rows in floors.items():
        padded = sum((b - a) * max(map(len, rows[a:b])) for a, b in budgeted(rows))
        print(f"padding {name}: {1 - sum(map(len, rows)) / padded:.1%} of {tagging.TOKENS_PER_BATCH['cpu']} sub-words")
    entities(ours, half, pipeline(sentences, batch_size=32, **words), sentences)
    budgets(ours, sentences, rounds)
    print("\ngoal                                             measured")
    goal("ours / pipeline one by one >= 5", rate["ours"] / rate["pipeline, one by one"], 5)
    goal("ours / pipeline, batches of 32 >= 2", rate["ours"] / rate["pipeline, batches of 32"], 2)


def tagger_words(count: int) -> list[list[str]]:
    """Return English sentences in the words that the tokenizer of the tagger sees, so that all label the same words.

    The pipeline takes the pieces between marks for words even when it is given words.
    """
    splitter = transformers.AutoTokenizer.from_pretrained(model_source(TAGGER)[0]).backend_tokenizer.pre_tokenizer
    texts = (" ".join(source) for source, _ in read_pairs(3 * count)[: 2 * count])
    return [[word for word, _ in splitter.pre_tokenize_str(text)] for text in texts][::2]


def budgeted(rows: Sequence[Sequence[int]]) -> Iterable[tuple[int, int]]:
    """Yield where batches of the tagger's budget of sub-words with padding begin and end, in the order of rows."""
    start = 0
    while start < len(rows):
        end, longest = start, 0
        while end < len(rows):
            longest = max(longest, len(rows[end]))
            if end > start and (end + 1 - start) * longest > tagging.TOKENS_PER_BATCH["cpu"]:
                break
            end += 1
        yield start, end
        start = end


def forward(model, batches: Iterable) -> None:
    with torch.inference_mode():
        for batch in batches:
            model(**batch)


def entities(ours: ModelTagger, half: ModelTagger, theirs: list[list[dict]], sentences: list[list[str]]) -> None:
    """Print in how many sentences the entities differ from the pipeline's, and from those in bf16."""
    found, different = ours.tag(sentences), 0
    furthest = 0.0
    for words, spans, groups in zip(sentences, found, theirs, strict=True):
        starts, ends, at = {}, {}, 0
        for number, word in enumerate(words):
            starts[at], ends[at + len(word)] = number, number + 1
            at += len(word) + 1
        expected = {(starts.get(g["start"]), ends.get(g["end"]), g["entity_group"]): g["score"] for g in groups}
        if expected.keys() != {span[:3] for span in spans}:
            different += 1
            print("differs:", {span[:3] for span in spans} ^ expected.keys(), len(words), "words")
        else:
            furthest = max([furthest, *(abs(expected[span[:3]] - span.score) for span in spans)])
    count = sum(map(len, found))
    print(f"{count} entities; sentences that differ from the pipeline's: {different}; scores apart by {furthest:.1e}")
    bf16 = half.tag(sentences)
    a, b = ({(i, *span[:3]) for i, spans in enumerate(side) for span in spans} for side in (found, bf16))
    print(f"F1 of the entities in bf16 against float32: {2 * len(a & b) / (len(a) + len(b)):.4f}", flush=True)


def budgets(ours: ModelTagger, sentences: list[list[str]], rounds: int) -> None:
    """Print speed and peak memory by token budget."""

    def tag_with(budget: int) -> None:
        with mock.patch.object(ours.batches, "budget", budget):
            ours.tag(sentences)

    rate = in_turn({str(budget): (len(sentences), partial(tag_with, budget)) for budget in BUDGETS}, rounds)
    print("sub-words a batch  sentences/s  peak memory above the loaded model, MiB")
    for budget in BUDGETS:
        # A process of its own, since memory that was used once is kept for later.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), quiet) as pool:
            peak = pool.submit(peak_memory, budget, sentences, torch.get_num_threads()).result()
        print(f"{budget:17,} {rate[str(budget)]:12.1f} {peak:12.0f}", flush=True)


def peak_memory(budget: int, sentences: list[list[str]], threads: int) -> float:
    """Return MiB of memory at the worst above what the process holds once the model has run."""
    torch.set_num_threads(threads)
    ours = ModelTagger(TAGGER, device="cpu")
    ours.tag(sentences[:1])
    ours.batches.budget = budget
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of loading
    held = resident("VmRSS")
    ours.tag(sentences)
    return resident("VmHWM") - held


def resident(kind: str) -> float:
    """Return MiB of memory that this process has now (``VmRSS``), or had at most (``VmHWM``)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(kind)) / 1024


def random_translator(count: int, rounds: int) -> None:
    """Compare the translators on a model with random weights that writes as much as human translators have."""
    rows = [row["translation"] for row in CorpusSplit("masakhane/mafand", "en-hau", "train").rows()]
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = nllb_tokenizer((text for row in rows for text in row.values()), ["eng_Latn", "hau_Latn"], 8000)
        chosen = list({row["en"]: row for row in rows}.values())[:: max(1, len(rows) // count)][:count]
        wanted = [len(tokenizer(row["hau"])["input_ids"]) for row in chosen]
        texts = [asking_for(length, row["en"]) for length, row in zip(wanted, chosen, strict=True)]
        write_lengthed_model(Path(folder), tokenizer)
        print(f"\nrandom weights, {SIZE}; {len(texts)} sentences of MAFAND, English to Hausa")
        rate = compare(folder, texts, rounds)
        lengths = [len(ids) for ids in tokenizer(texts)["input_ids"]]
    steps(lengths, wanted)
    duplicates()
    translator_goals(rate)


def trained_translator(rounds: int) -> None:
    """Compare the translators on the trained small model, which ends its translations by itself."""
    file = Path(__file__).parents[1] / "tests" / "translate" / "small_model.py"
    spec = importlib.util.spec_from_file_location(file.stem, file)
    small = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(small)
    lessons = [lesson for lesson in small.examples() if (lesson[0], lesson[2]) == ("eng_Latn", "hau_Latn")]
    texts = list(dict.fromkeys(text for _, text, *_ in lessons))
    folder = str(small.small_model_folder())
    print(f"\ntrained small model of the tests; {len(texts)} texts it was taught, English to Hausa")
    rate = compare(folder, random.Random(0).sample(texts, len(texts)), rounds)
    translator_goals(rate)


def translator_goals(rate: dict[str, float]) -> None:
    loops = max(rate[f"generate, batches of {size} in order"] for size in (8, 32))
    print("\ngoal                                             measured")
    goal("ours / generate one by one >= 5", rate["ours"] / rate["generate, one by one"], 5)
    for name in ("ours", "ours, bf16", "ours, CTranslate2 float32", "ours, CTranslate2 int8"):
        goal(f"{name} / best in order >= 2", rate[name] / loops, 2)


def compare(folder: str, texts: list[str], rounds: int) -> dict[str, float]:
    """Print and return texts a second of all translators, and print how many translations differ."""
    from ctranslate2.converters import TransformersConverter

    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    ours: dict[str, Seq2SeqTranslator | CTranslate2Translator] = {
        "ours": Seq2SeqTranslator(Seq2SeqConfig(folder, split_sentences=False), "eng", "hau", "cpu"),
        "ours, bf16": Seq2SeqTranslator(
            Seq2SeqConfig(folder, split_sentences=False, dtype="bfloat16"), "eng", "hau", "cpu"
        ),
    }
    with tempfile.TemporaryDirectory() as converted:
        TransformersConverter(folder).convert(f"{converted}/model")
        for kind in ("float32", "int8"):
            settings = CTranslate2Config(f"{converted}/model", folder, kind, split_sentences=False)
            ours[f"ours, CTranslate2 {kind}"] = CTranslate2Translator(settings, "eng", "hau", "cpu")
    said: dict[str, list[str]] = {}

    def task(name: str, part: list[str], translate: Callable[[list[str]], list[str]]) -> None:
        def run() -> None:
            said[name] = translate(part)

        tasks[name] = len(part), run

    tasks: dict[str, Task] = {}
    task("generate, one by one", texts[::ONE_BY_ONE_EVERY], lambda part: loop(model, tokenizer, part, 1))
    for size in (8, 32):
        task(f"generate, batches of {size} in order", texts, lambda part, n=size: loop(model, tokenizer, part, n))
    for size in (8, 32):
        task(f"generate, batches of {size} sorted", texts, lambda part, n=size: by_length(model, tokenizer, part, n))
    for name, translator in ours.items():
        task(name, texts, lambda part, own=translator: [found.text for found in own.translate(part)])
    rate = in_turn(tasks, rounds)
    expected = said["generate, batches of 8 in order"]
    alone = sum(a != b for a, b in zip(expected[::ONE_BY_ONE_EVERY], said["generate, one by one"], strict=True))
    print(f"best of {rounds}                           texts/s   ours / it   texts unlike those of batches of 8")
    for name in tasks:
        unlike = alone if "one by one" in name else sum(a != b for a, b in zip(expected, said[name], strict=True))
        print(f"{name:34} {rate[name]:7.2f} {rate['ours'] / rate[name]:11.2f} {unlike:10,} of {tasks[name][0]:,}")
    return rate


def loop(model, tokenizer, texts: Sequence[str], size: int) -> list[str]:
    """Translate batches in their order.

    It is what the pipeline `translation` of transformers 4 did, one by one unless told otherwise; 5 has none.
    """
    tokenizer.src_lang = "eng_Latn"
    first = tokenizer.convert_tokens_to_ids("hau_Latn")
    found = []
    for start in range(0, len(texts), size):
        features = tokenizer(texts[start : start + size], padding=True, return_tensors="pt")
        with torch.inference_mode():
            output = model.generate(**features, forced_bos_token_id=first)
        found += [text.strip() for text in tokenizer.batch_decode(output, skip_special_tokens=True)]
    return found


def by_length(model, tokenizer, texts: Sequence[str], size: int) -> list[str]:
    """Do `loop` with texts of like length beside each other, and nothing else."""
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    found = dict(zip(order, loop(model, tokenizer, [texts[i] for i in order], size), strict=True))
    return [found[i] for i in range(len(texts))]


def steps(lengths: list[int], wanted: list[int]) -> None:
    """Print how much is computed for sub-words that are not needed, by order and size of the batches."""
    plans: dict[str, list[list[int]]] = {}
    everything = range(len(lengths))
    ordered = sorted(everything, key=lambda i: -lengths[i])
    for size in (8, 32):
        for name, order in (("in order", everything), ("sorted", ordered)):
            plans[f"batches of {size} {name}"] = [list(order[a : a + size]) for a in range(0, len(lengths), size)]
    budget = TOKENS_PER_BATCH["cpu"]
    Batches(budget, "cpu").run(lengths, plans.setdefault(f"ours, {budget} sub-words", []).append)
    print("                            batches   read, padding   written, after the end")
    for name, batches in plans.items():
        read = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
        written = sum(len(batch) * max(wanted[i] for i in batch) for batch in batches)
        print(f"{name:27} {len(batches):7,} {1 - sum(lengths) / read:14.1%} {1 - sum(wanted) / written:16.1%}")


def duplicates() -> None:
    """Print how much of what is usually translated is said more than once, which we translate once."""
    print("texts said before                      sentences   of them   of the words")
    for corpus, config, column in (
        ("eriktks/conll2003", "conll2003", "tokens"),
        ("masakhane/mafand", "en-hau", "translation"),
    ):
        rows = (row[column] for row in CorpusSplit(corpus, config, "train").rows())
        texts = [row["en"].split() if isinstance(row, dict) else row for row in rows]
        distinct = set(map(tuple, texts))
        words = 1 - sum(map(len, distinct)) / sum(map(len, texts))
        share = 1 - len(distinct) / len(texts)
        print(f"{corpus + ', ' + config + ', train':38} {len(texts):9,} {share:9.1%} {words:14.1%}")


if __name__ == "__main__":
    main()
