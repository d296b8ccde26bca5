"""Trains a student on its corpora and writes a folder for ``from_pretrained``."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from xner_hf.corpora.parallel import splitting_rule
from xner_hf.corpora.trees import relation_labels
from xner_hf.corpora.words import word_patterns
from xner_hf.errors import XnerError
from xner_hf.inference.checkpoint import check_encoder, load_checkpoint, longest_input
from xner_hf.metrics import span_f1
from xner_hf.pipeline.store import digest, write_text
from xner_hf.spans import NER_LABELS
from xner_hf.training.checkpoints import CHECKPOINTS, RUN, start_run
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import IGNORED, Corpus
from xner_hf.training.processes import number_of_processes
from xner_hf.training.provenance import training_inputs, without_paths
from xner_hf.training.soft_labels import SoftSource


def check_folder(folder: Path) -> None:
    """Create the folder of a model and check that it is writable; called before any long work.

    Raises:
        XnerError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise XnerError(
            f"the output folder {folder} cannot be written: {error}. Give another with --output."
        ) from error


def new_student(
    config: TrainingConfig, relations: Sequence[str] = (), backbone_config: Any = None, tokenizer: Any = None
) -> tuple[Any, Any]:
    """Return a student with new heads and its tokenizer.

    Args:
        config: gives the backbone and the seed of the heads.
        relations: dependency relations of its parser; empty for a student without parser.
        backbone_config: configuration of an encoder with random weights, instead of the pretrained one.
        tokenizer: tokenizer for `backbone_config`.

    Raises:
        XnerError: the backbone is not available, or cannot be used.
    """
    from transformers import AutoModel, set_seed

    from xner_hf.models import XnerConfig, XnerForTokenClassificationAndParsing

    labels = dict(enumerate(NER_LABELS))
    settings = {
        "tasks": ["ner", "parsing"] if relations else ["ner"],
        "relation_labels": list(relations),
        "id2label": labels,
        "label2id": {name: number for number, name in labels.items()},
    }
    set_seed(config.seed)
    if backbone_config is not None:
        return XnerForTokenClassificationAndParsing(XnerConfig(backbone_config, **settings)), tokenizer
    check_encoder(config.backbone)
    encoder, tokenizer = load_checkpoint(AutoModel, config.backbone)
    return XnerForTokenClassificationAndParsing.from_backbone(encoder, settings), tokenizer


def train_student(
    corpora: Sequence[Corpus],
    folder: Path,
    config: TrainingConfig,
    validation: Corpus | None = None,
    sources: Mapping[int, SoftSource] | None = None,
    provenance: Mapping[str, Any] | None = None,
    resume: bool = False,
    quiet: bool = False,
    student: tuple[Any, Any] | None = None,
    relations: Sequence[str] | None = None,
    language: str | None = None,
) -> dict[str, Any]:
    """Train a student and save it to `folder`; under ``torchrun`` or ``accelerate launch``, on all processes.

    Args:
        corpora: training corpora; an epoch is one pass over the first.
        folder: output folder of the model, its tokenizer and ``training.json``.
        config: settings.
        validation: labelled sentences that are scored after every epoch, never target gold.
        sources: soft labels of the corpora that are `soft`, by number.
        provenance: what the corpora are (``corpora``, ``text``, ``trees`` and ``builds``, see `training_inputs`) and
            anything else to record in ``training.json``.
        resume: resume from the last complete checkpoint in `folder`.
        quiet: show no progress.
        student: an untrained model and its tokenizer, instead of `new_student`.
        relations: relations of a parsing teacher, in its order; those of the corpora follow.
        language: ISO 639-3 code of the target language, which decides how the student splits raw text into words.

    Returns:
        The content of ``training.json``.

    Raises:
        XnerError: no training data, an unknown backbone, a folder that cannot be written, a run to resume that is
            missing or had other settings, or final weights that are not finite.
    """
    import torch
    from transformers import EarlyStoppingCallback, PrinterCallback, TrainingArguments

    from xner_hf.training.record import TrainingRecord
    from xner_hf.training.teacher_student import TeacherStudentCallback
    from xner_hf.training.trainer import XnerTrainer, check_corpora

    check_folder(folder)
    if config.patience and validation is None:
        raise XnerError("patience needs validation sentences, which this corpus does not have. Leave patience out.")
    trees = [sentence for one in corpora for sentence in one.sentences if sentence.heads is not None]
    names = relation_labels(trees) if trees else []
    names = [*(relations or ()), *(name for name in names if name not in (relations or ()))]
    model, tokenizer = student or new_student(config, names)
    model.config.word_patterns = word_patterns(splitting_rule(language))
    limit = min(config.max_length, longest_input(model, tokenizer))
    numbers = {name: number for number, name in enumerate(model.config.relation_labels)} if names else {}
    for one in [*corpora, *([validation] if validation else [])]:
        one.encode(tokenizer, limit, numbers)
    if config.ema_decay is not None and not sources:
        raise XnerError(
            "ema_decay is given, but no text is labelled by a teacher. Leave it out, or give an arm with distill."
        )
    teaching = TeacherStudentCallback(sources, config.ema_decay, config.refresh) if sources else None
    check_corpora(corpora, model, teaching)
    if validation is not None and not validation.examples:
        raise XnerError(f"{validation.name} has no sentence to validate on.")
    made_from = training_inputs(config.backbone, provenance or {}, sources)
    checkpoint = start_run(folder, _record(corpora, config, sources or {}), resume)
    args = TrainingArguments(
        output_dir=str(folder / CHECKPOINTS),
        num_train_epochs=config.epochs,
        learning_rate=config.learning_rate,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=2 * config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation,
        warmup_steps=config.warmup_share,
        weight_decay=config.weight_decay,
        bf16=config.bf16,
        activation_checkpointing=config.activation_checkpointing,
        eval_strategy="epoch" if validation else "no",
        save_strategy="epoch" if config.checkpoints or config.patience else "no",
        save_total_limit=2,  # if the last one is incomplete, the one before is used
        load_best_model_at_end=bool(config.patience),
        restore_callback_states_from_checkpoint=bool(config.patience),  # epochs without improvement
        metric_for_best_model="f1" if config.patience else None,
        logging_strategy="epoch",
        seed=config.seed,
        use_cpu=not torch.cuda.is_available(),
        disable_tqdm=quiet or not sys.stderr.isatty(),
    )
    if args.n_gpu > 1:
        args._n_gpu = 1  # one process, one GPU: Trainer would wrap the model in DataParallel, with larger batches
    record = TrainingRecord()
    trainer = XnerTrainer(
        model,
        args,
        corpora,
        config.loss,
        {"strategy": config.sampling, "temperature": config.sampling_temperature},
        teaching,
        validation,
        processing_class=tokenizer,
        compute_metrics=_score(model.config.relation_labels if names else []),
        callbacks=[record, *([EarlyStoppingCallback(config.patience)] if config.patience else [])],
    )
    if quiet:
        trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=checkpoint)
    log = [entry for entry in trainer.state.log_history if "loss" in entry or "eval_runtime" in entry]
    facts = {
        "settings": without_paths(config.to_dict()),
        "data": without_paths({name: one for name, one in (provenance or {}).items() if name != "builds"}),
        **made_from,
        "sentences": {"train": {one.name: len(one.sentences) for one in corpora}},
        "steps": {one.name: steps for one, steps in zip(corpora, trainer.sampler.steps, strict=True)},
        "processes": args.world_size,
        "run": record.facts(),
        "validation": _kept_epoch(log, trainer.state.best_global_step if config.patience else None),
        "log": log,
    }
    facts["sentences"]["validation"] = len(validation.sentences) if validation else 0
    if teaching is not None:
        facts["left_out_by_confidence"] = {corpora[number].name: left for number, left in teaching.left_out.items()}
    # From all processes, since each may hold only part of the weights (FSDP).
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped)
    if trainer.is_world_process_zero():
        # The loss of the last step does not show the weights after that step.
        broken = [name for name, one in weights.items() if not torch.isfinite(one).all()]
        if broken:
            raise XnerError(
                f"training ended with weights that are not finite ({broken[0]}), so there is no student. Use a lower "
                "learning rate, or fp32 or bf16 instead of fp16."
            )
        _save(trainer.model, weights, tokenizer, folder, facts)
    trainer.accelerator.wait_for_everyone()
    return facts


