"""A shared encoder with a token-classification head and a biaffine dependency parser (Dozat & Manning 2017)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from transformers import AutoModel, PreTrainedModel
from transformers import initialization as init
from transformers.utils import ModelOutput

from .configuration_xner import XnerConfig

LONGEST = 4096
"""Sub-words that an encoder without a bound takes at once."""

IGNORED = -100
"""Label of positions without loss."""


@dataclass
class XnerOutput(ModelOutput):
    """What the model returns; what was not asked for is None.

    Attributes:
        loss: weighted sum of the tasks' losses.
        logits: entity labels, ``[batch, sub-words, labels]``.
        arc_logits: heads, ``[batch, words, words + 1]``; the first head is the root, head `h` the h-th word.
        rel_logits: relations for every head, ``[batch, words, words + 1, relations]``.
        ner_loss: cross-entropy of the entity labels.
        arc_loss: cross-entropy of the heads.
        rel_loss: cross-entropy of the relations to the gold heads.
        hidden_states: of the encoder, where asked for.
        attentions: of the encoder, where asked for.
    """

    loss: torch.FloatTensor | None = None
    logits: torch.FloatTensor | None = None
    arc_logits: torch.FloatTensor | None = None
    rel_logits: torch.FloatTensor | None = None
    ner_loss: torch.FloatTensor | None = None
    arc_loss: torch.FloatTensor | None = None
    rel_loss: torch.FloatTensor | None = None
    hidden_states: tuple[torch.FloatTensor, ...] | None = None
    attentions: tuple[torch.FloatTensor, ...] | None = None


class Biaffine(nn.Module):
    """Scores of all pairs of a dependent and a head, bias of both included: ``[d; 1] U [h; 1]``.

    Args:
        size: size of the representations.
        outputs: scores a pair.
    """

    def __init__(self, size: int, outputs: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, size + 1, size + 1))

    def forward(self, dependents: torch.Tensor, heads: torch.Tensor) -> torch.Tensor:
        """Return ``[batch, words, heads, outputs]`` for ``[batch, words, size]`` and ``[batch, heads, size]``."""
        dependents, heads = F.pad(dependents, (0, 1), value=1.0), F.pad(heads, (0, 1), value=1.0)
        return torch.einsum("bwi,oij,bhj->bwho", dependents, self.weight, heads)


class BiaffineParser(nn.Module):
    """Arcs and relations between words (Dozat & Manning 2017, equations 5 to 9), with a learned state for the root."""

    def __init__(self, hidden_size: int, arc_size: int, relation_size: int, relations: int, dropout: float):
        super().__init__()
        self.sizes = [arc_size, relation_size]
        self.root = nn.Parameter(torch.zeros(hidden_size))
        self.dependent = nn.Linear(hidden_size, arc_size + relation_size)
        self.head = nn.Linear(hidden_size, arc_size + relation_size)
        self.dropout = nn.Dropout(dropout)
        self.arc = Biaffine(arc_size, 1)
        self.relation = Biaffine(relation_size, relations)

    def forward(self, words: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores of arcs ``[batch, words, words + 1]`` and relations ``[batch, words, words + 1, relations]``.

        Args:
            words: states of the words, ``[batch, words, hidden]``.
            mask: whether there is a word, ``[batch, words]``; what is not a word is not a head either, and no word is
                its own head.
        """
        heads = torch.cat([self.root.to(words.dtype).expand(len(words), 1, -1), words], 1)
        arc_dependent, rel_dependent = self.dropout(F.leaky_relu(self.dependent(words))).split(self.sizes, -1)
        arc_head, rel_head = self.dropout(F.leaky_relu(self.head(heads))).split(self.sizes, -1)
        arcs = self.arc(arc_dependent, arc_head).squeeze(-1)
        itself = F.pad(torch.eye(words.size(1), dtype=torch.bool, device=words.device), (1, 0))
        possible = F.pad(mask, (1, 0), value=True).unsqueeze(1) & ~itself
        arcs = arcs.masked_fill(~possible, torch.finfo(arcs.dtype).min)
        return arcs, self.relation(rel_dependent, rel_head)


