"""What translators with a model of their own share: sentences, sub-words, language codes and batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from xner_hf.corpora.sentences import split_sentences
from xner_hf.errors import XnerError
from xner_hf.inference.batches import Batches
from xner_hf.inference.checkpoint import load_tokenizer
from xner_hf.registry import MODEL_PACKAGES, Method
from xner_hf.settings import setting
from xner_hf.translate.codes import codes_of, language_pair
from xner_hf.translate.faults import fault
from xner_hf.translate.translation import EMPTY, Translation

TOKENS_PER_BATCH = {"cpu": 2048, "other": 16384}
"""Sub-words translated together by default, padding and beams included."""

_MARKS_WITHOUT_SPACE = ("。", "！", "？")


class Output(NamedTuple):
    """What a model made of one input: sub-words without code and end, and whether it came to its own end."""

    ids: list[int]
    finished: bool


@dataclass(frozen=True, kw_only=True)
class ModelConfig(Method):
    """Settings that all translators with a model of their own have; each has a ``model`` and a ``tokenizer``."""

    packages = MODEL_PACKAGES
    revision = None

    source_code: str | None = setting(None, "the model's code for the source language, as eng_Latn; found by default")
    target_code: str | None = setting(None, "the model's code for the target language, as hau_Latn; found by default")
    num_beams: int | None = setting(
        None, "beams of the search, 1 being greedy; by default the model's own (CTranslate2: 1)", within="[1, inf)"
    )
    tokens_per_batch: int | None = setting(
        None,
        "sub-words translated together, padding and beams included; by default "
        f"{TOKENS_PER_BATCH['cpu']} on a CPU, {TOKENS_PER_BATCH['other']} elsewhere",
        within="[1, inf)",
    )
    split_sentences: bool = setting(True, "translate the sentences of a text one by one, since models drop sentences")

    def preflight(self, source: str, target: str) -> None:
        """Check that the tokenizer knows both languages."""
        tokenizer, revision = self.tokenizer or self.model, None if self.tokenizer else self.revision
        loaded = load_tokenizer(tokenizer, revision, fast=False)
        language_pair(codes_of(loaded), self.model, source, target, self.source_code, self.target_code)


class ModelTranslator(ABC):
    """Translates raw text with a model that reads and writes sub-words; what the model does is `run_batch`.

    Args:
        tokenizer: that of the model; it is set to the two languages.
        model: name of the model, for messages.
        source: ISO 639-3 code of the language of the text: ``eng`` or one of the language table.
        target: that of the language to translate into.
        config: settings: ``source_code``, ``target_code``, ``split_sentences``.
        longest: sub-words that the model takes or gives at most, special tokens included.
        beams: how many translations of a text are followed at once.
        batches: how much is translated together.

    Attributes:
        source_code: the model's code for the source language, None where it has none.
        target_code: that for the target language.
        target_id: the sub-word of `target_code`, with which every translation has to begin; None where the model has
            no codes, or takes the target language from the text (Marian).

    Raises:
        XnerError: the tokenizer does not know a language (see `xner_hf.translate.codes.language_pair`).
    """

    def __init__(
        self,
        tokenizer: Any,
        model: str,
        source: str,
        target: str,
        config: ModelConfig,
        longest: int,
        beams: int,
        batches: Batches,
    ):
        codes = codes_of(tokenizer)
        pair = language_pair(codes, model, source, target, config.source_code, config.target_code)
        self.source_code, self.target_code = pair
        self.tokenizer = tokenizer
        self.batches = batches
        self._split = config.split_sentences
        self._longest, self._beams = longest, beams
        self._before = ""
        self.target_id: int | None = None
        if codes.style == "marian":
            self._before = f"{codes.tokens[pair.target]} "
        elif pair.target is not None:
            self.target_id = tokenizer.convert_tokens_to_ids(codes.tokens[pair.target])
            tokenizer.src_lang, tokenizer.tgt_lang = pair
            if tokenizer.convert_tokens_to_ids(codes.tokens[pair.source]) not in tokenizer("a")["input_ids"]:
                raise XnerError(
                    f"the tokenizer of {model!r} ({type(tokenizer).__name__}) knows the code {pair.source!r} but does "
                    "not put it to the text. Name a model with the right one in translator.tokenizer."
                )
        # Not all special tokens: those that a model was taught as markers of names have to be written, but the codes
        # must not, which M2M-100 does not count among them.
        named = (getattr(tokenizer, f"{name}_token") for name in ("bos", "eos", "unk", "sep", "pad", "cls", "mask"))
        unwritten = [*(token for token in named if token is not None), *codes.tokens.values()]
        self._unwritten = set(tokenizer.convert_tokens_to_ids(unwritten))

    def translate(self, texts: Sequence[str]) -> list[Translation]:
        """Return the translation of every text, in their order.

        Each sentence of a text is translated and judged by itself, since translators drop sentences; what is wrong
        with one of them is wrong with the text. White space between sentences becomes one space.

        Raises:
            XnerError: memory does not hold one sentence by itself.
        """
        pieces = [split_sentences(text) if self._split else [text] for text in texts]
        wanted = [piece for of_text in pieces for piece in of_text if _says_something(piece)]
        outputs = dict(zip(wanted, self.generate(wanted), strict=True))
        return [_joined(of_text, outputs) for of_text in pieces]

    def generate(self, texts: Sequence[str]) -> list[tuple[str, bool]]:
        """Return what the model makes of every text as it stands, and whether it came to its own end.

        A text longer than the model takes is not translated: ``("", False)``. Equal texts are translated once.

        Raises:
            XnerError: memory does not hold one text by itself.
        """
        if not texts:
            return []
        distinct = list(dict.fromkeys(texts))
        inputs = self.tokenizer([self._before + text for text in distinct], truncation=False, verbose=False)
        rows = [ids if len(ids) <= self._longest else [] for ids in inputs["input_ids"]]
        outputs: list[Output] = [Output([], False)] * len(rows)
        fitting = [number for number, ids in enumerate(rows) if ids]

        def work(batch: list[int]) -> None:
            numbers = [fitting[i] for i in batch]
            found = self.run_batch([rows[n] for n in numbers], [self._limit(rows[n]) for n in numbers])
            for number, output in zip(numbers, found, strict=True):
                outputs[number] = output

        self.batches.run([len(rows[n]) * self._beams for n in fitting], work)
        written = self.tokenizer.batch_decode(
            [[i for i in output.ids if i not in self._unwritten] for output in outputs],
            clean_up_tokenization_spaces=False,
        )
        known = {
            text: (said.strip(), output.finished)
            for text, said, output in zip(distinct, written, outputs, strict=True)
        }
        return [known[text] for text in texts]

    @abstractmethod
    def run_batch(self, rows: list[list[int]], limits: list[int]) -> list[Output]:
        """Return what the model makes of a batch.

        Args:
            rows: sub-words of every text, special tokens included.
            limits: sub-words that the translation of each may have, its code and end included.
        """

    def _limit(self, row: list[int]) -> int:
        # Languages that the tokenizer saw little of take up to three sub-words for one of English.
        return min(3 * len(row) + 20, self._longest - 1)  # the decoder is started with one more


def _says_something(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _joined(pieces: Sequence[str], outputs: dict[str, tuple[str, bool]]) -> Translation:
    """Return the translation of a text from those of its sentences; a sentence without words stays as it is."""
    if not any(map(_says_something, pieces)):
        return Translation("", EMPTY)
    text, first = "", None
    for piece in pieces:
        said, finished = outputs.get(piece, (piece, True))
        if piece in outputs:
            first = first or fault(piece, said, finished)
        space = " " if text and said and not text.endswith(_MARKS_WITHOUT_SPACE) else ""
        text += space + said
    return Translation(text, first)
