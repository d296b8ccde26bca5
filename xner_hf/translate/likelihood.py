"""Similarity of texts of two languages by a translator's probabilities: direct NMTScore (Vamvas & Sennrich 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from xner_hf.errors import XnerError
from xner_hf.inference.batches import Batches
from xner_hf.inference.checkpoint import longest_input
from xner_hf.translate.codes import codes_of

if TYPE_CHECKING:
    import numpy as np

LEAST_SCORE = 0.1
"""Translation scores below this are 0, as in Politov et al. (2025)."""

_MEMORY = 1_000_000  # probabilities that are remembered

_TOKENS = {"cpu": 4096, "other": 1 << 15}
_CELLS = {"cpu": 1 << 27, "other": 1 << 30}
"""Sub-words of both sides together in a batch, and numbers in its output: one for every target sub-word and entry of
the vocabulary, which with the 256,000 of NLLB-200 is what memory goes into."""


class _Key(NamedTuple):
    """A probability: that of `text` given `given`; the sides are 0 for the source language, 1 for the target."""

    text: str
    side: int
    given: str
    given_side: int


class LikelihoodScorer:
    """Scores pairs of texts by how probable a translator finds each as the translation of the other.

    ``P(A|B)`` is the geometric mean of the probabilities of A's sub-words and its end, given B; the language code that
    the translation begins with is given, so it does not count. The similarity of A to B is ``P(A|B) / P(A|A)``, that
    of the pair the mean of both directions.

    Two things differ from the paper's code. A ratio above 1 counts as 1, since it only says that the model is bad at
    copying A: uncut, one such direction outweighs the other, in which the pair is all but impossible. And the code
    raises 2 to a loss in nats, so that its ratios are these to the power ln 2: 0.2 for 0.1.

    The model must be many-to-many, with language codes (NLLB-200, M2M-100, mBART-50): it is asked for both
    directions and for A given A, its copy in one language, which a pair of single-direction models (Marian) cannot
    answer.

    Probabilities are remembered, up to a million, so that a pair met again costs a look-up: scoring the pairs of many
    sentences at once, before they are asked for one by one, makes full batches. When memory runs out the batches are
    halved, said in the log and in ``batches.halved``.

    Args:
        model: sequence-to-sequence model of `transformers`.
        tokenizer: its tokenizer; its languages are what they were after every call.
        source_code: the model's code for the language of the first texts (``eng_Latn``).
        target_code: that for the language of the second texts.

    Raises:
        XnerError: the model translates in one direction, or does not begin its translations with these codes.
    """

    def __init__(self, model: Any, tokenizer: Any, source_code: str, target_code: str):
        self.model, self.tokenizer = model, tokenizer
        self.codes = (source_code, target_code)
        known = codes_of(tokenizer)
        if known.style in ("none", "marian"):
            raise XnerError(
                f"the translator {model.name_or_path!r} translates in one direction. Translation scores need a "
                "many-to-many model with language codes, such as NLLB-200 or M2M-100."
            )
        for code in self.codes:
            token = known.tokens.get(code)
            if token is None or self._encode(["a"], code, target=True)[0][0] != tokenizer.convert_tokens_to_ids(token):
                raise XnerError(
                    f"the translator {model.name_or_path!r} does not begin its translations with a language code "
                    f"{code!r}. Give a many-to-many model with the codes of its model card, such as NLLB-200 and "
                    "eng_Latn."
                )
        model.eval()
        kind = "cpu" if model.device.type == "cpu" else "other"
        # About half of the sub-words of a batch are target sub-words.
        self.batches = Batches(min(_TOKENS[kind], 2 * _CELLS[kind] // model.config.vocab_size), model.device)
        self._longest = longest_input(model, tokenizer)
        self._known: dict[_Key, float] = {}

    def score(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """Return the similarity of every pair.

        Args:
            pairs: a text of the source language and one of the target language.

        Returns:
            float64 ``[pairs]``, in [0, 1].

        Raises:
            XnerError: a text is blank or longer than the model takes, or memory does not hold one pair by itself.
        """
        import numpy as np

        for number, pair in enumerate(pairs):
            if not all(text.strip() for text in pair):
                raise XnerError(f"pair {number}, {pair!r}, has a blank side; there is nothing to compare.")
        if len(self._known) > _MEMORY:
            self._known.clear()
        needed = dict.fromkeys(key for pair in pairs for key in _keys(*pair))
        self._compute([key for key in needed if key not in self._known])
        logs = np.array([[self._known[key] for key in _keys(*pair)] for pair in pairs]).reshape(-1, 4)
        return np.exp(np.minimum(logs[:, [0, 2]] - logs[:, [1, 3]], 0.0)).mean(1)

    def _compute(self, keys: list[_Key]) -> None:
        """Add the logarithms of probabilities to those that are known."""
        given = self._sub_words([(key.given, key.given_side) for key in keys], target=False)
        texts = self._sub_words([(key.text, key.side) for key in keys], target=True)

        def work(rows: list[int]) -> None:
            found = self._forward([given[i] for i in rows], [texts[i] for i in rows])
            self._known.update(zip([keys[i] for i in rows], found, strict=True))

        self.batches.run([len(one) + len(other) for one, other in zip(given, texts, strict=True)], work)

    def _sub_words(self, wanted: Sequence[tuple[str, int]], target: bool) -> list[list[int]]:
        """Return the sub-words of texts, given with their sides; each is split once."""
        known: dict[tuple[str, int], list[int]] = {}
        for side, code in enumerate(self.codes):
            texts = list(dict.fromkeys(text for text, of_side in wanted if of_side == side))
            for text, ids in zip(texts, self._encode(texts, code, target), strict=True):
                if len(ids) > self._longest:
                    raise XnerError(
                        f"the text {text[:80]!r} has {len(ids)} sub-words; the translator takes {self._longest}. "
                        "Score names, not documents."
                    )
                known[text, side] = ids
        return [known[one] for one in wanted]

    def _encode(self, texts: list[str], code: str, target: bool) -> list[list[int]]:
        """Return sub-words with the special tokens of a source or target text."""
        if not texts:
            return []
        tokenizer = self.tokenizer
        before = tokenizer.src_lang, tokenizer.tgt_lang
        try:
            tokenizer.src_lang = tokenizer.tgt_lang = code
            kind = "text_target" if target else "text"
            return tokenizer(**{kind: texts}, truncation=False, verbose=False)["input_ids"]
        finally:
            tokenizer.tgt_lang, tokenizer.src_lang = before[1], before[0]

    def _forward(self, given: list[list[int]], texts: list[list[int]]) -> list[float]:
        """Return the mean log-probability of the sub-words of each text after its language code."""
        import torch

        pad, device = self.tokenizer.pad_token_id, self.model.device
        inputs, labels = (_padded(rows, pad).to(device) for rows in (given, texts))
        seen = _padded([[1] * len(row) for row in given], 0).to(device)
        counts = _padded([[1] * (len(row) - 1) for row in texts], 0).to(device)
        # The decoder reads its start and the code, and from there on guesses what follows.
        start = labels.new_full((len(texts), 1), self.model.config.decoder_start_token_id)
        with torch.inference_mode():
            logits = self.model(
                input_ids=inputs, attention_mask=seen, decoder_input_ids=torch.cat([start, labels[:, :-1]], 1)
            ).logits[:, 1:]
            logits = logits.float()
            logs = logits.gather(2, labels[:, 1:, None])[..., 0] - logits.logsumexp(-1)
            return ((logs.double() * counts).sum(1) / counts.sum(1)).tolist()


@lru_cache(maxsize=1)
def load_scorer(model: str, source: str, target: str) -> LikelihoodScorer:
    """Return the scorer of a translator; that of the last call is kept.

    Args:
        model: many-to-many translator: Hub id, folder, or a name below ``$XNER_MIRROR/models``.
        source: ISO 639-3 code of the language of the entities: ``eng`` or one of the language table.
        target: that of the language of the candidates.

    Raises:
        XnerError: the model is not available, translates in one direction, or does not know a language.
    """
    from xner_hf.translate.seq2seq import Seq2SeqConfig, Seq2SeqTranslator

    translator = Seq2SeqTranslator(Seq2SeqConfig(model), source, target)
    return LikelihoodScorer(translator.model, translator.tokenizer, translator.source_code, translator.target_code)


def translation_score(
    entities: Sequence[str], candidates: Sequence[str], scorer: LikelihoodScorer, wanted: np.ndarray
) -> np.ndarray:
    """Translation score of Politov et al. (2025): the direct NMTScore of entity and candidate, 0 where below 0.1.

    Args:
        entities: source entities as raw text.
        candidates: candidates as raw text.
        scorer: gives the similarity of pairs.
        wanted: which cells are scored, bool ``[entities, candidates]``; all others are 0.

    Raises:
        XnerError: `wanted` has another shape, or a text is blank.
    """
    import numpy as np

    wanted = np.asarray(wanted, dtype=bool)
    if wanted.shape != (len(entities), len(candidates)):
        raise XnerError(
            f"wanted has the shape {list(wanted.shape)}; {len(entities)} entities and {len(candidates)} candidates "
            f"need [{len(entities)}, {len(candidates)}]."
        )
    rows, columns = wanted.nonzero()
    found = scorer.score(
        [(entities[row], candidates[column]) for row, column in zip(rows.tolist(), columns.tolist(), strict=True)]
    )
    scores = np.zeros(wanted.shape)
    scores[rows, columns] = np.where(found >= LEAST_SCORE, found, 0.0)
    return scores


def _keys(source: str, target: str) -> tuple[_Key, _Key, _Key, _Key]:
    """Return the probabilities that a score needs: of each side given the other, and given itself."""
    return (
        _Key(source, 0, target, 1),
        _Key(source, 0, source, 0),
        _Key(target, 1, source, 0),
        _Key(target, 1, target, 1),
    )


def _padded(rows: Sequence[list[int]], value: int) -> Any:
    """Return rows of integers as a tensor, filled up with a value on the right."""
    import torch

    width = max(map(len, rows))
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])