class XnerPreTrainedModel(PreTrainedModel):
    """Initialisation and loading of the heads; the encoder keeps its own."""

    config_class = XnerConfig
    base_model_prefix = "backbone"
    supports_gradient_checkpointing = True
    # Whether the encoder has an implementation is checked by the encoder itself, when it is built.
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, Biaffine):
            init.normal_(module.weight, std=0.02)
        elif isinstance(module, BiaffineParser):
            init.normal_(module.root, std=0.02)
        else:
            super()._init_weights(module)


class XnerForTokenClassificationAndParsing(XnerPreTrainedModel):
    """Named-entity recognition and dependency parsing over one encoder.

    Labels stand on the first sub-word of a word; ``pipeline("token-classification")`` reads the entities from there
    (`StudentTokenClassificationPipeline`).
    """

    _auto_class = "AutoModelForTokenClassification"
    accepts_loss_kwargs = False

    def __init__(self, config: XnerConfig, backbone: PreTrainedModel | None = None):
        super().__init__(config)
        self.num_labels = config.num_labels
        if backbone is None:
            backbone = encoder_of(AutoModel.from_config(config.backbone_config, trust_remote_code=False))
        self.backbone = backbone
        if "ner" in config.tasks:
            self.dropout = nn.Dropout(config.head_dropout)
            self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        if "parsing" in config.tasks:
            relations = len(config.relation_labels)
            self.parser = BiaffineParser(
                config.hidden_size, config.arc_size, config.relation_size, relations, config.parser_dropout
            )
        self.post_init()

    @classmethod
    def from_backbone(cls, loaded: PreTrainedModel, config: dict[str, Any] | None = None) -> Any:
        """Return a model, set to evaluation, with the pretrained weights of an encoder and new heads.

        Args:
            loaded: what ``AutoModel`` makes of an encoder, a seq2seq model or a student; its encoder becomes a part of
                the new model.
            config: settings of `XnerConfig` but the backbone's.
        """
        if loaded.config.model_type == XnerConfig.model_type:
            backbone_config, backbone = loaded.config.backbone_config, loaded.backbone
        else:
            # Not the encoder's own: T5's does not say that it is one half of a model.
            backbone_config, backbone = loaded.config, encoder_of(loaded)
        return cls(XnerConfig(backbone_config=backbone_config, **(config or {})), backbone).to(backbone.dtype).eval()

    def get_input_embeddings(self) -> nn.Module:
        return self.backbone.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.backbone.set_input_embeddings(value)

    @property
    def longest_input(self) -> int:
        """Sub-words, special tokens included, that are read at once."""
        return int(min(position_limit(self), LONGEST))

    def word_states(self, states: torch.Tensor, word_starts: torch.Tensor) -> torch.Tensor:
        """Return the states of first sub-words, ``[batch, words, hidden]``, of those of all sub-words."""
        return states.gather(1, word_starts.clamp(min=0).unsqueeze(-1).expand(-1, -1, states.size(-1)))

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        word_starts: torch.Tensor | None = None,
        heads: torch.Tensor | None = None,
        relations: torch.Tensor | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> XnerOutput | tuple[Any, ...]:
        """Label sub-words, and parse where `word_starts` is given.

        Args:
            input_ids: ``[batch, sub-words]``.
            attention_mask: 1 where there is a sub-word, ``[batch, sub-words]``.
            inputs_embeds: instead of `input_ids`, ``[batch, sub-words, hidden]``.
            labels: entity labels, ``[batch, sub-words]``, -100 but at first sub-words.
            word_starts: position of the first sub-word of every word, ``[batch, words]``, -1 where there is no word.
            heads: head of every word, 0 for the root, ``[batch, words]``, -100 where it is not known.
            relations: relation to that head, ``[batch, words]``, -100 where it is not known.
            return_dict: False returns a tuple; by default as the configuration says.
            kwargs: for the encoder, such as ``output_hidden_states``.
        """
        kwargs.pop("token_type_ids", None)  # one sentence: all of them are the default
        encoded = self.backbone(
            input_ids=input_ids,
            attention_mask=attention_mask,
            inputs_embeds=inputs_embeds,
            return_dict=True,
            **kwargs,
        )
        states = encoded.last_hidden_state
        logits = arc_logits = rel_logits = None
        if "ner" in self.config.tasks:
            logits = self.classifier(self.dropout(states))
        if "parsing" in self.config.tasks and word_starts is not None:
            arc_logits, rel_logits = self.parser(self.word_states(states, word_starts), word_starts.ge(0))
        ner_loss = arc_mean = rel_mean = None
        losses = []
        if labels is not None and logits is not None:
            ner_loss = _mean(*tagging_loss(logits, labels))
            losses.append(self.config.task_weights["ner"] * ner_loss)
        if heads is not None and arc_logits is not None:
            arc_mean = _mean(*arc_loss(arc_logits, heads))
            losses.append(self.config.task_weights["parsing"] * arc_mean)
            if relations is not None:
                rel_mean = _mean(*relation_loss(rel_logits, heads, relations))
                losses.append(self.config.task_weights["parsing"] * rel_mean)
        output = XnerOutput(
            loss=sum(losses) if losses else None,
            logits=logits,
            arc_logits=arc_logits,
            rel_logits=rel_logits,
            ner_loss=ner_loss,
            arc_loss=arc_mean,
            rel_loss=rel_mean,
            hidden_states=encoded.hidden_states,
            attentions=encoded.attentions,
        )
        return_dict = self.config.return_dict if return_dict is None else return_dict
        return output if return_dict else output.to_tuple()


