"""Settings of a backbone, read from a file."""

from __future__ import annotations

import pytest

from xner_hf.backbone import load_backbone_config
from xner_hf.errors import XnerError


@pytest.fixture
def read(tmp_path):
    """The function that reads a text as a file of settings."""

    def load(text):
        (tmp_path / "given.yaml").write_text(text, encoding="utf-8")
        return load_backbone_config(tmp_path / "given.yaml")

    return load


def test_a_list_of_languages_takes_the_parallel_text_of_the_table(read):
    found = read("body: org/name\nlanguages: [luo, ewe, yo]\n")
    assert found.languages == {
        "luo": ("masakhane/mafand:en-luo",),
        "ewe": ("masakhane/mafand:fr-ewe", "xner/bible:eng-ewe"),
        "yor": ("masakhane/mafand:en-yor", "xner/bible:eng-yor", "uds-lsv/menyo20k_mt:en-yo"),
    }
    assert found.to_dict()["languages"]["luo"] == ["masakhane/mafand:en-luo"]


def test_a_language_may_have_text_of_its_own(read):
    found = read("body: org/name\nlanguages: {luo: ['a.eng,a.luo', b.tsv], hau: null}\n")
    assert found.languages == {"luo": ("a.eng,a.luo", "b.tsv"), "hau": ("masakhane/mafand:en-hau",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("languages: [luo]\n", "lacks the key 'body'"),
        ("body: org/name\n", "lacks the key 'languages'"),
        ("body: org/name\nlanguages: [luo]\nvocabulery: 9\n", "no key 'vocabulery'.*vocabulary"),
        ("body: org/name\nlanguages: [lou]\n", "lou"),
        ("body: org/name\nlanguages: []\n", "a list of codes"),
        ("body: org/name\nlanguages: [mya]\n", r"no parallel text of Burmese \(mya\).*Name some"),
        ("body: org/name\nlanguages: {luo: text.tsv}\n", "luo is 'text.tsv'; it takes a list"),
        ("body: org/name\nlanguages: [ewe, ee]\n", "ee is ewe, which is there already"),
        ("body: org/name\nlanguages: [luo]\nepochs: 0\n", "epochs is 0; it must be above 0"),
        ("body: org/name\nlanguages: [luo]\nmasked: 1.0\n", "masked is 1.0"),
        ("body: org/name\nlanguages: [luo]\nmax_length: 4\n", "max_length is 4"),
        ("body: org/name\nlanguages: [luo]\nbf16: 3\n", "bf16 is 3; it takes bool"),
        ("body: a\nbody: b\n", "'body' stands twice"),
        ("- a\n", "YAML mapping"),
    ],
)
def test_what_is_wrong_is_told_with_the_file(read, text, message):
    with pytest.raises(XnerError, match=f"(?s)given.yaml: .*{message}"):
        read(text)
