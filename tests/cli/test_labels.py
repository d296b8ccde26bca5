"""Own labelled files: what is read of them is said and counted or refused, and ``--labels`` maps types everywhere."""

from __future__ import annotations

import json
from unicodedata import normalize

import pytest
from answers import done, refused

MODEL = "xner/minilm-conll2003-en"
WORDS = [["Halima", "lives", "in", "Kano", "."], ["Musa", "left", "Jos", "."]]
PLACES = [3, 2]


def tags(person, place):
    return [
        [f"{person}" if i == 0 else place if i == where else "O" for i in range(len(words))]
        for words, where in zip(WORDS, PLACES, strict=True)
    ]


def conll(labels, number=None):
    """Write the words with their tags, and with their numbers from `number` on in front."""

    def line(i, word, tag):
        return f"{word} {tag}\n" if number is None else f"{number + i} {word} {tag}\n"

    return "\n".join(
        "".join(line(i, *pair) for i, pair in enumerate(zip(words, row, strict=True)))
        for words, row in zip(WORDS, labels, strict=True)
    )


def pairs(label=None, form="NFC"):
    """Write pairs whose target side is the source side itself."""
    rows = []
    for words, where in zip(WORDS, PLACES, strict=True):
        row = {"source_tokens": [normalize(form, word) for word in words], "target_tokens": words}
        if label:
            row["source_entities"] = [
                {"start": 0, "end": 1, "label": label[0]},
                {"start": where, "end": where + 1, "label": label[1]},
            ]
        rows.append(json.dumps(row) + "\n")
    return "".join(rows)


@pytest.fixture
def files(tmp_path):
    texts = {
        "plain.conll": conll(tags("B-PER", "B-LOC")),
        "numbered.conll": conll(tags("B-PER", "B-LOC"), 1),
        "iob1.bio": conll(tags("I-PER", "I-LOC")),
        "bilou.iob2": conll(tags("U-PER", "U-LOC")),
        "lower.conll": conll(tags("B-per", "B-loc")),
        "own.conll": conll(tags("B-PERSON", "B-GPE")),
        "pairs.jsonl": pairs(),
        "own.jsonl": pairs(("PERSON", "GPE")),
        "known.jsonl": pairs(("PER", "LOC")),
    }
    texts["prefix.iob"] = "\n".join(line and f"en:{line}" for line in texts["plain.conll"].split("\n"))
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")


def scores(answer):
    found = done(answer)
    return [found[key] for key in ("precision", "recall", "f1", "gold")], found["gold_read"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "numbered.conll",
            ["numbered.conll: the first column numbers the words; they are read from column 2, their tags"],
        ),
        ("iob1.bio", ["iob1.bio: the tags are IOB1"]),
        ("bilou.iob2", ["bilou.iob2: the tags are BILOU"]),
        ("lower.conll", ["entity types renamed: loc -> LOC 2, per -> PER 2"]),
        ("prefix.iob", ["prefix.iob: every word begins with 'en:', which is taken off"]),
    ],
)
def test_gold_in_any_form_gives_the_scores_of_the_plain_file_and_says_how_it_was_read(xner, mirror, files, name, said):
    plain, nothing = scores(xner("evaluate", MODEL, "--gold", "plain.conll", "--json"))
    found, lines = scores(xner("evaluate", MODEL, "--gold", name, "--json"))
    assert found == plain and plain[3] == 4 and nothing == []
    assert [line[: len(want)] for line, want in zip(lines, said, strict=True)] == said
    code, _, err = xner("evaluate", MODEL, "--gold", name)
    assert code == 0 and f"gold: {said[0]}" in err


