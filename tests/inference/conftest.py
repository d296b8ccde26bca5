"""A student whose tags are known."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModel, AutoModelForTokenClassification, AutoTokenizer

from xner_hf.models import XnerForTokenClassificationAndParsing
from xner_hf.spans import NER_LABELS

LEXICON = {"B-PER": ["Amina", "Musa"], "I-PER": ["Bello"], "B-LOC": ["Kano"]}


@pytest.fixture(scope="session")
def write_student(tmp_path_factory, write_tagger):
    """The function that writes a student whose tags are those of `LEXICON`, whatever stands around a word.

    Different sub-words differ a little, and no arc is very much likelier than another: two trees of the same score, or
    scores so high that they are rounded by more than a test allows, would be told apart by the kind of processor.
    """

    def write(positions=64, relations=("nsubj", "root", "obj", "dep"), tasks=("ner", "parsing")):
        tagger, folder = tmp_path_factory.mktemp("tagger"), tmp_path_factory.mktemp("student")
        write_tagger(tagger, LEXICON, NER_LABELS, positions)
        source = AutoModelForTokenClassification.from_pretrained(tagger)
        labels = {"id2label": source.config.id2label, "label2id": source.config.label2id}
        torch.manual_seed(4)
        model = XnerForTokenClassificationAndParsing.from_backbone(
            AutoModel.from_pretrained(tagger), {"relation_labels": relations, "tasks": tasks, **labels}
        )
        with torch.no_grad():
            if "ner" in tasks:
                model.classifier.load_state_dict(source.classifier.state_dict())
            embeddings = model.backbone.embeddings.word_embeddings.weight
            embeddings.add_(0.05 * torch.randn_like(embeddings))
            for weight in model.parser.parameters() if "parsing" in tasks else ():
                weight.normal_(std=0.2)
        model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(tagger).save_pretrained(folder)
        return str(folder)

    return write
