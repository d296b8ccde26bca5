"""The whole chain on the bundled sample: no network, no GPU, no pretrained model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.pair_files import read_jsonl_pairs
from xner_hf.corpora.parallel import sample_path
from xner_hf.corpora.sentence import Sentence
from xner_hf.evaluation.scores import score_build, score_tagger
from xner_hf.pipeline.build import build_corpus
from xner_hf.recipe import make_recipe
from xner_hf.report import write_report
from xner_hf.tag.model import ModelTagger
from xner_hf.training.config import TrainingConfig
from xner_hf.training.data import Corpus
from xner_hf.training.student import new_student, train_student

LANGUAGES = ("hau", "swa")
HELD_BACK = 5
"""Every fifth sentence of the sample is kept from the student and scored."""


def run_demo(folder: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """Build, score, report and train on the sample of every language; return the figures.

    Args:
        folder: where everything goes: ``LANG/corpus``, ``LANG/student``.
        tell: called with a line about every step.
    """
    results: dict[str, Any] = {}
    for language in LANGUAGES:
        corpus, student = folder / language / "corpus", folder / language / "student"
        tell(f"{language}: projecting the sample")
        facts = build_corpus(make_recipe(language, "sample"), corpus)
        gold = [
            Sentence(pair.id, pair.target, pair.target_spans)
            for pair in read_jsonl_pairs(sample_path(language), need_spans=True)
        ]
        projection = score_build(corpus, gold)
        report = write_report(corpus)
        held_back = gold[::HELD_BACK]
        hidden = {sentence.id for sentence in held_back}
        train = [s for s in read_labelled(str(corpus), "train") if s.id not in hidden]
        config = TrainingConfig(
            "from scratch", epochs=25, learning_rate=2e-3, batch_size=16, max_length=64, checkpoints=False
        )
        tell(f"{language}: training a tiny student on {len(train)} projected sentences")
        tokenizer = tiny_tokenizer([s.tokens for s in train])
        tiny = new_student(config, (), tiny_backbone(tokenizer), tokenizer)
        train_student(
            [Corpus("projected", train)],
            student,
            config,
            provenance={"corpora": [str(corpus)]},
            student=tiny,
            quiet=True,
            language=language,
        )
        scores = score_tagger(ModelTagger(str(student)), held_back)
        results[language] = {
            "rows": facts["rows"],
            "statuses": facts["statuses"],
            "projection": projection,
            "student": scores,
            "trained_on": len(train),
            "held_back": len(held_back),
            "corpus": str(corpus),
            "student_folder": str(student),
            "report": str(report),
        }
    return results


def tiny_tokenizer(sentences: list[list[str]]) -> Any:
    """Return a WordPiece tokenizer for `sentences`.

    Its vocabulary is their characters and the words that occur twice, in a fixed order: the trainers of `tokenizers`
    break ties differently from run to run.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    counts = Counter(word for words in sentences for word in words)
    characters = sorted({character for word in counts for character in word})
    known = [*special, *characters, *("##" + one for one in characters)]
    known += sorted(word for word, number in counts.items() if number > 1 and len(word) > 1)
    pieces = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(known)}, unk_token="[UNK]"))
    pieces.decoder = decoders.WordPiece()
    pieces.normalizer = normalizers.NFC()
    pieces.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    pieces.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(name, pieces.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=pieces, model_max_length=128, **names)


def tiny_backbone(tokenizer: Any) -> Any:
    """Return the configuration of a BERT of 2 layers x 128 for a tokenizer."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        max_position_embeddings=128,
    )