def test_evaluate_refuses_types_that_are_not_mapped_and_takes_the_mapping(xner, mirror, files):
    words = ("own.conll", "PERSON 2, GPE 2", "own.conll:1", "--labels", "'{PERSON: PER, GPE: LOC}'")
    refused(xner("evaluate", MODEL, "--gold", "own.conll", "--json"), *words)
    plain, _ = scores(xner("evaluate", MODEL, "--gold", "plain.conll", "--json"))
    mapped = xner("evaluate", MODEL, "--gold", "own.conll", "--labels", "{PERSON: PER, GPE: LOC}", "--json")
    assert scores(mapped) == (plain, ["entity types renamed: GPE -> LOC 2, PERSON -> PER 2"])


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("{PERSON: PLACE}", ["'PLACE'", "PER, ORG, LOC or O"]),
        ("PER", ["not a mapping"]),
        ("{a: [b]}", ["not a mapping"]),
        ("{", ["not YAML"]),
    ],
)
def test_a_mapping_that_is_none_is_refused(xner, mirror, files, labels, words):
    refused(xner("evaluate", MODEL, "--gold", "own.conll", "--labels", labels), *words)


def test_project_takes_a_mapped_file_as_tagger_and_keeps_own_types_that_are_not_mapped(xner, files):
    options = ("--projector", "candidates", "--json")
    refused(xner("project", "pairs.jsonl", "--tagger", "own.conll", *options), "PERSON 2, GPE 2", "--labels")
    for given in (("--labels", "{PERSON: PER, GPE: LOC}"), ("--set", "tagger.labels={PERSON: PER, GPE: LOC}")):
        rows = done(xner("project", "pairs.jsonl", "--tagger", "own.conll", *given, *options))["rows"]
        assert [[one["label"] for one in row["entities"]] for row in rows] == [["PER", "LOC"], ["PER", "LOC"]]
    rows = done(xner("project", "own.jsonl", "--labels", "{PERSON: PER}", *options))["rows"]
    assert [[one["label"] for one in row["source_entities"]] for row in rows] == [["PER", "GPE"], ["PER", "GPE"]]


def test_build_never_writes_a_sentence_whose_entities_it_does_not_know(xner, mirror, files):
    translate = ("build", "hau", "--recipe", "translate-train", "--set", "text.corpus=own.jsonl")
    tag = ("build", "hau", "--set", "text.corpus=pairs.jsonl", "--tagger", "own.conll")
    rest = ("--set", "projector.method=candidates", "--set", "validation_percent=0", "--output", "out", "--json")
    for command in (translate, tag):
        refused(xner(*command, *rest), "PERSON 2, GPE 2", "'{PERSON: PER, GPE: LOC}'")
        for given in (("--labels", "{PERSON: PER, GPE: LOC}"), ("--set", "tagger.labels={PERSON: PER, GPE: LOC}")):
            found = done(xner(*command, *given, *rest))
            assert (found["rows"]["train"], found["entities"]) == (2, {"LOC": 2, "PER": 2})
            assert found["read"] == ["entity types renamed: GPE -> LOC 2, PERSON -> PER 2"]
    left = done(xner(*translate, "--labels", "{PERSON: PER, GPE: O}", *rest))
    assert left["entities"] == {"PER": 2}
    assert left["read"][1] == "left out, not being projected: GPE 2"


def test_train_refuses_types_that_are_not_mapped_before_it_trains(xner, mirror, files, tmp_path):
    backbone = str(mirror / "models" / "xner" / "minilm-conll2003-en")
    options = ("train", "--arm", "direct", "--backbone", backbone, "--epochs", "1", "--output", "out")
    refused(xner(*options, "--corpus", "own.conll"), "PERSON 2, GPE 2", "--labels")
    assert not (tmp_path / "out" / "training.json").exists()
    code, _, err = xner(*options, "--corpus", "own.conll", "--labels", "{PERSON: PER, GPE: LOC}")
    assert code == 0 and "entity types renamed: GPE -> LOC 2, PERSON -> PER 2" in err
    facts = json.loads((tmp_path / "out" / "training.json").read_text(encoding="utf-8"))
    assert facts["data"]["read"] == ["entity types renamed: GPE -> LOC 2, PERSON -> PER 2"]
