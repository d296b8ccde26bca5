"""A new vocabulary, and its embeddings made from the old ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xner_hf.backbone.text import BackboneText
from xner_hf.errors import XnerError

if TYPE_CHECKING:
    import torch

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""Special sub-words of BERT, in the order of `_ROLES`."""

_ROLES = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
_PREFIX = "##"


def learn_tokenizer(text: BackboneText, size: int, words_a_language: int, longest: int) -> Any:
    """Return a cased WordPiece tokenizer trained on both sides of the text.

    Args:
        text: what it is trained on.
        size: of the vocabulary, special sub-words included.
        words_a_language: words of a language that are taken, at most.
        longest: longest input of the encoder, in sub-words.

    Raises:
        XnerError: the vocabulary has no room for the letters of the text.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    # Keep accents: in most of these languages they distinguish letters (ẹ and e are two vowels of Yoruba).
    plain = normalizers.BertNormalizer(lowercase=False, strip_accents=False, handle_chinese_chars=False)
    normalizer = normalizers.Sequence([normalizers.NFC(), plain])
    words = [normalizer.normalize_str(one) for one in _words(text, words_a_language)]
    # In order, since the trainer numbers those that it meets itself in an order of chance, and breaks ties by it.
    letters = sorted(set("".join(words)) - {" "})
    parts = [_PREFIX + letter for letter in letters]
    fewest = len(SPECIAL) + len(letters) + len(parts)
    if fewest > size:
        raise XnerError(
            f"the text has {len(letters):,} letters, which take {fewest:,} sub-words alone, more than a vocabulary of "
            f"{size:,} holds. Give a larger vocabulary."
        )
    learnt = Tokenizer(models.WordPiece(unk_token="[UNK]", continuing_subword_prefix=_PREFIX))
    learnt.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=[*SPECIAL, *parts], continuing_subword_prefix=_PREFIX, show_progress=False
    )
    learnt.train_from_iterator(words, trainer)

    tokenizer = Tokenizer(models.WordPiece(learnt.get_vocab(), unk_token="[UNK]", continuing_subword_prefix=_PREFIX))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    start, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", start), ("[SEP]", end)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=longest, **dict(zip(_ROLES, SPECIAL, strict=True))
    )


def _words(text: BackboneText, limit: int) -> Iterator[str]:
    left: dict[str, int] = {}
    for code, pairs in text.train.items():
        for pair, source in zip(pairs, text.sources[code], strict=True):
            for side, words in ((source, pair.source), (code, pair.target)):
                if left.setdefault(side, limit) > 0:
                    left[side] -= len(words)
                    yield " ".join(words)


def new_embeddings(old: torch.Tensor, before: Any, after: Any, seed: int) -> torch.Tensor:
    """Return an embedding for every sub-word of a new vocabulary, made from the old embeddings.

    A sub-word that the old vocabulary has, in the form that its tokenizer brings text into, takes its embedding; any
    other takes the mean over the sub-words into which the old tokenizer splits it. Where that knows none of its
    letters it is drawn from the distribution of all.

    Args:
        old: embeddings, ``[old sub-words, hidden]``.
        before: the old tokenizer, a WordPiece.
        after: the new one.
        seed: seed of the random embeddings.

    Returns:
        ``[new sub-words, hidden]``.
    """
    import torch

    vocabulary = before.get_vocab()
    same = {getattr(after, name): getattr(before, name) for name in _ROLES}
    known = {one: [vocabulary[old_one]] for one, old_one in same.items() if old_one in vocabulary}
    pieces = sorted(after.get_vocab().items(), key=lambda one: one[1])
    drawn = torch.Generator().manual_seed(seed)
    new = torch.randn(len(pieces), old.size(1), generator=drawn) * old.std(0) + old.mean(0)
    for piece, number in pieces:
        rows = known.get(piece) or _old_pieces(piece, before, vocabulary)
        if rows:
            new[number] = old[rows].mean(0)
    return new


def _old_pieces(piece: str, before: Any, vocabulary: dict[str, int]) -> list[int]:
    text = before.backend_tokenizer.normalizer.normalize_str(piece.removeprefix(_PREFIX))
    if piece.startswith(_PREFIX) and _PREFIX + text in vocabulary:
        return [vocabulary[_PREFIX + text]]
    found = before(text, add_special_tokens=False)["input_ids"]
    return [one for one in found if one != before.unk_token_id]
