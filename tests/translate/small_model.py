"""A translator that knows the bundled Hausa sample by heart, in both directions, with and without markers.

It is of NLLB's kind: M2M-100 architecture, language codes, a BPE vocabulary. Since it is trained in a minute or two,
tests can look at what translation does to real sentences without a network; it is kept in ``~/.cache/xner-hf-tests``,
or in the folder that the environment variable XNER_TEST_CACHE names. Run as a script this reports what it knows::

    python tests/translate/small_model.py OUTPUT_FOLDER
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from filelock import FileLock

from xner_hf.corpora.detokenise import detokenise
from xner_hf.corpora.parallel import sample_path
from xner_hf.project.markers import FORMS, insert
from xner_hf.spans import Span

CODES = {"eng": "eng_Latn", "hau": "hau_Latn"}
RULES = {"eng": "english", "hau": "spaces"}
DIRECTIONS = (("eng", "hau"), ("hau", "eng"))

_SIZE = 160
_VOCABULARY = 2400  # most words are one sub-word: repeated ones (Lit-in-in) are hard to learn
_EPOCHS = 12
_TOKENS_PER_BATCH = 700
_RATE = 2.5e-3
_COPIES = 4  # pieces of a sentence that are to be copied, so that the probability of a text given itself is high
_ENOUGH = 0.97  # of the plain sentences in both directions


def sentences() -> list[dict]:
    """Return the sample: words and entities by language, the pairs of entities, and the raw texts."""
    rows = []
    for line in sample_path("hau").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        words = {"eng": row["source_tokens"], "hau": row["target_tokens"]}
        spans = {
            "eng": [Span(e["start"], e["end"], e["label"]) for e in row["source_entities"]],
            "hau": list(dict.fromkeys(Span(e["start"], e["end"], e["label"]) for e in row["target_entities"])),
        }
        pairs = {}  # one to one: a name said twice in one language may be said once in the other
        for entity in row["target_entities"]:
            number = spans["hau"].index(Span(entity["start"], entity["end"], entity["label"]))
            if entity["source"] is not None and number not in pairs.values():
                pairs.setdefault(entity["source"], number)
        pairs = sorted(pairs.items())
        text = {code: detokenise(words[code], RULES[code]) for code in words}
        rows.append({"words": words, "spans": spans, "pairs": pairs, "text": text})
    return rows


def entity_text(row: dict, code: str, number: int) -> str:
    """Return an entity of a sentence as raw text."""
    span = row["spans"][code][number]
    return detokenise(row["words"][code][span.start : span.end], RULES[code])


def examples() -> list[tuple[str, str, str, str]]:
    """Return what the model learns: code and text of the source, code and text of the target."""
    found = {}
    choice = random.Random(0)
    for row in sentences():
        for source, target in DIRECTIONS:
            words = row["words"][source]
            for _ in range(_COPIES):
                start = choice.randrange(len(words))
                text = detokenise(words[start : start + choice.randint(1, 5)], RULES[source])
                found[source, text, source] = text
            found[source, row["text"][source], target] = row["text"][target]
            pairs = row["pairs"] if source == "eng" else sorted((b, a) for a, b in row["pairs"])
            for form in FORMS:
                if pairs:
                    marked = insert(row["words"][source], row["spans"][source], RULES[source], form)
                    found[source, marked, target] = _marked_target(row, target, pairs, form)
            for one, other in pairs:
                name = entity_text(row, source, one)
                found.setdefault((source, name, target), entity_text(row, target, other))
                found[source, name, source] = name
    return [(CODES[a], text, CODES[b], translation) for (a, text, b), translation in found.items()]


def _marked_target(row: dict, target: str, pairs: list[tuple[int, int]], form: str) -> str:
    """Return the target text in which the translated entities are marked with the tags of their sources."""
    spans = row["spans"][target]
    text = insert(row["words"][target], [spans[other] for _, other in pairs], RULES[target], form)
    letters = "abcdefghijklmnopqrstuvwxyz"
    # insert() numbered them without the gaps that untranslated entities leave.
    for position in reversed(range(len(pairs))):
        for slash in ("", "/"):
            text = text.replace(f"<{slash}{letters[position]}>", f"<{slash}{letters[pairs[position][0]]}>")
    return text


def small_model_folder() -> Path:
    """Return the folder of the model; it is trained if no earlier run has left it there.

    Of processes that ask at once one trains and the others wait.
    """
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update(json.dumps(examples()).encode())
    cache = Path(os.environ.get("XNER_TEST_CACHE") or Path.home() / ".cache" / "xner-hf-tests")
    folder = cache / f"small-translator-{digest.hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.is_dir():
            aside = Path(tempfile.mkdtemp(prefix="training-", dir=cache))
            try:
                train(aside)
                aside.rename(folder)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
    return folder


def train(folder: Path, say=lambda line: None) -> None:
    """Train the model and write it to a folder.

    Raises:
        RuntimeError: it has not learnt the sample.
    """
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        _train(folder, say)


def _train(folder: Path, say) -> None:
    import torch

    lessons = examples()
    tokenizer = _tokenizer(sorted({text for _, one, _, other in lessons for text in (one, other)}))
    model = _model(len(tokenizer))
    batches = _batches(tokenizer, lessons)
    steps = _EPOCHS * len(batches)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, _RATE, total_steps=steps, pct_start=0.1, anneal_strategy="cos", cycle_momentum=False
    )
    order = random.Random(0)
    begin = time.perf_counter()
    for epoch in range(1, _EPOCHS + 1):
        model.train()
        order.shuffle(batches)
        total = 0.0
        for inputs, seen, labels in batches:
            loss = model(input_ids=inputs, attention_mask=seen, labels=labels, use_cache=False).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        say(f"epoch {epoch}: loss {total / len(batches):.4f}, {time.perf_counter() - begin:.0f} s")
    model.eval()
    known = [reproduced(model, tokenizer, source, target) for source, target in DIRECTIONS]
    if min(known) < _ENOUGH:
        raise RuntimeError(f"the small translator reproduces only {known} of the sample")
    model.generation_config.update(max_length=200, num_beams=1)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer(texts: list[str]):
    """Return a tokenizer of NLLB's kind in which markers are sub-words of their own."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
    from transformers import NllbTokenizer

    learner = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    words = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    markers = pre_tokenizers.Split(Regex(r"</?[a-z]+>|[\[\]]"), "isolated")
    learner.pre_tokenizer = pre_tokenizers.Sequence([words, markers])
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=_VOCABULARY, special_tokens=special, show_progress=False)
    learner.train_from_iterator(texts, trainer)
    learnt = json.loads(learner.to_str())["model"]
    return NllbTokenizer(
        vocab=learnt["vocab"],
        merges=[tuple(merge) for merge in learnt["merges"]],
        extra_special_tokens=list(CODES.values()),
        src_lang=CODES["eng"],
        tgt_lang=CODES["hau"],
        model_max_length=256,
    )


