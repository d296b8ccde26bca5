"""Translation with a converted model in CTranslate2, several times faster than `transformers` on CPUs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from xner_hf.errors import XnerError
from xner_hf.inference.batches import Batches
from xner_hf.inference.checkpoint import load_tokenizer
from xner_hf.registry import MODEL, MODEL_PACKAGES, Input, register
from xner_hf.settings import setting
from xner_hf.translate.model import TOKENS_PER_BATCH, ModelConfig, ModelTranslator, Output

_COMPUTE_TYPES = (
    "default",
    "auto",
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
)
_POSITIONS = 1024  # of NLLB-200, M2M-100 and mBART; a converted model does not say how many it has


@register("translator", "ctranslate2")
@dataclass(frozen=True)
class CTranslate2Config(ModelConfig):
    """Translates with a converted CTranslate2 model, several times faster on CPUs."""

    packages = (*MODEL_PACKAGES, "ctranslate2")

    model: str = setting(..., "folder of a converted model (ct2-transformers-converter)")
    tokenizer: str = setting(..., "the model it was converted from, or a folder with its tokenizer")
    compute_type: str = setting("default", "number type of the model", choices=_COMPUTE_TYPES)

    def __post_init__(self) -> None:
        if not self.model:
            raise XnerError("translator.model is empty; give the folder of a converted CTranslate2 model.")
        if not self.tokenizer:
            raise XnerError("translator.tokenizer is empty; give the model that the CTranslate2 model comes from.")
        super().__post_init__()

    def inputs(self) -> Iterator[Input]:
        yield Input(MODEL, self.model)
        yield Input(MODEL, self.tokenizer)

    def make(self, source: str, target: str) -> CTranslate2Translator:
        return CTranslate2Translator(self, source, target)


class CTranslate2Translator(ModelTranslator):
    """Translates with a CTranslate2 model; what is said of `Seq2SeqTranslator` holds here too.

    Args:
        config: the settings.
        source: ISO 639-3 code of the language of the text: ``eng`` or one of the language table.
        target: that of the language to translate into.
        device: ``cpu``, ``cuda`` or ``cuda:1``; by default the GPU when there is one.

    Raises:
        XnerError: ctranslate2 is not installed, the folder holds no model, the device cannot compute in that type, or
            the tokenizer is not available or does not know a language.
    """

    def __init__(self, config: CTranslate2Config, source: str, target: str, device: str | None = None):
        try:
            import ctranslate2
        except ImportError as error:
            raise XnerError(
                "the translator 'ctranslate2' needs the package ctranslate2: pip install ctranslate2"
            ) from error

        if not Path(config.model).is_dir() or not ctranslate2.contains_model(config.model):
            raise XnerError(
                f"translator.model is {config.model!r}, which is not the folder of a CTranslate2 model (it has no "
                f"model.bin). Make one: ct2-transformers-converter --model {config.tokenizer} --output_dir FOLDER "
                "--quantization int8"
            )
        self.config = config
        self.device = device or ("cuda" if ctranslate2.get_cuda_device_count() else "cpu")
        name, _, index = self.device.partition(":")
        try:
            self.model = ctranslate2.Translator(
                config.model, device=name, device_index=int(index or 0), compute_type=config.compute_type
            )
        except (RuntimeError, ValueError) as error:
            raise XnerError(
                f"the CTranslate2 model {config.model} cannot be used on {self.device} as {config.compute_type}: "
                f"{error} Convert it again, or set translator.compute_type to default."
            ) from error
        tokenizer = load_tokenizer(config.tokenizer, fast=False)
        kind = "cpu" if name == "cpu" else "other"
        super().__init__(
            tokenizer,
            config.tokenizer,
            source,
            target,
            config,
            min(tokenizer.model_max_length, _POSITIONS),
            config.num_beams or 1,
            Batches(config.tokens_per_batch or TOKENS_PER_BATCH[kind], self.device),
        )

    def run_batch(self, rows: list[list[int]], limits: list[int]) -> list[Output]:
        tokenizer = self.tokenizer
        first = None if self.target_id is None else [[tokenizer.convert_ids_to_tokens(self.target_id)]] * len(rows)
        results = self.model.translate_batch(
            [tokenizer.convert_ids_to_tokens(row) for row in rows],
            target_prefix=first,
            beam_size=self.config.num_beams or 1,
            max_input_length=0,  # it would cut the text off
            max_decoding_length=max(limits),
            return_end_token=True,
        )
        outputs = []
        for result, limit in zip(results, limits, strict=True):
            tokens = result.hypotheses[0]
            finished = len(tokens) <= limit and tokens[-1:] == [tokenizer.eos_token]
            ids = tokenizer.convert_tokens_to_ids(tokens[:limit])
            outputs.append(Output(ids[:-1] if finished else ids, finished))
        return outputs
