"""Makes a backbone: text, vocabulary, embeddings, training, and its scores."""

from __future__ import annotations

import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xner_hf.backbone.config import BackboneConfig
from xner_hf.backbone.examples import Example, MaskedCollator, held_out_examples, training_examples
from xner_hf.backbone.text import BackboneText, read_text
from xner_hf.backbone.vocabulary import learn_tokenizer, new_embeddings
from xner_hf.errors import XnerError
from xner_hf.inference.checkpoint import inner_encoder, load_checkpoint, longest_input
from xner_hf.pipeline.store import digest, write_text
from xner_hf.training.checkpoints import CHECKPOINTS, RUN, check_unfinished, start_run
from xner_hf.training.processes import number_of_processes
from xner_hf.training.provenance import training_inputs, without_paths
from xner_hf.training.student import check_folder

FACTS = "backbone.json"


@dataclass(frozen=True)
class _Prepared:
    """Everything except the weights of the new model."""

    body: Any
    before: Any
    text: BackboneText
    tokenizer: Any
    train: list[Example]
    held_out: list[Example]

    def facts(self, config: BackboneConfig) -> dict[str, Any]:
        """Return its inputs, as in the result of `make_backbone`."""
        languages = defaultdict(lambda: {"pairs": 0, "words": 0})
        for code, pairs in self.text.train.items():
            languages[code]["pairs"] = len(pairs)
            languages[code]["words"] = sum(len(pair.target) for pair in pairs)
            languages[code]["subwords_per_word"] = {
                name: _fertility(tokenizer, [pair.target for pair in self.text.held_out[code]])
                for name, tokenizer in (("before", self.before), ("after", self.tokenizer))
            }
        return {
            "settings": without_paths(config.to_dict()),
            "text": {
                "rows": self.text.rows,
                "rejected": self.text.rejected,
                "evaluation_overlap": self.text.leakage,
                "held_out": {code: len(pairs) for code, pairs in self.text.held_out.items()},
            },
            "languages": dict(languages),
            "vocabulary": len(self.tokenizer),
            "examples": len(self.train),
            "subwords": int(sum(map(len, self.train)) * config.epochs),
        }


def _fertility(tokenizer: Any, sentences: Sequence[Sequence[str]]) -> float:
    found = tokenizer([list(one) for one in sentences], is_split_into_words=True, add_special_tokens=False)
    return round(sum(map(len, found["input_ids"])) / sum(map(len, sentences)), 3)


def estimate(config: BackboneConfig, tokens_per_second: float | None = None) -> dict[str, Any]:
    """Return the inputs and the cost of a backbone; nothing is trained or written.

    Args:
        config: settings.
        tokens_per_second: training speed of the machine in sub-words per second.

    Returns:
        ``text``: rows, what was left out and why; ``languages``: pairs, words and sub-words a word with the old and
        the new vocabulary; ``examples`` of an epoch, ``subwords`` of all epochs, and ``hours``, None without a speed.

    Raises:
        XnerError: the body or some text is not available, or does not fit.
    """
    facts = _prepare(config).facts(config)
    hours = facts["subwords"] / tokens_per_second / 3600 if tokens_per_second else None
    return {**facts, "hours": None if hours is None else round(hours, 2)}


