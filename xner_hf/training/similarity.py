"""Similarity of each source language to the target: weights for the teachers of several languages.

The learned weights of Wu et al. (2020, "Single-/Multi-Source Cross-Lingual NER via Teacher-Student Learning on
Unlabeled Data in Target Language", section on multiple sources): a model learns to tell the source languages apart,
and is then asked which of them the text of the target language looks like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from xner_hf.align.embedding import Embedder, depth_of
from xner_hf.corpora.hub import model_source
from xner_hf.errors import XnerError, nearest
from xner_hf.inference.checkpoint import check_encoder
from xner_hf.pipeline.inputs import default_device, model_digest, model_versions
from xner_hf.pipeline.store import digest
from xner_hf.settings import check_values, setting

if TYPE_CHECKING:
    import numpy as np

LEVELS = ("corpus", "sentence")
"""One set of weights for the whole target text, or one for every sentence."""

_SUB_WORDS_PER_BATCH = 4096
_SENTENCES_PER_CALL = 256


@dataclass(frozen=True)
class SimilarityConfig:
    """Settings of the model that classifies source languages; the defaults are those of Wu et al. (2020)."""

    rank: int = setting(64, "rank of the bilinear score; at most the size of the features", within="(0, inf)")
    gamma: float = setting(0.01, "weight of the penalty on embeddings not orthonormal", within="[0, inf)")
    epochs: int = setting(10, "passes over the sentences", within="(0, inf)")
    learning_rate: float = setting(1e-4, "learning rate of Adam", within="(0, inf)")
    batch_size: int = setting(32, "sentences a step", within="(0, inf)")
    seed: int = setting(42, "seed of the first weights and of the order")

    def __post_init__(self) -> None:
        check_values(self)


@dataclass(frozen=True)
class SimilarityModel:
    """A fitted model of the source languages.

    Attributes:
        languages: the source languages, in the order of all weights.
        directions: the logits of a sentence are its features times this, ``U^T V M``; float32 ``[d, K]``.
        accuracy: share of source sentences classified correctly, mean over the languages, in [0, 1].
    """

    languages: tuple[str, ...]
    directions: np.ndarray
    accuracy: float

    def temperature(self, target_features: np.ndarray) -> float:
        """Return tau, one over the variance of all logits of the target sentences; 0 where they are all the same.

        With logits far apart tau is small: the better the model tells the languages apart, the milder the weights, and
        with longer training they come nearer to equal.

        Raises:
            XnerError: as for `weights`.
        """
        logits = self._logits(_known(target_features, "the target"))
        variance = float(logits.var(ddof=1))
        return 1 / variance if variance > 0 else 0.0

    def weights(self, target_features: np.ndarray, level: str = "corpus", tau: float | None = None) -> np.ndarray:
        """Return the similarity of the target to each source language: ``softmax(tau * logits)``.

        Args:
            target_features: features of target sentences, ``[m, d]``. A row of zeros means: unknown.
            level: ``corpus`` for the mean over the sentences, ``sentence`` for the weights of each.
            tau: factor of the logits; None: the `temperature` of these sentences.

        Returns:
            float32, ``[K]`` or ``[m, K]`` by `level`; each row sums to 1. At sentence level a row of zeros has equal
            weights, at corpus level it does not count.

        Raises:
            XnerError: an unknown level, no features, or features of another size than those of the source languages.
        """
        import numpy as np

        check_level(level)
        if tau is None:
            tau = self.temperature(target_features)
        rows = target_features if level == "sentence" else _known(target_features, "the target")
        logits = self._logits(rows) * tau
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        found = powers / powers.sum(-1, keepdims=True)
        return (found.mean(0) if level == "corpus" else found).astype(np.float32)

    def _logits(self, features: np.ndarray) -> np.ndarray:
        import numpy as np

        if features.shape[1] != len(self.directions):
            raise XnerError(
                f"the target has features of size {features.shape[1]}, the source languages have them of size "
                f"{len(self.directions)}. Take both from the same encoder."
            )
        return (features @ self.directions).astype(np.float64)  # tau may be beyond float32


def fit_similarity(
    features_by_language: Mapping[str, np.ndarray], config: SimilarityConfig | None = None
) -> SimilarityModel:
    """Train a classifier of source languages on the features of their sentences (Wu et al. 2020).

    The logit of language k for features f is ``(U f) . (V mu_k)``. U, V and the embeddings mu are trained by
    cross-entropy plus ``gamma * ||M^T M - I||_F^2``, where the columns of M are the embeddings (``M M^T`` would have
    the same gradient). The embeddings start as the mean features of their languages, as in the authors' code. Every
    language counts the same in the cross-entropy, whatever its number of sentences: a weight measures the similarity
    of two languages, not the amount of text.

    Args:
        features_by_language: for every source language the features of its sentences, ``[n, d]``; rows of zeros are
            left out.
        config: settings; None for the defaults.

    Raises:
        XnerError: fewer than 2 languages, a language without features, features of different sizes or not finite, or
            languages that the model cannot tell apart better than by chance.
    """
    import numpy as np
    import torch

    config = config or SimilarityConfig()
    languages = tuple(features_by_language)
    if len(languages) < 2:
        raise XnerError(
            f"the likeness to source languages needs 2 of them or more, there is {', '.join(languages) or 'none'}. "
            "Give text of another source language, or use uniform weights."
        )
    parts = [_known(features, code) for code, features in features_by_language.items()]
    if len({part.shape[1] for part in parts}) > 1:
        sizes = ", ".join(f"{code}: {part.shape[1]}" for code, part in zip(languages, parts, strict=True))
        raise XnerError(f"the features of the languages differ in size ({sizes}). Take them from the same encoder.")
    counts = torch.tensor([len(part) for part in parts])
    features = torch.from_numpy(np.concatenate(parts))
    numbers = torch.arange(len(parts)).repeat_interleave(counts)
    share = len(features) / (len(parts) * counts)
    size = features.shape[1]
    rank = min(config.rank, size)
    draw = torch.Generator().manual_seed(config.seed)
    first, second = ((torch.rand(rank, size, generator=draw) * 2 - 1) / size**0.5 for _ in range(2))
    means = torch.stack([torch.from_numpy(part.mean(0)) for part in parts], dim=1)
    parameters = [weights.requires_grad_() for weights in (first, second, means)]
    optimizer = torch.optim.Adam(parameters, lr=config.learning_rate)
    for _ in range(config.epochs):
        for batch in torch.randperm(len(features), generator=draw).split(config.batch_size):
            logits = features[batch] @ first.T @ (second @ means)
            losses = torch.nn.functional.cross_entropy(logits, numbers[batch], reduction="none")
            penalty = (means.T @ means - torch.eye(len(parts))).square().sum()
            loss = (losses * share[numbers[batch]]).mean() + config.gamma * penalty
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    directions = (first.T @ second @ means).detach().numpy()
    found = [((part @ directions).argmax(-1) == number).mean() for number, part in enumerate(parts)]
    accuracy = float(np.mean(found))
    if accuracy <= 1 / len(parts):
        raise XnerError(
            f"the languages {', '.join(languages)} could not be told apart: {accuracy:.0%} of {len(features)} "
            "sentences were recognised, no more than by chance, so weights would be noise. Give more text, more "
            "epochs or a higher learning rate, or use uniform weights."
        )
    return SimilarityModel(languages, directions, accuracy)


class SimilarityWeights:
    """Weights of teachers by the similarity of the target language to theirs, for `TeacherEnsemble`.

    The model is fitted when weights are first needed. Corpus weights and tau depend only on `target`, so the weights
    of a sentence do not depend on the other sentences in the call.

    Args:
        encoder: frozen encoder whose last hidden states, averaged over the sub-words of a sentence, are its features:
            Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        sources: word-split sentences by source language, as the teachers name theirs.
        target: word-split sentences of the target language.
        level: ``corpus`` or ``sentence``.
        config: settings of the model; None for the defaults.
        revision: Hub branch, tag or commit of the encoder.
        device: torch device of the encoder; the GPU when there is one.

    Raises:
        XnerError: an unknown level, fewer than 2 source languages, no text in one of the languages, or an encoder that
            is not available.
    """

    def __init__(
        self,
        encoder: str,
        sources: Mapping[str, Sequence[Sequence[str]]],
        target: Sequence[Sequence[str]],
        level: str = "corpus",
        config: SimilarityConfig | None = None,
        revision: str | None = None,
        device: str | None = None,
    ):
        check_level(level)
        if len(sources) < 2:
            raise XnerError(
                "weights by likeness need text of 2 source languages or more, there is "
                f"{', '.join(sources) or 'none'}. Add that of another teacher, or use uniform weights."
            )
        for name, text in [*sources.items(), ("the target", target)]:
            if not any(text):
                raise XnerError(f"there is no text of {name} to measure its likeness by. Give word-split sentences.")
        model_source(encoder, revision)
        self.encoder, self.revision, self.device = encoder, revision, device
        self.languages = tuple(sorted(sources))
        self.sources, self.target = sources, target
        self.level = level
        self.config = config or SimilarityConfig()

    @property
    def corpus_weights(self) -> dict[str, float]:
        """The weight of every source language at corpus level."""
        _, model, target = self._fitted
        return dict(zip(self.languages, model.weights(target).tolist(), strict=True))

    def weights(self, sentences: Sequence[Sequence[str]]) -> np.ndarray:
        """Return the weights of the source languages for sentences, float32 ``[sentences, languages]``.

        The columns are in the order of `languages`; rows sum to 1, and at corpus level all rows are equal.
        """
        import numpy as np

        encoder, model, target = self._fitted
        if self.level == "corpus":
            return np.tile(model.weights(target), (len(sentences), 1))
        return model.weights(encoder.features(sentences), "sentence", model.temperature(target))

    def signature(self) -> str:
        """Return a digest of everything that affects the weights: encoder, text, settings, device and versions."""
        return digest(
            model_digest(self.encoder, self.revision),
            model_versions(),
            (self.device or default_device()).partition(":")[0],
            self.sources,
            self.target,
            self.level,
            vars(self.config),
        )

    @cached_property
    def _fitted(self) -> tuple[SentenceEncoder, SimilarityModel, np.ndarray]:
        encoder = SentenceEncoder(self.encoder, self.revision, self.device)
        model = fit_similarity({code: encoder.features(self.sources[code]) for code in self.languages}, self.config)
        return encoder, model, encoder.features(self.target)


class SentenceEncoder:
    """An encoder whose last hidden states, averaged over the sub-words of a sentence, are the sentence's features.

    Args:
        model: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        revision: Hub branch, tag or commit.
        device: torch device; the GPU when there is one.

    Raises:
        XnerError: the checkpoint is not available or is not an encoder with a fast tokenizer.
    """

    def __init__(self, model: str, revision: str | None = None, device: str | None = None):
        import numpy as np

        depth = depth_of(check_encoder(model, revision))
        self._embedder = Embedder(model, revision, depth, device=device)
        self.size = self._embedder.states(self._embedder.split([["a"]]), np.arange(1), 1).shape[1]

    def features(self, sentences: Sequence[Sequence[str]]) -> np.ndarray:
        """Return the features of sentences, float32 ``[sentences, size]``; zeros for one without sub-words."""
        import numpy as np

        subwords = self._embedder.split(sentences)
        lengths = subwords.lengths()
        filled = np.flatnonzero(lengths)
        found = np.zeros((len(sentences), self.size), dtype=np.float32)
        for start in range(0, len(filled), _SENTENCES_PER_CALL):
            chosen = filled[start : start + _SENTENCES_PER_CALL]
            states = self._embedder.states(subwords, chosen, _SUB_WORDS_PER_BATCH).cpu().numpy()
            heads = np.concatenate([[0], np.cumsum(lengths[chosen])[:-1]])
            found[chosen] = np.add.reduceat(states, heads) / lengths[chosen, None]
        return found


def check_level(level: str) -> None:
    """Check the name of a level.

    Raises:
        XnerError: it is none of `LEVELS`.
    """
    if level not in LEVELS:
        raise XnerError(
            f"there is no level {level!r} of weights.{nearest(str(level), list(LEVELS))} It is one of: "
            f"{', '.join(LEVELS)}."
        )


def _known(features: np.ndarray, name: str) -> np.ndarray:
    """Return the rows of features that are not all zero, float32."""
    import numpy as np

    features = np.asarray(features, dtype=np.float32)
    if features.ndim != 2:
        raise XnerError(f"the features of {name} have the shape {features.shape}; it must be [sentences, size].")
    known = features[features.any(-1)]
    if not len(known):
        raise XnerError(f"there are no features of {name}: give sentences of which the encoder knows sub-words.")
    if not np.isfinite(known).all():
        raise XnerError(f"the features of {name} hold values that are not finite. Take them from another encoder.")
    return known