def _kept_epoch(log: Sequence[Mapping[str, Any]], best: int | None) -> Mapping[str, Any] | None:
    """Return the scores of the epoch whose weights are kept: the last one, or that of the step `best`."""
    scored = [entry for entry in log if "eval_runtime" in entry and best in (None, entry["step"])]
    return scored[-1] if scored else None


def _save(model: Any, weights: dict[str, Any], tokenizer: Any, folder: Path, facts: Mapping[str, Any]) -> None:
    # Not Trainer.save_model, which also writes a pickle of its arguments.
    weights.pop("task_log_variances", None)
    # The given name, not its folder in a mirror on this machine.
    model.config.backbone_config._name_or_path = facts["settings"]["backbone"]
    model.save_pretrained(folder, state_dict=weights)
    # Users must not exceed the limit of the encoder, nor be cut to the length used in training.
    tokenizer.model_max_length = longest_input(model, tokenizer)
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.save_pretrained(folder)
    write_text(folder / "training.json", json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    for stale in (RUN, "scores.json"):  # the scores belong to earlier weights
        (folder / stale).unlink(missing_ok=True)


def _record(corpora: Sequence[Corpus], config: TrainingConfig, sources: Mapping[int, SoftSource]) -> dict[str, Any]:
    """Return everything that identifies a run, so that no other run is resumed as this one."""
    corpus = {
        one.name: digest(
            [[s.tokens, s.spans, s.heads, s.relations] for s in one.sentences],
            [one.soft, one.share, one.confidence, one.min_confidence],
        )
        for one in corpora
    }
    teachers = {
        corpora[number].name: digest(
            [one.signature() for one in (source.teacher, source.parser) if one is not None],
            [source.links, source.confidence],
        )
        for number, source in sources.items()
    }
    return {**config.to_dict(), "corpora": corpus, "teachers": teachers, "processes": number_of_processes()}


def _score(relations: Sequence[str]) -> Any:
    def score(prediction: Any) -> dict[str, float]:
        found = list(zip(_arrays(prediction.predictions), _arrays(prediction.label_ids), strict=True))
        scores: dict[str, float] = {}
        if len(found) in (1, 3):
            gold, predicted = [], []
            for best, labels in zip(*found.pop(0), strict=True):
                words = labels != IGNORED
                gold.append([NER_LABELS[i] for i in labels[words]])
                predicted.append([NER_LABELS[i] for i in best[words]])
            spans = span_f1(gold, predicted)
            scores |= {name: spans[name] for name in ("precision", "recall", "f1", "predicted", "gold")}
        if found:
            (heads, gold_heads), (rels, gold_rels) = found
            words = gold_heads != IGNORED
            right = heads[words] == gold_heads[words]
            scores["uas"] = float(right.mean())
            scores["las"] = float((right & (rels[words] == gold_rels[words])).mean())
        return scores

    return score


def _arrays(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)