def make_backbone(config: BackboneConfig, folder: Path, resume: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Make a backbone and save it to `folder`, for `from_pretrained` and ``--backbone``.

    The layers of the body stay; the vocabulary is trained again, cased, with what the old embeddings know
    (`new_embeddings`); then everything learns by masked and translation language modelling.

    Args:
        config: settings.
        folder: output folder of the model, its tokenizer and ``backbone.json``.
        resume: go on from the last whole checkpoint in `folder`.
        quiet: show no progress.

    Returns:
        The content of ``backbone.json``: what `estimate` returns without the hours, and ``inputs`` (with licences),
        ``run`` (time and hardware), ``subwords_per_second``, and the ``log``: losses, and by language what is guessed
        right of the held-out pairs, before and after every epoch.

    Raises:
        XnerError: as `estimate`; a folder that cannot be written, a run to resume that is not there or differs, more
            than one process, or weights that are not finite in the end.
    """
    if number_of_processes() > 1:
        raise XnerError("a backbone is trained by one process. Start it without torchrun or accelerate launch.")
    check_folder(folder)
    if resume:
        check_unfinished(folder)
    prepared = _prepare(config)
    checkpoint = start_run(folder, {**config.to_dict(), "text": _text_digest(prepared.train)}, resume)
    facts = prepared.facts(config)
    model = _new_model(prepared, config)
    facts |= _train(model, prepared, config, folder, checkpoint, quiet)
    facts["inputs"] = training_inputs(config.body, {"text": sorted(prepared.text.rows)})["inputs"]
    model.config._name_or_path = folder.resolve().name
    model.save_pretrained(folder)
    prepared.tokenizer.save_pretrained(folder)
    write_text(folder / FACTS, json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    (folder / RUN).unlink(missing_ok=True)
    return facts


def _text_digest(examples: Sequence[Example]) -> str:
    return digest([one.input_ids for one in examples])


def _prepare(config: BackboneConfig) -> _Prepared:
    from transformers import AutoModel

    loaded, before = load_checkpoint(AutoModel, config.body)
    body = inner_encoder(loaded)
    if body.config.model_type != "bert":
        raise XnerError(
            f"the body {config.body} is of type {body.config.model_type!r}; a new vocabulary can be given to 'bert' "
            "alone, such as sentence-transformers/all-MiniLM-L6-v2."
        )
    longest = longest_input(body, before)
    if config.max_length > longest:
        raise XnerError(f"max_length is {config.max_length}, but {config.body} takes {longest} sub-words at most.")
    text = read_text(config)
    tokenizer = learn_tokenizer(text, config.vocabulary, config.words_a_language, longest)
    train = training_examples(text, tokenizer, config.max_length)
    held_out = held_out_examples(text, tokenizer, config.max_length, config.masked, config.seed)
    return _Prepared(body, before, text, tokenizer, train, held_out)


def _new_model(prepared: _Prepared, config: BackboneConfig) -> Any:
    """Return the body with a new vocabulary and a new head over it."""
    from copy import deepcopy

    import torch
    from transformers import BertForMaskedLM, set_seed

    set_seed(config.seed)
    settings = deepcopy(prepared.body.config)
    tokenizer = prepared.tokenizer
    settings.vocab_size, settings.pad_token_id = len(tokenizer), tokenizer.pad_token_id
    settings.tie_word_embeddings = True
    model = BertForMaskedLM(settings)
    kept = {name: one for name, one in prepared.body.state_dict().items() if not name.startswith("pooler.")}
    table = "embeddings.word_embeddings.weight"
    kept[table] = new_embeddings(kept[table], prepared.before, tokenizer, config.seed)
    with torch.no_grad():
        model.bert.load_state_dict(kept)  # covers every weight, or raises
    model.tie_weights()
    return model


def _train(
    model: Any, prepared: _Prepared, config: BackboneConfig, folder: Path, checkpoint: str | None, quiet: bool
) -> dict[str, Any]:
    import torch
    from transformers import PrinterCallback, TrainingArguments

    from xner_hf.backbone.training import BackboneTrainer, Scores, score_guesses
    from xner_hf.training.record import TrainingRecord
    from xner_hf.training.trainer import WholeCheckpoints

    args = TrainingArguments(
        output_dir=str(folder / CHECKPOINTS),
        num_train_epochs=config.epochs,
        learning_rate=config.learning_rate,
        per_device_train_batch_size=config.batch_size,
        warmup_steps=config.warmup_share,
        weight_decay=config.weight_decay,
        bf16=config.bf16,
        save_strategy="epoch",
        save_total_limit=2,  # if the last one is incomplete, the one before is used
        logging_strategy="epoch",
        remove_unused_columns=False,
        seed=config.seed,
        use_cpu=not torch.cuda.is_available(),
        disable_tqdm=quiet or not sys.stderr.isatty(),
    )
    if args.n_gpu > 1:
        args._n_gpu = 1  # one process, one GPU: Trainer would wrap the model in DataParallel
    record, collate = TrainingRecord(), MaskedCollator(prepared.tokenizer, config.masked)
    trainer = BackboneTrainer(model, args, data_collator=collate, train_dataset=prepared.train)
    for callback in (record, Scores(trainer, prepared.held_out, collate), WholeCheckpoints(trainer)):
        trainer.add_callback(callback)
    if quiet:
        trainer.remove_callback(PrinterCallback)
    start = {"step": 0, "epoch": 0.0, "held_out": score_guesses(model, prepared.held_out, collate)}
    trainer.train(resume_from_checkpoint=checkpoint)
    if broken := [name for name, one in model.named_parameters() if not torch.isfinite(one).all()]:
        raise XnerError(
            f"training ended with weights that are not finite ({broken[0]}), so there is no backbone. Use a lower "
            "learning_rate, or bf16: false."
        )
    model.to("cpu")
    run = record.facts()
    seen = sum(map(len, prepared.train)) * config.epochs
    kept = [one for one in trainer.state.log_history if "loss" in one or "held_out" in one]
    return {"run": run, "subwords_per_second": round(seen / run["seconds"]), "log": [start, *kept]}
