"""Translation with any sequence-to-sequence model of `transformers`: NLLB-200, M2M-100, mBART, Marian."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xner_hf.errors import NotAvailable, XnerError
from xner_hf.inference.batches import Batches
from xner_hf.inference.checkpoint import load_checkpoint, load_config, longest_input
from xner_hf.languages import language
from xner_hf.registry import MODEL, Input, register
from xner_hf.settings import check_model, setting
from xner_hf.translate.model import TOKENS_PER_BATCH, ModelConfig, ModelTranslator, Output

if TYPE_CHECKING:
    import torch

_DTYPES = ("float32", "bfloat16")


@register("translator", "seq2seq")
@dataclass(frozen=True)
class Seq2SeqConfig(ModelConfig):
    """Translates with a sequence-to-sequence model of transformers."""

    model: str = setting(..., "sequence-to-sequence model: Hub id, folder, or name in the mirror")
    revision: str | None = setting(None, "Hub branch, tag or commit of the model")
    tokenizer: str | None = setting(None, "model whose tokenizer is used instead of the model's own, which some lack")
    dtype: str = setting("float32", "number type of the model", choices=_DTYPES)

    def __post_init__(self) -> None:
        if not self.model:
            raise XnerError("translator.model is empty; give a Hub id or the folder of a sequence-to-sequence model.")
        check_model(self.tokenizer, "translator.tokenizer")
        super().__post_init__()

    def inputs(self) -> Iterator[Input]:
        yield Input(MODEL, self.model, revision=self.revision)
        if self.tokenizer:
            yield Input(MODEL, self.tokenizer)

    def check(self, source: str, target: str) -> None:
        # Of its own checkpoints this is known without a download; those tuned by others may know further languages.
        for code, given in ((source, self.source_code), (target, self.target_code)):
            if self.model.startswith("facebook/nllb-200") and given is None and language(code).nllb is None:
                raise NotAvailable(f"NLLB-200 does not know {language(code).name}.")

    def preflight(self, source: str, target: str) -> None:
        if not load_config(self.model, self.revision).is_encoder_decoder:
            raise XnerError(
                f"the model {self.model!r} is not a sequence-to-sequence model, so it cannot translate. Name one in "
                "translator.model, such as facebook/nllb-200-distilled-600M."
            )
        super().preflight(source, target)

    def make(self, source: str, target: str) -> Seq2SeqTranslator:
        return Seq2SeqTranslator(self, source, target)


class Seq2SeqTranslator(ModelTranslator):
    """Translates with a sequence-to-sequence model, texts of like length together.

    A translation may have three sub-words for each of its text and 20 more, and as many as the model has positions;
    one that does not end by then has the fault ``translation_cut``, and so has a text that is too long to be read.
    What a text becomes does not depend on the texts beside it, up to floating point. When memory runs out the batches
    are halved, said in the log and in ``batches.halved``.

    Args:
        config: the settings.
        source: ISO 639-3 code of the language of the text: ``eng`` or one of the language table.
        target: that of the language to translate into.
        device: torch device; by default the GPU when there is one.

    Raises:
        XnerError: the model is not available, lacks weights, its tokenizer belongs to another one, or it does not
            know a language.
    """

    def __init__(self, config: Seq2SeqConfig, source: str, target: str, device: str | None = None):
        import torch
        from transformers import AutoModelForSeq2SeqLM, MBartTokenizer

        self.model, tokenizer = load_checkpoint(
            AutoModelForSeq2SeqLM, config.model, config.revision, tokenizer=config.tokenizer, fast=False
        )
        self.config = config
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.model.to(self.device, getattr(torch, config.dtype)).eval()
        settings = self.model.generation_config
        if config.num_beams is not None:
            settings.num_beams = config.num_beams
            if config.num_beams == 1:
                settings.early_stopping = settings.length_penalty = None  # of no meaning without beams
        settings.do_sample = False
        settings.max_length = None  # each text has its own limit
        settings.forced_eos_token_id = None  # it would make a translation that is cut off look finished
        kind = "cpu" if self.device.type == "cpu" else "other"
        super().__init__(
            tokenizer,
            config.model,
            source,
            target,
            config,
            longest_input(self.model, tokenizer),
            settings.num_beams or 1,
            Batches(config.tokens_per_batch or TOKENS_PER_BATCH[kind], self.device),
        )
        if self.target_id is not None:
            # The first mBART starts with the code; all later models are started otherwise, and then write the code.
            first = "decoder_start_token_id" if isinstance(tokenizer, MBartTokenizer) else "forced_bos_token_id"
            setattr(settings, first, self.target_id)

    def run_batch(self, rows: list[list[int]], limits: list[int]) -> list[Output]:
        import torch

        features = self.tokenizer.pad({"input_ids": rows}, return_tensors="pt").to(self.device)
        most = torch.tensor(limits, device=self.device)

        def at_its_limit(sequences: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
            return sequences.shape[1] > most.repeat_interleave(sequences.shape[0] // len(limits))

        with torch.inference_mode():
            sequences = self.model.generate(**features, max_new_tokens=max(limits), stopping_criteria=[at_its_limit])
        ends = self.model.generation_config.eos_token_id
        ends = set(ends) if isinstance(ends, list) else {ends}
        outputs = []
        for sequence, limit in zip(sequences[:, 1:].tolist(), limits, strict=True):  # the first only starts the model
            ids = sequence[:limit]  # what follows fills up the batch, and may be the end token too
            end = next((place for place, token in enumerate(ids) if token in ends), None)
            outputs.append(Output(ids[:end], end is not None))
        return outputs
