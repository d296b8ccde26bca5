"""Methods of another package: one new file each, and everything else follows from the registry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from xner_hf import reference
from xner_hf.errors import XnerError
from xner_hf.pipeline.store import STAGE_VERSIONS
from xner_hf.publish.citations import bibtex, of_build
from xner_hf.registry import ROOMS, Input, Method, methods, register

ALIGNER = '''
from dataclasses import dataclass, field
from pathlib import Path

from xner_hf.align import Link
from xner_hf.pipeline.store import STAGE_VERSIONS
from xner_hf.publish.citations import bibtex, of_build
from xner_hf.registry import FILES, Input, Method, register


@register("aligner", "diagonal")
@dataclass(frozen=True)
class Diagonal(Method):
    """Links words at the same place, a step apart that a file says."""

    citations = ("@misc{diagonal, title = {Diagonals}}",)

    step: str = field(metadata={"help": "file with a number"})
    score: float = field(default=1.0, metadata={"help": "of every link, in [0, 1]"})

    def inputs(self):
        yield Input(FILES, self.step, licence="cc-by-nc-4.0", licence_class="non-commercial")

    def make(self, text, folder):
        return self

    def align(self, sources, targets):
        step = int(Path(self.step).read_text())
        return [
            [Link(i, i + step, self.score) for i in range(len(one)) if 0 <= i + step < len(other)]
            for one, other in zip(sources, targets)
        ]
'''
SCORE = '''
from dataclasses import dataclass, field

import numpy as np

from xner_hf.project.scores import Score
from xner_hf.pipeline.store import STAGE_VERSIONS
from xner_hf.publish.citations import bibtex, of_build
from xner_hf.registry import register


@register("score", "spoken")
@dataclass(frozen=True)
class Spoken(Score):
    """Likes every candidate of a language: it needs to know the language, which no other score does."""

    liked: str | None = field(default=None, metadata={"help": "ISO 639-3 code of the language that is liked"})

    @property
    def is_on(self):
        return self.liked is not None

    def make(self):
        return self

    def __call__(self, pair, candidates, best):
        return np.full(best.shape, 0.75 if pair.language == self.liked else 0.0)
'''
PROJECTOR = '''
from dataclasses import dataclass, field

from xner_hf.project import ProjectedSpan
from xner_hf.pipeline.store import STAGE_VERSIONS
from xner_hf.publish.citations import bibtex, of_build
from xner_hf.registry import register, Method


@register("projector", "opening")
@dataclass(frozen=True)
class Opening(Method):
    """Puts the first entity on the first words."""

    words: int = field(default=1, metadata={"help": "how many words"})

    def make(self):
        return self

    def project(self, pair):
        return [
            ProjectedSpan(0, self.words, span.label, 1.0, number, "projected")
            if number == 0
            else ProjectedSpan(-1, -1, span.label, 0.0, number, "conflict")
            for number, span in enumerate(pair.spans)
        ]
'''
LOSS = '''
from dataclasses import dataclass, field

from xner_hf.pipeline.store import STAGE_VERSIONS
from xner_hf.publish.citations import bibtex, of_build
from xner_hf.registry import register
from xner_hf.training.soft_losses import SoftLoss


@register("loss", "absolute")
@dataclass(frozen=True)
class Absolute(SoftLoss):
    """Sum of the absolute differences of probabilities."""

    factor: float = field(default=1.0, metadata={"help": "of the sum"})

    def __call__(self, logits, soft):
        return self.factor * (logits.softmax(-1) - soft).abs().sum()
'''
FILTER = '''
from dataclasses import dataclass, field

from xner_hf.project.filters import Filter
from xner_hf.registry import FILES, Input, register


@register("filter", "listed")
@dataclass(frozen=True)
class Listed(Filter):
    """Drops sentences without a word of a list."""

    meaning = "no word of the list"
    drops_sentence = True
    citations = ("@misc{listed}",)

    word_list: str | None = field(default=None, metadata={"help": "file with a word a line"})

    def inputs(self):
        if self.word_list:
            yield Input(FILES, self.word_list, licence="cc-by-4.0", licence_class="permissive")

    def keeps_sentence(self, pair, projected):
        with open(self.word_list) as file:
            return bool(set(file.read().split()) & set(pair.target))
'''
FILES = {"aligner": ALIGNER, "score": SCORE, "projector": PROJECTOR, "loss": LOSS, "filter": FILTER}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """A folder with the package ``acme-ner`` installed in it: a module a method, and an entry point a module."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "acme_ner").mkdir()
    (folder / "acme_ner" / "__init__.py").write_text("")
    for name, text in FILES.items():
        (folder / "acme_ner" / f"{name}.py").write_text(text)
    release(folder, "1.0")
    return folder


