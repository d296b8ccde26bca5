"""The section of a study in the report of a build."""

from __future__ import annotations

import json
import re
import shutil
import sys

import pytest
from store_rows import failed, row
from study_file import ALIGNED, read_study

from xner_hf.errors import XnerError
from xner_hf.pipeline.build import build_corpus
from xner_hf.recipe import make_recipe
from xner_hf.report import write_report
from xner_hf.study import Store
from xner_hf.study.results import rows_of, summary_of
from xner_hf.study.tables import answer

PAIR = (f"{ALIGNED}+parse", ALIGNED)
CHANGES = {"arms/direct": ..., "arms/direct+parse": ..., "arms/gold": ..., "question": "Do <trees> help?\n"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of a build of the bundled Swahili sample."""
    folder = tmp_path_factory.mktemp("builds") / "swa"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("cache")))
        build_corpus(make_recipe("swa", "sample", {"projector": "heuristic"}), folder)
    return folder


@pytest.fixture
def build(built, tmp_path):
    """The build as one of another language, which the study has."""
    folder = shutil.copytree(built, tmp_path / "build")

    def of(language):
        facts = json.loads((folder / "build.json").read_text(encoding="utf-8"))
        (folder / "build.json").write_text(json.dumps({**facts, "language": language}), encoding="utf-8")
        return folder

    return of


@pytest.fixture
def study(tmp_path):
    """The function that writes a study with rows of some runs: F1 by arm, language and seed; None for a failed one."""

    def write(scores, changes=CHANGES):
        made = read_study(tmp_path, changes)
        for run in made.runs():
            place = tuple(run.settings[name] for name in ("label", "language", "seed"))
            if place not in scores:
                continue
            f1 = scores[place]
            one = failed(settings=dict(run.settings)) if f1 is None else row(settings=dict(run.settings))
            if f1 is not None:
                one["scores"] = {"f1": f1}
                one["predictions"] |= {"gold": run.settings["gold"]}
            Store(made.folder).add(one)
        return made

    return write


def both(languages=("luo", "wol"), seeds=(1, 2, 3)):
    """F1 of the primary contrast's arms; the difference is larger in the second language."""
    return {
        (arm, language, seed): 0.5 + 0.01 * seed * (1 + number) * (arm == PAIR[0]) + 0.1 * number
        for number, language in enumerate(languages)
        for arm in PAIR
        for seed in seeds
    }


def section(page):
    """Return the HTML of the study's section."""
    return re.search(r'<section aria-labelledby="study">.*?</section>', page, re.DOTALL)[0]


def plain(html):
    """Return the text of a piece of HTML on one line."""
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def test_question_answer_plots_and_scores_stand_in_the_page(build, study, read):
    pytest.importorskip("matplotlib")
    made = study(both())
    page, seen = read(build("luo"), study=made.path)
    found = section(page)
    assert "Do &lt;trees&gt; help?" in found and '<a href="#study">' in page
    wanted = answer(summary_of(made, rows_of(made)).primary)
    assert "Mean effect" in wanted and "detectable" in wanted
    assert f"{PAIR[0]} minus {PAIR[1]}. {wanted.replace('**', '')}" in plain(found)
    effect = re.findall(r"\*\*(.+?)\*\*", wanted)
    assert effect and all(f"<strong>{one}</strong>" in found for one in effect)
    total = len(made.runs())
    assert f"12 of {total} runs are made" in found and found.count("<svg") == 2
    assert [ALIGNED, "50.00 ± 0.00 (3)"] in seen.rows and ["arm", "luo"] in seen.rows
    assert "F1 by arm, in luo" in found


def test_the_page_stays_self_contained_and_its_ids_unique(build, study, read):
    pytest.importorskip("matplotlib")
    page, seen = read(build("luo"), study=study(both()).path)
    ids = [value for _, name, value in seen.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    # References within the plots, in attributes of their own and in styles, name what is there.
    named = [value[1:] for _, name, value in seen.attributes if name == "href"]
    named += [one for _, _, value in seen.attributes for one in re.findall(r"url\(#([^)]*)\)", value or "")]
    assert {"effects-", "f1-"} <= {one[: one.index("-") + 1] for one in named if "-" in one}
    assert set(named) <= set(ids)
    assert "http" not in section(page) and page.count("<style") == 1 and page.count("<script") == 1
    assert page.count("<!DOCTYPE") == 1 and "<?xml" not in page


def test_two_writes_with_a_study_give_the_same_bytes(build, study):
    folder, path = build("luo"), study(both()).path
    first = write_report(folder, study=path).read_bytes()
    assert first == write_report(folder, study=path).read_bytes()


def test_a_build_of_another_language_shows_all_languages(build, study, read):
    page, seen = read(build("hau"), study=study(both()).path)
    assert "in all languages of the study, which does not have hau" in page
    assert ["arm", "luo", "wol", "mean"] in seen.rows
    assert [ALIGNED, "50.00 ± 0.00 (3)", "60.00 ± 0.00 (3)", "55.00"] in seen.rows


def test_test_sets_of_the_language_have_names_of_their_own(build, study, read):
    languages = {"luo": None, "luo-2": {"code": "luo", "gold": "org/gold:luo"}, "wol": None}
    made = study(both(("luo", "luo-2")), {**CHANGES, "languages": languages})
    _, seen = read(build("luo"), study=made.path)
    assert ["arm", "luo", "luo-2"] in seen.rows


def test_failed_runs_are_told_as_failed(build, study, read):
    scores = {**both(), (ALIGNED, "luo", 3): None}
    page, seen = read(build("luo"), study=study(scores).path)
    assert "12 of " in page and "runs are made, 1 of them failed" in page
    assert [ALIGNED, "50.00 ± 0.00 (2), failed (1)"] in seen.rows


def test_a_finished_study_says_so(build, study, read):
    changes = {"arms": {name: {"seeds": [1, 2]} for name in PAIR}, "contrasts/text": ...}
    page, _ = read(build("luo"), study=study(both(seeds=(1, 2)), changes).path)
    assert "All 8 runs are made." in page


@pytest.mark.parametrize(("scores", "told"), [({}, "None of its"), ({(ALIGNED, "luo", 1): None}, "1 of them failed")])
def test_without_a_finished_run_a_line_says_so(build, study, read, scores, told):
    made = study(scores)
    page, seen = read(build("luo"), study=made.path)
    found = section(page)
    assert told in found and "no result yet" in found and "xner study run main.yaml" in found
    assert "<svg" not in found and "Mean effect" not in found
    assert ([ALIGNED, "failed (1)"] in seen.rows) == bool(scores)


def test_one_language_has_no_mean_effect_yet_and_its_plots(build, study, read):
    pytest.importorskip("matplotlib")
    page, _ = read(build("luo"), study=study(both(("luo",))).path)
    assert "there is no mean effect yet" in page and section(page).count("<svg") == 2
    page, _ = read(build("luo"), study=study({(ALIGNED, "wol", 1): 0.5}).path)
    assert section(page).count("<svg") == 2


def test_a_plot_that_has_nothing_to_show_says_why(build, study, read):
    pytest.importorskip("matplotlib")
    page, _ = read(build("luo"), study=study({(ALIGNED, "luo", 1): 0.5}).path)
    found = section(page)
    assert "no contrast has an effect yet" in found and found.count("<svg") == 1


def test_without_matplotlib_the_section_says_how_to_install_it(build, study, read, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page, seen = read(build("luo"), study=study(both()).path)
    assert "pip install matplotlib" in section(page) and "<svg" not in section(page)
    assert "Mean effect" in page and [ALIGNED, "50.00 ± 0.00 (3)"] in seen.rows


def test_a_missing_or_wrong_study_is_refused_before_the_page_is_written(build, study, tmp_path):
    folder, page = build("luo"), tmp_path / "page.html"
    made = study(both())
    (tmp_path / "wrong.yaml").write_text("arms: {}\n", encoding="utf-8")
    (tmp_path / "several").mkdir()
    several = read_study(tmp_path / "several", {**CHANGES, "backbones": ["org/one", "org/two"]})
    for path, backbone, message in (
        (tmp_path / "gone.yaml", None, r"gone\.yaml: the study cannot be read"),
        (tmp_path / "wrong.yaml", None, r"wrong\.yaml: .*backbones"),
        (several.path, None, "several backbones.*--backbone"),
        (several.path, "org/three", "no backbone 'org/three'"),
    ):
        with pytest.raises(XnerError, match=message):
            write_report(folder, page, study=path, backbone=backbone)
    one = min(made.folder.glob("*.json"))
    one.write_text(one.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    with pytest.raises(XnerError, match="is damaged"):
        write_report(folder, page, study=made.path)
    assert not page.exists()


def test_a_page_without_a_study_has_no_such_section(build):
    page = write_report(build("luo")).read_text(encoding="utf-8")
    assert "study" not in page.partition("</style>")[2]