def _model(vocabulary: int):
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    config = M2M100Config(
        vocab_size=vocabulary,
        d_model=_SIZE,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=4 * _SIZE,
        decoder_ffn_dim=4 * _SIZE,
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
        dropout=0.0,
        attention_dropout=0.0,
        max_position_embeddings=256,
        init_std=_SIZE**-0.5,  # embeddings as large as the positions that are added to them
    )
    return M2M100ForConditionalGeneration(config)


def _batches(tokenizer, lessons) -> list[tuple]:
    """Return padded batches of sentences of about the same length: inputs, attention mask, labels."""
    encoded = []
    for source, text, target, translation in lessons:
        tokenizer.src_lang, tokenizer.tgt_lang = source, target
        row = tokenizer(text, text_target=translation)
        encoded.append((row["input_ids"], row["labels"]))
    encoded.sort(key=lambda row: (len(row[0]), len(row[1])))
    batches, rows = [], []
    for row in encoded:
        longest = max(len(side) for pair in (*rows, row) for side in pair)
        if rows and 2 * longest * (len(rows) + 1) > _TOKENS_PER_BATCH:
            batches.append(rows)
            rows = []
        rows.append(row)
    batches.append(rows)
    tensors = []
    for rows in batches:
        inputs, labels = _padded([row[0] for row in rows], 1), _padded([row[1] for row in rows], -100)
        tensors.append((inputs, (inputs != 1).long(), labels))
    return tensors


def _padded(rows, filler: int):
    import torch

    width = max(map(len, rows))
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows])


def translate(model, tokenizer, texts: list[str], source: str, target: str) -> list[str]:
    """Translate greedily; the languages are keys of `CODES`."""
    import torch

    tokenizer.src_lang = CODES[source]
    found = {}
    by_length = sorted(texts, key=len)
    for start in range(0, len(texts), 64):
        part = by_length[start : start + 64]
        with torch.inference_mode():
            output = model.generate(
                **tokenizer(part, padding=True, return_tensors="pt"),
                forced_bos_token_id=tokenizer.convert_tokens_to_ids(CODES[target]),
                max_length=200,
                num_beams=1,
            )
        found.update(zip(part, tokenizer.batch_decode(output, skip_special_tokens=True), strict=True))
    return [found[text] for text in texts]


def reproduced(model, tokenizer, source: str, target: str) -> float:
    """Return the share of plain sentences that are translated as in the sample."""
    texts = [row["text"] for row in sentences()]
    found = translate(model, tokenizer, [text[source] for text in texts], source, target)
    return sum(text[target] == translation for text, translation in zip(texts, found, strict=True)) / len(texts)


def _report(folder: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    print(f"{len(tokenizer)} sub-words, {sum(p.numel() for p in model.parameters())} parameters")
    lessons = examples()
    for kind, chosen in (
        ("all", lambda text: True),
        ("brackets", lambda text: "[" in text),
        ("xml", lambda text: "<" in text),
        ("plain", lambda text: not set("[<") & set(text)),
    ):
        for source in CODES:
            for target in CODES:
                part = [x for x in lessons if (x[0], x[2]) == (CODES[source], CODES[target]) and chosen(x[1])]
                if part:
                    found = translate(model, tokenizer, [x[1] for x in part], source, target)
                    right = sum(x[3] == y for x, y in zip(part, found, strict=True))
                    print(f"{kind} {source}-{target}: {right} of {len(part)}")
    for source, target in DIRECTIONS:
        print(f"sentences {source}-{target}: {reproduced(model, tokenizer, source, target):.3f}")


if __name__ == "__main__":
    begin = time.perf_counter()
    train(Path(sys.argv[1]), print)
    print(f"trained in {time.perf_counter() - begin:.0f} s")
    _report(Path(sys.argv[1]))