def release(folder, version, points=None):
    info = folder / "acme_ner-0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: acme-ner\nVersion: {version}\n")
    lines = points or [f"{name} = acme_ner.{name}" for name in FILES]
    (info / "entry_points.txt").write_text("[xner_hf.methods]\n" + "\n".join(lines) + "\n")


def python(package, *arguments, fails=False):
    path = os.pathsep.join([str(package), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


def run(package, code):
    return json.loads(python(package, "-c", f"import json\n{code}\nprint(json.dumps(result))"))


def test_methods_of_another_package_are_listed_with_their_package(package):
    found = json.loads(python(package, "-m", "xner_hf", "methods", "--json"))
    for kind, name in (("aligner", "diagonal"), ("score", "spoken"), ("projector", "opening"), ("loss", "absolute")):
        (row,) = [one for one in found[kind] if one["name"] == name]
        assert row["package"] == "acme-ner" and row["does"]
    (step, _) = next(one for one in found["aligner"] if one["name"] == "diagonal")["settings"]
    assert step == {"key": "step", "default": None, "meaning": "file with a number"}


def test_a_build_with_a_new_aligner_and_a_new_score_is_licensed_cited_and_documented(package, tmp_path):
    step = tmp_path / "step"
    step.write_text("99")  # so far that there are no links: the new score alone projects
    out = tmp_path / "build"
    settings = [
        f"aligner.step={step}",
        "projector.method=candidates",
        "projector.liked=hau",
        "projector.min_surface=2",
    ]
    options = [word for setting in settings for word in ("--set", setting)]
    command = ("-m", "xner_hf", "build", "hau", "--recipe", "sample", "--output", str(out), "--quiet")
    python(package, *command, "--set", "aligner.method=diagonal", *options)
    build = json.loads((out / "build.json").read_text())
    assert build["recipe"]["aligner"]["step"] == str(step)
    assert build["recipe"]["projector"]["liked"] == "hau"
    (read,) = [one for one in build["inputs"] if one["role"] == "aligner"]
    assert (read["kind"], read["name"]) == ("files", str(step))
    assert {"name": str(step), "licence": "cc-by-nc-4.0", "licence_class": "non-commercial"} in build["licences"]
    assert build["licence"]["licence_class"] == "non-commercial"
    assert build["revisions"][str(step)].startswith("content ")
    assert build["versions"]["acme-ner"] == "1.0"
    assert build["stage_versions"]["align"] == STAGE_VERSIONS["align"]
    assert "@misc{diagonal, title = {Diagonals}}" in build["citations"]
    assert "@misc{diagonal, title = {Diagonals}}" in bibtex(of_build(build), "")
    assert build["statuses"]["projected"] > 0


def test_what_decides_a_new_method_decides_the_cached_stages(package, tmp_path):
    step = tmp_path / "step"
    step.write_text("0")
    code = f"""
from xner_hf.pipeline.inputs import sign
from xner_hf.recipe import make_recipe
def signed(score=1.0, liked="hau"):
    own = {{"aligner": {{"method": "diagonal", "step": {str(step)!r}, "score": score}}}}
    own["projector"] = {{"method": "candidates", "liked": liked}}
    found = sign(make_recipe("hau", "sample", own))
    return [found.align, found.project]
result = [signed(), signed(0.5), signed(liked="swa")]
"""
    first, other_score, other_liking = run(package, code)
    assert run(package, code)[0] == first
    assert first[0] != other_score[0] and first[1] != other_score[1]
    assert first[0] == other_liking[0] and first[1] != other_liking[1]
    step.write_text("1")
    moved = run(package, code)[0]
    assert moved[0] != first[0]
    release(package, "1.1")
    assert run(package, code)[0][0] != moved[0]
    release(package, "1.0")


def test_what_a_new_filter_reads_decides_the_cache_and_is_licensed_and_cited(package, tmp_path):
    words, out = tmp_path / "words", tmp_path / "build"
    words.write_text("Kano")
    command = ("-m", "xner_hf", "build", "hau", "--recipe", "sample", "--output", str(out), "--quiet")
    python(package, *command, "--set", f"filters.word_list={words}")
    build = json.loads((out / "build.json").read_text())
    assert build["reasons"]["filtered:listed"] > 0 and build["rows"]["train"] > 0
    assert [one["name"] for one in build["inputs"] if one["role"] == "filters"] == [str(words)]
    assert {"name": str(words), "licence": "cc-by-4.0", "licence_class": "permissive"} in build["licences"]
    assert "@misc{listed}" in build["citations"]
    words.write_text("Jos")
    python(package, *command, "--set", f"filters.word_list={words}")
    assert json.loads((out / "build.json").read_text())["signature"] != build["signature"]


def test_installing_a_package_changes_no_build_that_does_not_use_it(package, tmp_path):
    code = """
from xner_hf.pipeline.inputs import sign
from xner_hf.recipe import make_recipe
result = sign(make_recipe("hau", "sample", {"projector": "candidates"})).project
"""
    assert run(package, code) == run(tmp_path, code)


def test_a_new_projector_and_a_new_score_project_pairs(package):
    code = """
from xner_hf.align import Link
from xner_hf.project import SentencePair
from xner_hf.pipeline.store import STAGE_VERSIONS
from xner_hf.publish.citations import bibtex, of_build
from xner_hf.registry import make
from xner_hf.spans import Span
pair = SentencePair(["x"], [Span(0, 1, "PER")], ["a", "b"], [], language="hau")
result = [
    make("projector", "opening", {"words": 2}).project(pair),
    make("projector", "candidates", {"liked": "hau"}).project(pair),
    make("projector", "candidates", {"liked": "swa"}).project(pair),
]
"""
    opening, liked, other = run(package, code)
    assert opening == [[0, 2, "PER", 1.0, 0, "projected"]]
    assert liked == [[0, 1, "PER", 0.75, 0, "projected"]]
    assert other == [[-1, -1, "PER", 0.0, 0, "unaligned"]]


def test_a_score_is_told_the_languages_of_own_pairs(package, tmp_path):
    row = {"source_tokens": ["x"], "target_tokens": ["a"], "source_entities": [{"start": 0, "end": 1, "label": "PER"}]}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row))
    command = ("-m", "xner_hf", "project", str(tmp_path / "pairs.jsonl"), "--aligner", "none", "--json")
    command = (*command, "--projector", "candidates", "--set", "projector.liked=hau")
    liked = json.loads(python(package, *command, "--target-language", "hau"))
    other = json.loads(python(package, *command, "--target-language", "swa"))
    assert (liked["statuses"], other["statuses"]) == ({"projected": 1}, {"unaligned": 1})


