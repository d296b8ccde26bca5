"""The student: its loss, its encoders, how it is saved and loaded, and what it needs from this package: nothing."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForTokenClassification,
)

from xner_hf.models import XnerConfig, XnerForTokenClassificationAndParsing
from xner_hf.models.modeling_xner import relations_at
from xner_hf.spans import NER_LABELS

ENCODER = {
    "vocab_size": 50,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}
DISENTANGLED = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False}
SEQ2SEQ = {
    "encoder_layerdrop": 0.9,
    "vocab_size": 50,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 40,
    "pad_token_id": 0,
    "decoder_start_token_id": 0,
}
BACKBONES = {
    "bert": ENCODER,
    "xlm-roberta": ENCODER,
    "deberta-v2": ENCODER | DISENTANGLED,
    "modernbert": ENCODER | dict.fromkeys(["pad_token_id", "bos_token_id", "eos_token_id"], 0),
    "distilbert": {"vocab_size": 50, "dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
    "m2m_100": SEQ2SEQ,
    "marian": SEQ2SEQ,
    "t5": {"vocab_size": 50, "d_model": 32, "d_kv": 16, "num_layers": 2, "num_heads": 2, "d_ff": 64},
}
SETTINGS = {
    "id2label": dict(enumerate(NER_LABELS)),
    "label2id": {name: number for number, name in enumerate(NER_LABELS)},
    "relation_labels": ["root", "nsubj", "obj", "dep"],
    "arc_size": 16,
    "relation_size": 8,
}


def backbone_config(kind="bert"):
    return AutoConfig.for_model(kind, **BACKBONES[kind])


def student(kind="bert", **settings):
    torch.manual_seed(0)
    return XnerForTokenClassificationAndParsing(XnerConfig(backbone_config(kind), **(SETTINGS | settings))).eval()


@pytest.fixture
def batch():
    """Two sentences: three words of seven sub-words, and two of five with two of padding."""
    return {
        "input_ids": torch.tensor([[4, 11, 12, 13, 14, 15, 5], [4, 21, 22, 23, 5, 1, 1]]),
        "attention_mask": torch.tensor([[1] * 7, [1] * 5 + [0] * 2]),
        "labels": torch.tensor([[-100, 1, -100, 2, 0, -100, -100], [-100, 5, 0, -100, -100, -100, -100]]),
        "word_starts": torch.tensor([[1, 3, 4], [1, 2, -1]]),
        "heads": torch.tensor([[2, 0, 2], [0, 1, -100]]),
        "relations": torch.tensor([[1, 0, 2], [0, 3, -100]]),
    }


def inputs_of(batch):
    return {name: batch[name] for name in ("input_ids", "attention_mask", "word_starts")}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in ("logits", "arc_logits", "rel_logits"))


# Scores and losses


def test_the_loss_is_the_weighted_sum_of_mean_cross_entropies(batch):
    model = student(task_weights={"ner": 2.0, "parsing": 0.5})
    output = model(**batch)
    tags = output.logits.log_softmax(-1)
    ner = -(tags[0, 1, 1] + tags[0, 3, 2] + tags[0, 4, 0] + tags[1, 1, 5] + tags[1, 2, 0]) / 5
    arcs = output.arc_logits.log_softmax(-1)
    arc = -(arcs[0, 0, 2] + arcs[0, 1, 0] + arcs[0, 2, 2] + arcs[1, 0, 0] + arcs[1, 1, 1]) / 5
    rels = output.rel_logits.log_softmax(-1)
    rel = -(rels[0, 0, 2, 1] + rels[0, 1, 0, 0] + rels[0, 2, 2, 2] + rels[1, 0, 0, 0] + rels[1, 1, 1, 3]) / 5
    torch.testing.assert_close(output.ner_loss, ner)
    torch.testing.assert_close(output.arc_loss, arc)
    torch.testing.assert_close(output.rel_loss, rel)
    torch.testing.assert_close(output.loss, 2 * ner + 0.5 * (arc + rel))


def test_scores_are_biaffine_in_the_states_of_first_sub_words(batch):
    model = student()
    parser, output = model.parser, model(**inputs_of(batch), output_hidden_states=True)
    states = output.hidden_states[-1]
    dependent = F.leaky_relu(parser.dependent(states[0, 3]))
    for head, state in enumerate([parser.root, states[0, 1], None, states[0, 4]]):
        if state is None:
            continue  # a word is not its own head
        above = F.leaky_relu(parser.head(state))
        one = torch.ones(1)
        d, h = torch.cat([dependent[:16], one]), torch.cat([above[:16], one])
        torch.testing.assert_close(output.arc_logits[0, 1, head], d @ parser.arc.weight[0] @ h)
        d, h = torch.cat([dependent[16:], one]), torch.cat([above[16:], one])
        expected = torch.stack([d @ weight @ h for weight in parser.relation.weight])
        torch.testing.assert_close(output.rel_logits[0, 1, head], expected)
    assert relations_at(output.rel_logits, torch.tensor([[2, 3, 1], [1, 0, 0]]))[0, 1].equal(
        output.rel_logits[0, 1, 3]
    )


def test_padding_and_the_word_itself_are_never_heads(batch):
    model = student()
    with torch.no_grad():
        model.parser.arc.weight.fill_(-50.0)  # every true arc scores far below zero
    chances = model(**inputs_of(batch)).arc_logits.softmax(-1)
    assert chances[1, :2, 3].tolist() == [0.0, 0.0]
    assert chances[0].diagonal(1).tolist() == [0.0] * 3
    torch.testing.assert_close(chances.sum(-1), torch.ones(2, 3))


def test_padding_changes_no_score(batch):
    model = student()
    padded = model(**inputs_of(batch))
    alone = model(input_ids=batch["input_ids"][1:, :5], word_starts=batch["word_starts"][1:, :2])
    torch.testing.assert_close(padded.logits[1:, :5], alone.logits)
    torch.testing.assert_close(padded.arc_logits[1:, :2, :3], alone.arc_logits)
    torch.testing.assert_close(padded.rel_logits[1:, :2, :3], alone.rel_logits)


def test_losses_have_no_part_in_words_whose_head_is_unknown(batch):
    model = student()
    batch["heads"][0] = -100
    output = model(**batch)
    rels, arcs = output.rel_logits.log_softmax(-1), output.arc_logits.log_softmax(-1)
    torch.testing.assert_close(output.rel_loss, -(rels[1, 0, 0, 0] + rels[1, 1, 1, 3]) / 2)
    torch.testing.assert_close(output.arc_loss, -(arcs[1, 0, 0] + arcs[1, 1, 1]) / 2)
    batch["heads"][:], batch["labels"][:] = -100, -100
    assert model(**batch).loss == 0.0
    del batch["relations"]
    assert model(**batch).rel_loss is None


def test_the_output_is_a_tuple_or_a_dictionary_that_begins_with_the_loss(batch):
    model = student()
    output = model(**batch)
    assert list(output) == ["loss", "logits", "arc_logits", "rel_logits", "ner_loss", "arc_loss", "rel_loss"]
    loss, logits, *_ = model(**batch, return_dict=False)
    assert loss.equal(output.loss) and logits.equal(output.logits)
    assert list(model(input_ids=batch["input_ids"])) == ["logits"]


@pytest.mark.parametrize(("task", "outputs"), [("ner", ["logits"]), ("parsing", ["arc_logits", "rel_logits"])])
def test_either_head_may_be_left_out(batch, tmp_path, task, outputs):
    model = student(tasks=[task])
    assert list(model(**inputs_of(batch))) == outputs
    model.train()(**batch).loss.backward()
    assert [name for name, weight in model.named_parameters() if weight.grad is None] == []
    heads = {"ner": "classifier", "parsing": "parser"}
    assert {name.split(".")[0] for name, _ in model.named_parameters()} == {"backbone", heads[task]}
    model.save_pretrained(tmp_path)
    loaded = AutoModelForTokenClassification.from_pretrained(tmp_path)
    assert list(loaded(**inputs_of(batch))) == outputs and loaded.config.tasks == [task]


# Configuration


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"tasks": []}, "tasks"),
        ({"tasks": ["ner", "tagging"]}, "tagging"),
        ({"task_weights": {"pos": 1.0}}, "pos"),
        ({"relation_labels": []}, "relation_labels"),
        ({"relation_labels": ["root", "obj", "obj"]}, "obj"),
    ],
)
def test_settings_that_make_no_student_are_refused(settings, word):
    with pytest.raises(ValueError, match=word):
        XnerConfig(**settings)


def test_the_configuration_is_the_same_after_a_round_trip(tmp_path):
    config = XnerConfig(backbone_config("t5"), task_weights={"ner": 0.25}, tasks=["parsing"], **SETTINGS)
    config.save_pretrained(tmp_path)
    loaded = AutoConfig.from_pretrained(tmp_path)
    assert type(loaded) is XnerConfig and loaded.to_json_string() == config.to_json_string()
    assert loaded.backbone_config.to_json_string() == config.backbone_config.to_json_string()
    assert loaded.task_weights == {"ner": 0.25, "parsing": 1.0} and loaded.hidden_size == 32
    assert not hasattr(loaded, "max_position_embeddings")  # T5 has relative positions
    assert XnerConfig(backbone_config()).max_position_embeddings == 40


def test_a_configuration_leaves_that_of_an_encoder_at_work_alone():
    encoder = AutoModel.from_config(backbone_config())
    assert XnerConfig(encoder.config, attn_implementation="eager").backbone_config._attn_implementation == "eager"
    assert XnerConfig(encoder.config).backbone_config._attn_implementation == "sdpa"
    assert encoder.config._attn_implementation == "sdpa"


def test_sub_words_that_are_added_are_saved(tmp_path, batch):
    model = student()
    model.resize_token_embeddings(53)
    model.save_pretrained(tmp_path)
    loaded = AutoModel.from_pretrained(tmp_path)
    assert loaded.config.vocab_size == 53
    assert same(loaded(**inputs_of(batch)), model(**inputs_of(batch)))


# Encoders


@pytest.mark.parametrize("kind", BACKBONES)
def test_every_encoder_trains_all_its_weights_and_is_saved_bit_by_bit(kind, tmp_path, batch):
    model = student(kind).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(**batch).loss.backward()
    assert [name for name, weight in model.named_parameters() if weight.requires_grad and weight.grad is None] == []
    before = [weight.clone() for weight in model.parser.parameters()]
    optimizer.step()
    assert not any(old.equal(new) for old, new in zip(before, model.parser.parameters(), strict=True))

    model.eval().save_pretrained(tmp_path)
    weights = [path.name for path in tmp_path.iterdir() if path.suffix not in (".json", ".py")]
    assert weights == ["model.safetensors"]
    expected = model(**inputs_of(batch))
    for auto in (AutoModelForTokenClassification, AutoModel):
        loaded, report = auto.from_pretrained(tmp_path, output_loading_info=True)
        assert type(loaded) is XnerForTokenClassificationAndParsing
        assert not any(report[name] for name in ("missing_keys", "unexpected_keys", "mismatched_keys"))
        assert same(loaded(**inputs_of(batch)), expected)
    loaded.train()(**batch).loss.backward()
    assert [name for name, weight in loaded.named_parameters() if weight.grad is None] == []


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta", "distilbert"])
def test_a_plain_encoder_lends_its_weights(kind, tmp_path, batch):
    torch.manual_seed(1)
    plain = AutoModelForMaskedLM.from_config(backbone_config(kind)).eval()
    plain.save_pretrained(tmp_path)
    model = XnerForTokenClassificationAndParsing.from_backbone(AutoModel.from_pretrained(tmp_path), SETTINGS)
    encoder = {name: batch[name] for name in ("input_ids", "attention_mask")}
    expected = plain.base_model(**encoder).last_hidden_state
    assert model(**encoder, output_hidden_states=True).hidden_states[-1].equal(expected)
    assert model.config.id2label[5] == "B-LOC" and not model.training
    assert not any("pooler" in name for name, _ in model.named_parameters())


@pytest.mark.parametrize("kind", ["m2m_100", "marian", "t5"])
def test_a_translation_model_lends_its_encoder(kind, tmp_path, batch):
    torch.manual_seed(1)
    whole = AutoModelForSeq2SeqLM.from_config(backbone_config(kind)).eval()
    whole.save_pretrained(tmp_path / "whole")
    model = XnerForTokenClassificationAndParsing.from_backbone(AutoModel.from_pretrained(tmp_path / "whole"), SETTINGS)
    encoder = {name: batch[name] for name in ("input_ids", "attention_mask")}
    expected = whole.get_encoder()(**encoder).last_hidden_state
    assert model.backbone(**encoder).last_hidden_state.equal(expected)
    assert "decoder" not in str(model).lower().replace("is_decoder", "")
    model.save_pretrained(tmp_path / "student")
    loaded = AutoModel.from_pretrained(tmp_path / "student")
    assert loaded.backbone(**encoder).last_hidden_state.equal(expected)


def test_a_student_lends_its_encoder_to_another(tmp_path, batch):
    first = student()
    first.save_pretrained(tmp_path)
    loaded = AutoModel.from_pretrained(tmp_path)
    model = XnerForTokenClassificationAndParsing.from_backbone(loaded, {"tasks": ["ner"], "num_labels": 3})
    ids = batch["input_ids"]
    assert model.backbone(ids).last_hidden_state.equal(first.backbone(ids).last_hidden_state)
    assert model(ids).logits.shape == (2, 7, 3)


def test_new_heads_are_of_the_precision_of_the_encoder():
    encoder = AutoModel.from_config(backbone_config()).to(torch.bfloat16)
    model = XnerForTokenClassificationAndParsing.from_backbone(encoder)
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}


# Ways to run


def test_the_implementation_of_attention_reaches_the_encoder(tmp_path, batch):
    student().save_pretrained(tmp_path)
    models = [
        AutoModelForTokenClassification.from_pretrained(tmp_path, attn_implementation=name)
        for name in ("eager", "sdpa")
    ]
    assert [model.backbone.config._attn_implementation for model in models] == ["eager", "sdpa"]
    eager, sdpa = (model(**inputs_of(batch)) for model in models)
    torch.testing.assert_close(eager.arc_logits, sdpa.arc_logits)
    assert models[0](**inputs_of(batch), output_attentions=True).attentions[1].shape == (2, 2, 7, 7)
    student("deberta-v2").save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="scaled_dot_product_attention"):  # rather than another one in silence
        AutoModelForTokenClassification.from_pretrained(tmp_path, attn_implementation="sdpa")


@pytest.mark.parametrize("kind", BACKBONES)
def test_bfloat16_gives_finite_losses_near_those_of_float32(kind, tmp_path, batch):
    model = student(kind)
    expected = model(**batch)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = model(**batch)
    model.save_pretrained(tmp_path)
    half = AutoModel.from_pretrained(tmp_path, dtype=torch.bfloat16)(**batch)
    assert half.arc_logits.dtype == mixed.arc_logits.dtype == torch.bfloat16
    for output in (mixed, half):
        assert output.loss.dtype == torch.float32
        torch.testing.assert_close(output.loss, expected.loss, rtol=0.02, atol=0.02)


@pytest.mark.parametrize("kind", ["bert", "deberta-v2", "m2m_100"])
def test_activation_checkpointing_gives_the_same_gradients(kind, batch):
    def gradients(model):
        torch.manual_seed(3)  # dropout
        model.zero_grad()
        model.train()(**batch).loss.backward()
        return [weight.grad.clone() for weight in model.parameters()]

    model = student(kind)
    expected = gradients(model)
    model.activation_checkpointing_enable()
    assert model.is_activation_checkpointing
    for one, other in zip(gradients(model), expected, strict=True):
        torch.testing.assert_close(one, other)


def test_the_model_and_its_losses_compile_without_a_graph_break(batch):
    model = student()
    expected = model(**batch)
    compiled = torch.compile(model, fullgraph=True, backend="eager")(**batch)
    torch.testing.assert_close(compiled.loss, expected.loss)
    torch.testing.assert_close(compiled.rel_logits, expected.rel_logits)
    compiled.loss.backward()
    assert model.parser.root.grad.abs().sum() > 0
