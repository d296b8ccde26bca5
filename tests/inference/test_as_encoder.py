"""A student in the place of an encoder, and encoders that can't be used as one."""

from __future__ import annotations

import pytest
import torch
from transformers import FunnelConfig, FunnelModel, XLNetConfig, XLNetModel

from xner_hf.align.encoder import EncoderAligner, EncoderConfig
from xner_hf.align.reference import SimAlignAligner, SimAlignConfig
from xner_hf.cli.pair_options import pair_settings
from xner_hf.demo import tiny_backbone, tiny_tokenizer
from xner_hf.errors import XnerError
from xner_hf.training.config import TrainingConfig
from xner_hf.training.student import new_student

SOURCE, TARGET = [["Musa", "ya", "tafi", "Kano"]], [["Kano", "tafi", "Musa"]]


@pytest.fixture(scope="module")
def tokenizer():
    return tiny_tokenizer(SOURCE + TARGET)


@pytest.fixture(scope="module")
def folders(tmp_path_factory, tokenizer):
    """The folders of a student and of the encoder in it, with states that differ."""
    folder = tmp_path_factory.mktemp("students")
    student, _ = new_student(TrainingConfig(), ["root", "obj"], tiny_backbone(tokenizer), tokenizer)
    torch.manual_seed(1)
    with torch.no_grad():
        for weights in student.backbone.parameters():
            if weights.dim() > 1:
                weights.normal_(std=0.5)
    for name, model in (("student", student), ("encoder", student.backbone)):
        model.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return str(folder / "student"), str(folder / "encoder")


@pytest.mark.parametrize("layer", [0, 1, 2, None])
def test_a_student_aligns_as_its_encoder(folders, layer):
    links = [EncoderAligner(EncoderConfig(one, layer=layer), device="cpu").align(SOURCE, TARGET) for one in folders]
    assert links[0] == links[1] and links[0][0]


def test_simalign_reads_a_student(folders):
    links = [SimAlignAligner(SimAlignConfig(one, layer=1), device="cpu").align(SOURCE, TARGET) for one in folders]
    assert links[0] == links[1] and links[0][0]
    with pytest.raises(XnerError, match="has 2 layers"):
        SimAlignAligner(SimAlignConfig(folders[0], layer=3), device="cpu")


def test_training_goes_on_from_a_student(folders):
    (first, _), (second, _) = (new_student(TrainingConfig(one, seed=4)) for one in folders)
    for name, weights in first.backbone.state_dict().items():
        assert torch.equal(weights, second.backbone.state_dict()[name])
    assert first.config.tasks == ["ner"]


@pytest.mark.parametrize("kind", ["funnel", "xlnet"])
def test_encoders_whose_states_are_not_those_of_sub_words_are_refused(tmp_path, tokenizer, kind):
    size = len(tokenizer)
    if kind == "funnel":
        narrow = {"d_model": 16, "n_head": 2, "d_head": 8, "d_inner": 16}
        model = FunnelModel(FunnelConfig(vocab_size=size, block_sizes=[1, 1], num_decoder_layers=1, **narrow))
    else:
        model = XLNetModel(XLNetConfig(vocab_size=size, d_model=16, n_layer=2, n_head=2, d_inner=16))
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    tries = (
        lambda: new_student(TrainingConfig(str(tmp_path))),
        lambda: EncoderAligner(EncoderConfig(str(tmp_path)), device="cpu"),
        lambda: SimAlignAligner(SimAlignConfig(str(tmp_path)), device="cpu"),
    )
    for run in tries:
        with pytest.raises(XnerError, match=f"of type '{kind}', which cannot be used as an encoder"):
            run()


@pytest.mark.parametrize("section", ["aligner", "projector"])
def test_a_method_that_is_set_names_its_option(section):
    with pytest.raises(XnerError, match=f"--{section} some"):
        pair_settings([f"{section}.method=some"], ("projector", "aligner"))