def test_a_new_loss_of_soft_labels_is_a_setting_of_the_training(package):
    code = """
import torch
from xner_hf.training.config import training_config
from xner_hf.training.losses import soft_loss
config = training_config({"loss.soft": "absolute", "loss.factor": 3.0})
logits, soft = torch.zeros(1, 2, 2), torch.tensor([[[1.0, 0.0], [0.0, 0.0]]])
result = [soft_loss(logits, soft, config.loss).item(), training_config(config.to_dict()) == config]
"""
    loss, same = run(package, code)
    assert loss == pytest.approx(3.0)  # |0.5 - 1| + |0.5 - 0| = 1, of the only word with a distribution
    assert same


def test_a_wrong_setting_of_a_new_method_is_refused_as_any_other(package, tmp_path):
    said = python(
        package,
        *("-m", "xner_hf", "build", "hau", "--recipe", "sample", "--output", str(tmp_path / "out")),
        *("--set", "aligner.method=diagonal", "--set", "aligner.stop=3"),
        fails=True,
    )
    assert "the aligner 'diagonal' has no key 'stop'. Did you mean 'step'?" in said


def test_an_entry_point_that_cannot_be_imported_names_its_package(tmp_path):
    release(tmp_path, "1.0", ["gone = acme_ner.gone"])
    said = python(tmp_path, "-m", "xner_hf", "methods", fails=True)
    assert "the package acme-ner registers methods in acme_ner.gone, which cannot be imported" in said


def test_two_methods_of_one_name_are_refused():
    assert "none" in methods("aligner")
    with pytest.raises(XnerError, match="two methods are called aligner 'none'"):

        @register("aligner", "none")
        class Other(Method):
            pass

    with pytest.raises(XnerError, match="no kind of method 'aligners'. Did you mean 'aligner'"):
        register("aligners", "x")


def test_the_reference_page_is_that_of_the_registry():
    page = Path(__file__).parent.parent / "docs" / "methods.md"
    assert page.read_text(encoding="utf-8") == reference.methods_page(), (
        "write it again: python -m xner_hf.reference > docs/methods.md"
    )


@pytest.mark.parametrize("kind", ROOMS)
def test_every_method_and_every_setting_is_explained(kind):
    for row in reference.method_rows(kind):
        assert row["does"] and all(one["meaning"] for one in row["settings"])
    assert len(methods(kind)) >= 2


def test_the_role_of_an_input_stands_below_that_of_its_method():
    one = Input("model", "a/b", "translation_model").used_as("projector")
    assert (one.role, one.name) == ("projector.translation_model", "a/b")
    assert Input("model", "a/b").used_as("tagger").role == "tagger"
    assert one.to_dict() == {
        "kind": "model",
        "name": "a/b",
        "role": "projector.translation_model",
        "licence_class": "unknown",
    }
