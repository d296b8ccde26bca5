"""How long a sequence an encoder takes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from xner_hf.checkpoint import longest_input

SMALL = {"vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}


@pytest.mark.parametrize(
    ("kind", "positions", "taken"), [("Bert", 20, 20), ("Roberta", 20, 18), ("XLMRoberta", 20, 18)]
)
@pytest.mark.parametrize("stated", [12, 10**30])
def test_an_encoder_runs_at_the_longest_input_and_reserved_positions_do_not_count(kind, positions, taken, stated):
    import torch
    import transformers

    config = getattr(transformers, f"{kind}Config")(**SMALL, max_position_embeddings=positions, pad_token_id=1)
    model = getattr(transformers, f"{kind}ForTokenClassification")(config)
    longest = longest_input(model, SimpleNamespace(model_max_length=stated))
    assert longest == min(taken, stated)
    assert model(torch.full((1, longest), 3)).logits.shape == (1, longest, 2)
