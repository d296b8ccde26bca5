"""The parallel text of a backbone: nothing lost, nothing leaked, the same division for the same text."""

from __future__ import annotations

import pytest

from xner_hf.backbone.text import read_text
from xner_hf.errors import XnerError


def write_tsv(path, rows):
    path.write_text("".join(f"{source}\t{target}\n" for source, target in rows), encoding="utf-8")
    return str(path)


def words(pairs):
    return [(" ".join(pair.source), " ".join(pair.target)) for pair in pairs]


def test_every_row_is_learnt_from_held_out_or_rejected_with_a_reason(config):
    text = read_text(config())
    for code, (reference,) in config().languages.items():
        kept = len(text.train[code]) + len(text.held_out[code])
        assert text.rows[reference] == kept + sum(text.rejected[reference].values())
        assert len(text.held_out[code]) == 10 and text.leakage[reference]["status"] == "done"
    # Of Hausa's pairs 20 stand in the invented evaluation splits.
    assert text.rejected["masakhane/mafand:en-hau"] == {"evaluation_overlap": 20}


def test_evaluation_sentences_empty_sides_and_copies_are_left_out(config, tmp_path):
    file = write_tsv(
        tmp_path / "text.tsv",
        [
            ("Amina saw Kano", "Amina neno Kano piny"),
            ("Amina saw Kano", "Amina neno Kano piny"),
            ("", "Musa neno Jos matek"),
            ("Musa left Jos", "Musa weyo Jos matek"),
            ("Halima praised Jos yesterday .", "halima PAKO jos nyoro"),  # stands in the test split
        ],
    )
    text = read_text(config(languages={"luo": (file,)}, held_out=1))
    assert text.rows == {file: 5}
    assert text.rejected == {file: {"duplicate": 1, "empty_side": 1, "evaluation_overlap": 1}}
    assert sorted(words(text.train["luo"] + text.held_out["luo"])) == [
        ("Amina saw Kano", "Amina neno Kano piny"),
        ("Musa left Jos", "Musa weyo Jos matek"),
    ]


def test_which_pairs_are_held_out_rests_on_the_text_alone(config, tmp_path):
    rows = [(f"word {n}", f"wach {n}") for n in range(30)]
    one = read_text(config(languages={"luo": (write_tsv(tmp_path / "a.tsv", rows),)}))
    other = read_text(config(languages={"luo": (write_tsv(tmp_path / "b.tsv", rows[::-1]),)}))
    assert sorted(words(one.held_out["luo"])) == sorted(words(other.held_out["luo"]))
    assert not set(words(one.held_out["luo"])) & set(words(one.train["luo"]))


def test_the_source_language_is_that_of_the_configuration(config, shared, write_corpus):
    rows = [{"translation": {"en": f"word {n}", "ewe": f"nya {n}"}} for n in range(12)]
    write_corpus(shared, "org/english-ewe", {"eng-ewe": {"train": rows}})
    text = read_text(config(languages={"ewe": ("org/english-ewe:eng-ewe",)}))  # whose own source is French
    assert text.sources["ewe"] == ["eng"] * 2


def test_too_little_text_to_hold_pairs_out_is_refused(config, tmp_path):
    file = write_tsv(tmp_path / "text.tsv", [("one", "achiel")] * 9)
    with pytest.raises(XnerError, match="luo: there are 1 pairs in .*10 are to be held out. Name more text"):
        read_text(config(languages={"luo": (file,)}))


def test_an_evaluation_set_is_no_text(config):
    with pytest.raises(XnerError, match="is an evaluation set"):
        read_text(config(languages={"luo": ("masakhane/masakhaner2:luo",)}))
