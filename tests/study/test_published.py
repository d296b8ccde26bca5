"""Published figures: the shipped file, its checks, and the table that keeps them apart."""

from __future__ import annotations

import copy

import pytest
import yaml

from xner_hf.errors import XnerError
from xner_hf.study.published import published_markdown, read_published

MASAKHANER = "masakhane/masakhaner2"
SYSTEM = {
    "source": "Nobody 2020",
    "setting": "none",
    "model": "none",
    "translator": "none",
    "data": "org/gold test",
    "metric": "F1",
    "differs": "everything",
    "systems": [{"name": "one", "f1": {"luo": 50.5}, "mean": 50.5}],
}


def test_the_means_that_were_published_are_those_of_the_figures() -> None:
    for one in read_published():
        if one.f1 and one.mean is not None:  # both are rounded to .1
            assert sum(one.f1.values()) / len(one.f1) == pytest.approx(one.mean, abs=0.1), one.name


def test_figures_of_the_paper_that_this_package_follows_are_there() -> None:
    known = {(one.name, one.data.split()[0], one.source.split(",")[0]): one for one in read_published()}
    heuristic = known["heuristic, AWESOME", "masakhane/masakhaner2", "Politov"]
    assert (heuristic.f1["luo"], heuristic.f1["tsn"], heuristic.mean) == (75.1, 82.2, 67.3)
    assert known["model transfer", "google/xtreme", "Politov"].f1["yor"] == 32.3
    assert len(known["model transfer", "google/xtreme", "Politov"].f1) == 39


def test_every_line_of_the_table_says_what_differs() -> None:
    text = published_markdown([("luo", f"{MASAKHANER}:luo"), ("tsn", f"{MASAKHANER}:tsn")])
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert lines[0].startswith("| system | luo | tsn |") and lines[0].endswith("| what differs |")
    told = {one.differs for one in read_published()}
    assert len(lines) > 10
    assert all(line.rsplit(" | ", 1)[1].removesuffix(" |") in told for line in lines[2:])
    assert text.startswith("### Published figures, not comparable with ours")


def test_systems_with_figures_for_other_languages_only_are_counted() -> None:
    assert "T-Projection" in published_markdown([("hau", MASAKHANER)])
    luo = published_markdown([("luo", MASAKHANER)])
    assert "| T-Projection [" not in luo
    assert "Not shown:" in luo
    assert "| TransFusion [" in luo  # a mean only


def test_an_unknown_data_set_is_refused() -> None:
    with pytest.raises(XnerError, match="no published figures on 'masakhane/masakhaner'. Did you mean"):
        published_markdown([("luo", "masakhane/masakhaner:luo")])


def test_each_data_set_has_its_own_figures_and_a_language_one_column_in_it() -> None:
    swahili = [("swa", f"{MASAKHANER}:swa"), ("swa", "google/xtreme:PAN-X.sw"), ("swa", "google/xtreme:PAN-X.sw")]
    text = published_markdown([*swahili, ("luo", "org/gold:luo")])
    masakhaner, panx, other = text.split("#### ")[1:]
    for part, name in ((masakhaner, MASAKHANER), (panx, "google/xtreme")):
        assert part.startswith(name) and "| system | swa | mean (languages) |" in part
        published = [f"{one.f1['swa']:.1f}" for one in read_published() if one.dataset == name and "swa" in one.f1]
        shown = [line.split(" | ")[1] for line in part.splitlines() if line.startswith("| ")]
        assert [figure for figure in shown[2:] if figure != "-"] == published
    assert published and masakhaner != panx
    assert other == "org/gold\n\nNothing is known of others here.\n"


def test_a_system_takes_the_fields_of_its_publication_unless_it_has_its_own(tmp_path) -> None:
    table = copy.deepcopy(SYSTEM)
    table["systems"].append({"name": "two", "mean": 60, "model": "larger"})
    path = tmp_path / "figures.yaml"
    path.write_text(yaml.safe_dump([table]))
    one, two = read_published(path)
    assert (one.model, one.f1, one.mean) == ("none", {"luo": 50.5}, 50.5)
    assert (two.model, two.source, two.f1, two.mean) == ("larger", "Nobody 2020", {}, 60)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"differs": None}, "Nobody 2020, one: 'differs' is None; it is needed"),
        ({"metric": "a | b"}, "without '|'"),
        ({"note": "x"}, "there is no field 'note'"),
        ({"f1": {"luo": 101}}, "the F1 of luo is 101"),
        ({"f1": {"luo": "50"}}, "the F1 of luo is '50'"),
        ({"f1": {"yo": 50}}, "'yo' is not an ISO 639-3 code"),
        ({"f1": {}, "mean": None}, "it needs 'f1'"),
        ({"mean": -1}, "the F1 of mean is -1"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(change, message, tmp_path) -> None:
    table = copy.deepcopy(SYSTEM)
    table["systems"][0] |= change
    path = tmp_path / "figures.yaml"
    path.write_text(yaml.safe_dump([table]))
    with pytest.raises(XnerError) as error:
        read_published(path)
    assert message in str(error.value)
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize("text", ["systems: []", "- 1", "- {source: x}", "- {source: x, systems: []}", "[", ""])
def test_what_is_no_list_of_publications_is_refused(text, tmp_path) -> None:
    path = tmp_path / "figures.yaml"
    path.write_text(text)
    with pytest.raises(XnerError, match="figures.yaml"):
        read_published(path)