def encoder_of(model: PreTrainedModel) -> PreTrainedModel:
    """Return the part of a model that is trained: the encoder of a seq2seq model, else the model without its pooler.

    Every parameter of it gets a gradient at every step, without which DistributedDataParallel stops: what never would
    is no parameter, and no layer is left out at random.
    """
    if model.config.is_encoder_decoder or hasattr(model, "decoder"):
        model = model.get_encoder()
    elif getattr(model, "pooler", None) is not None:
        model.pooler = None
    if hasattr(model, "layerdrop"):
        model.layerdrop = 0.0
    for module in model.modules():
        if isinstance(module, nn.Embedding) and "Sinusoidal" in type(module).__name__:
            # Frozen where it is built (Marian), but from_pretrained makes every weight trainable.
            module.register_buffer("weight", module._parameters.pop("weight").detach())
    return model


def position_limit(model: PreTrainedModel) -> float:
    """Return how many sub-words, special tokens included, an encoder takes at once; infinity where it has no bound.

    RoBERTa and its family keep their first positions for padding, so that 514 positions take 512 sub-words.
    """
    stated = getattr(model.config, "max_position_embeddings", None) or -1
    limits = [stated if stated > 0 else math.inf]  # XLNet and others say -1
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and hasattr(module, "num_embeddings"):
            limits.append(module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1))
    return min(limits)


def tagging_loss(
    logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the summed cross-entropy of entity labels and the sum of the weights that it is to be divided by.

    Args:
        logits: ``[batch, sub-words, labels]``.
        labels: ``[batch, sub-words]``, -100 where there is no loss.
        weights: weight of every position, ``[batch, sub-words]``; 1 by default.
    """
    losses = F.cross_entropy(
        logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, reduction="none"
    ).view_as(labels)
    known = labels.ne(IGNORED).to(losses.dtype)
    weights = known if weights is None else known * weights
    return (losses * weights).sum(), weights.sum()


def arc_loss(arc_logits: torch.Tensor, heads: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the summed cross-entropy of heads, and the number of words that have one."""
    loss = F.cross_entropy(arc_logits.flatten(0, 1).float(), heads.flatten(), ignore_index=IGNORED, reduction="sum")
    return loss, heads.ne(IGNORED).sum()


def relation_loss(
    rel_logits: torch.Tensor, heads: torch.Tensor, relations: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the summed cross-entropy of the relations to the heads in `heads`, and the number of words.

    Words whose head or relation is not known are left out.
    """
    relations = relations.masked_fill(heads.lt(0), IGNORED)
    at_head = relations_at(rel_logits, heads.clamp(min=0))
    loss = F.cross_entropy(at_head.flatten(0, 1).float(), relations.flatten(), ignore_index=IGNORED, reduction="sum")
    return loss, relations.ne(IGNORED).sum()


def relations_at(rel_logits: torch.Tensor, heads: torch.Tensor) -> torch.Tensor:
    """Return the relation scores of chosen heads, ``[batch, words, relations]``."""
    index = heads[..., None, None].expand(-1, -1, 1, rel_logits.size(-1))
    return rel_logits.gather(2, index).squeeze(2)


def _mean(loss: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    return loss / count.clamp(min=1)
