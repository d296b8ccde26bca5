"""Configuration of a student: its encoder, its tasks and the size of its heads.

This file, `modeling_xner`, `pipeline_xner` and `words_xner` are copied beside the weights, so that a checkpoint loads
where xner-hf is not installed. Loading it makes ``pipeline("token-classification")`` take a student's words from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from transformers import AutoConfig, PreTrainedConfig

from .pipeline_xner import register

TASKS = ("ner", "parsing")


class XnerConfig(PreTrainedConfig):
    """Settings of `XnerForTokenClassificationAndParsing`.

    Args:
        backbone_config: configuration of the encoder, or of a seq2seq model whose encoder is used; BERT's by default.
        tasks: which heads there are, some of "ner" and "parsing".
        relation_labels: dependency relations, in the order of the parser's outputs; needed with "parsing".
        arc_size: size of the arc representations (Dozat & Manning 2017 take 500).
        relation_size: size of the relation representations (Dozat & Manning 2017 take 100).
        head_dropout: dropout before the token classifier.
        parser_dropout: dropout of the arc and relation representations.
        task_weights: weight of every task's loss, 1.0 where a task is not named.
        word_patterns: regular expressions by which raw text is split into words, as in training: that of a word, and,
            where words fall into two parts, one with two groups. By default those of text with spaces.
        kwargs: those of `PreTrainedConfig`; `id2label` or `num_labels` give the entity labels.

    Raises:
        ValueError: an unknown task or none at all, a weight for an unknown task, or relation labels that a parser
            cannot have: none, or one of them twice.
    """

    model_type = "xner"
    sub_configs = {"backbone_config": AutoConfig}
    default_word_patterns: Sequence[str] = ()  # set by the package; a checkpoint has its own

    def __init__(
        self,
        backbone_config: PreTrainedConfig | dict[str, Any] | None = None,
        tasks: Sequence[str] = TASKS,
        relation_labels: Sequence[str] = ("root", "dep"),
        arc_size: int = 256,
        relation_size: int = 64,
        head_dropout: float = 0.1,
        parser_dropout: float = 0.33,
        task_weights: dict[str, float] | None = None,
        word_patterns: Sequence[str] | None = None,
        **kwargs: Any,
    ):
        if backbone_config is None:
            backbone_config = {"model_type": "bert"}
        if isinstance(backbone_config, dict):
            settings = dict(backbone_config)
            backbone_config = AutoConfig.for_model(settings.pop("model_type"), **settings)
        # Of a copy, since it is about to be set throughout: an encoder at work must not lose its implementation.
        self.backbone_config = deepcopy(backbone_config)
        kwargs.setdefault("attn_implementation", backbone_config._attn_implementation)
        self.tasks = list(tasks)
        self.relation_labels = list(relation_labels)
        self.arc_size = arc_size
        self.relation_size = relation_size
        self.head_dropout = head_dropout
        self.parser_dropout = parser_dropout
        self.task_weights = dict.fromkeys(TASKS, 1.0) | dict(task_weights or {})
        self.word_patterns = list(self.default_word_patterns if word_patterns is None else word_patterns)
        if not self.tasks or not set(self.tasks) <= set(TASKS) or not set(self.task_weights) <= set(TASKS):
            raise ValueError(f"tasks are some of {TASKS}, and only they have weights; given: {tasks}, {task_weights}.")
        if "parsing" in self.tasks and not 0 < len(self.relation_labels) == len(set(self.relation_labels)):
            raise ValueError(f"a parser needs relation_labels that are all different; given: {self.relation_labels}.")
        super().__init__(**kwargs)
        # register_for_auto_class keeps one class only; a checkpoint is found through all of these.
        self.auto_map = {
            "AutoConfig": "configuration_xner.XnerConfig",
            "AutoModel": "modeling_xner.XnerForTokenClassificationAndParsing",
            "AutoModelForTokenClassification": "modeling_xner.XnerForTokenClassificationAndParsing",
        }

    @property
    def keys_to_ignore_at_inference(self) -> list[str]:
        """What `Trainer` leaves out of predictions: of an entity tagger all but its logits, as of other taggers."""
        parses = ["arc_logits", "rel_logits"] if "ner" in self.tasks else []
        return [*parses, "ner_loss", "arc_loss", "rel_loss"]

    @property
    def hidden_size(self) -> int:
        """Size of the encoder's hidden states."""
        return self.backbone_config.hidden_size

    @property
    def max_position_embeddings(self) -> int:
        """Longest input of the encoder; missing, as in the encoder's own configuration, where it has no such bound."""
        return self.backbone_config.max_position_embeddings

    @property
    def vocab_size(self) -> int:
        """Sub-words that the encoder knows; `resize_token_embeddings` sets it."""
        return self.backbone_config.vocab_size

    @vocab_size.setter
    def vocab_size(self, value: int) -> None:
        self.backbone_config.vocab_size = value


XnerConfig.register_for_auto_class()
register()
