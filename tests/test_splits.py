"""What the name of a split says, and the two layouts of one data set."""

from __future__ import annotations

import pytest

from xner_hf.splits import canonical, parts, roles, translate


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("train", {"train"}),
        ("train_fr", {"train"}),
        ("partial-train", {"train"}),
        ("training", {"train"}),
        *((name, {"validation"}) for name in ("validation", "dev", "Dev", "val", "valid", "devel", "val_fr", "dev0")),
        *((name, {"test"}) for name in ("test", "test_fr", "TEST", "testa", "test1", "fr-test")),
        ("devtest", {"validation", "test"}),
        ("train_dev", {"train", "validation"}),
        ("news", set()),
        ("latest", set()),
        ("developers", set()),
    ],
)
def test_a_name_says_what_a_split_is_for(name, said):
    assert roles(name) == said


def test_a_development_set_is_called_validation_and_other_names_stay():
    assert [canonical(name) for name in ("dev", "val", "valid", "validation")] == ["validation"] * 4
    assert [canonical(name) for name in ("train", "test", "val_fr", "devtest", "x")] == [
        *("train", "test", "val_fr", "devtest", "x")
    ]


def test_slices_and_sums_have_their_names():
    assert parts("train[:10%] + dev[5:]+test") == ["train", "dev", "test"]


OURS, THEIRS = "{config}/{split}", "default/{split}_{config}"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [(("default", "train_fr"), ("fr", "train")), (("default", "val_en"), ("en", "validation"))],
)
def test_both_layouts_have_a_name_for_the_same_split(theirs, ours):
    assert translate(*theirs, THEIRS, OURS) == ours
    config, split = translate(*ours, OURS, THEIRS)
    assert (config, translate(config, split, THEIRS, OURS)) == ("default", ours)


def test_what_is_of_another_layout_has_no_other_name():
    assert translate("fr", "validation", THEIRS, OURS) is None
    assert translate("default", "train", THEIRS, OURS) is None
    assert translate("other", "train", "one/{split}", "two/{split}") is None
