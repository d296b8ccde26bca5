"""The report of a build: what the page says, that it is safe to open, and builds that it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from markupsafe import escape

from xner_hf.errors import XnerError
from xner_hf.pipeline.chain import REASONS
from xner_hf.project.filters import filter_meanings
from xner_hf.report import write_report

ENTITY = [("start", pa.int32()), ("end", pa.int32()), ("label", pa.string()), ("score", pa.float32())]
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("tokens", pa.list_(pa.string())),
        ("ner_tags", pa.list_(pa.int64())),
        ("language", pa.string()),
        ("source_language", pa.string()),
        ("source_tokens", pa.list_(pa.string())),
        ("source_entities", pa.list_(pa.struct(ENTITY))),
        ("entities", pa.list_(pa.struct([*ENTITY, ("source", pa.int32()), ("status", pa.string())]))),
        ("links", pa.list_(pa.struct([("source", pa.int32()), ("target", pa.int32()), ("score", pa.float32())]))),
        ("reason", pa.string()),
    ]
)
B = {"PER": 1, "ORG": 3, "LOC": 5}
Read = Callable[..., tuple[str, Any]]


def row(
    identity: str,
    source: str,
    target: str,
    entities: list[tuple[int, int, str, str, int, int]] = (),
    links: list[tuple[int, int, float]] = (),
    reason: str | None = None,
) -> dict[str, Any]:
    """`entities` are (start, end, label, status, target start, target end)."""
    words = target.split()
    tags = [0] * len(words)
    for _, _, label, status, start, end in entities:
        if status == "projected":
            tags[start:end] = [B[label], *[B[label] + 1] * (end - start - 1)]
    return {
        "id": identity,
        "tokens": words,
        "ner_tags": [] if reason else tags,
        "language": "arb",
        "source_language": "eng",
        "source_tokens": source.split(),
        "source_entities": [{"start": s, "end": e, "label": k, "score": 0.75} for s, e, k, *_ in entities],
        "entities": [
            {"start": ts, "end": te, "label": k, "score": 0.5, "source": i, "status": status}
            for i, (_, _, k, status, ts, te) in enumerate(entities)
        ],
        "links": [{"source": a, "target": b, "score": p} for a, b, p in links],
        "reason": reason,
    }


TRAIN = [
    row(
        "t0",
        "Layla saw Cairo .",
        "رأت ليلى القاهرة .",
        [(0, 1, "PER", "projected", 1, 2), (2, 3, "LOC", "projected", 2, 3)],
        [(0, 1, 0.9), (1, 0, 0.8), (2, 2, 0.9), (3, 3, 1.0)],
    ),
    row("t1", "no names here", "babu suna nan"),
    row(
        "t2",
        'Ann <script>alert(1)</script> "joined" R&D',
        "<script>alert(1)</script> Ann 'ta' R&D \" onload=\"x",
        [(0, 1, "PER", "unaligned", -1, -1), (3, 4, "ORG", "projected", 3, 4)],
        [(3, 3, 0.4)],
    ),
]
VALIDATION = [row("v0", "Ọlá̀ slept", "Ọlá̀ sùn", [(0, 1, "PER", "projected", 0, 1)], [(0, 0, 0.6)])]
REJECTED = [
    row("r0", "Obi left", "", [(0, 1, "PER", "unaligned", -1, -1)], reason="empty <translation>"),
    row("r1", "Obi left", "ya tafi", [(0, 1, "PER", "conflict", -1, -1)], reason="filter: all_aligned"),
    row("r2", "Obi left", "ya tafi", [(0, 1, "PER", "conflict", -1, -1)], reason="filter: all_aligned"),
]
INFO = {
    "recipe": {"recipe": "parallel", "aligner": {"method": "itermax", "layer": 8}, "filters": ["a", "b<i>"]},
    "signature": "abc123",
    "language": "arb",
    "created": "2026-01-12",
    "versions": {"torch": "2.9"},
    "rows": {"in": 7, "train": 3, "validation": 1, "rejected": 3},
    "leak_check": "not done",
    "stages": [
        {"name": "align", "seconds": 125.0, "sentences": 7, "sentences_per_second": 0.056, "cached": True},
        {"name": "read", "seconds": 0.5},
    ],
    "homepage": "https://example.org/<x>",
}


def write_split(folder: Path, split: str, rows: list[dict[str, Any]], **options: Any) -> None:
    (folder / split).mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / split / "00000.parquet", **options)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "arb"
    for split, rows in (("train", TRAIN), ("validation", VALIDATION), ("rejected", REJECTED)):
        write_split(folder, split, rows)
    (folder / "build.json").write_text(json.dumps(INFO), encoding="utf-8")
    return folder


def test_the_page_is_report_html_in_the_build_or_the_given_file(build: Path, tmp_path: Path) -> None:
    assert write_report(build) == build / "report.html"
    elsewhere = tmp_path / "new" / "page.html"
    assert write_report(build, elsewhere) == elsewhere
    assert elsewhere.read_bytes() == (build / "report.html").read_bytes()


def test_two_writes_give_the_same_bytes(build: Path) -> None:
    assert write_report(build).read_bytes() == write_report(build).read_bytes()


def test_counts_are_those_of_the_parquet_files(build: Path, read: Read) -> None:
    page, seen = read(build)
    assert ["train", "3", "13", "1", "1", "1", "1"] in seen.rows  # sentences, words, without, PER, ORG, LOC
    assert ["validation", "1", "2", "0", "1", "0", "0"] in seen.rows
    assert ["rejected", "3", "–", "–", "0", "0", "0"] in seen.rows
    assert ["projected", "2", "1", "1", "4"] in seen.rows
    assert ["unaligned", "2", "0", "0", "2"] in seen.rows
    assert ["conflict", "2", "0", "0", "2"] in seen.rows
    assert ["low_score", "0", "0", "0", "0"] in seen.rows
    assert ["filter: all_aligned", "2"] in seen.rows
    assert ["empty <translation>", "1"] in seen.rows
    assert "do not add up" not in page


def test_statuses_and_reasons_are_explained_those_of_filters_where_they_occur(build: Path, read: Read) -> None:
    page, _ = read(build)
    assert "filtered:" not in page
    assert "no link leaves its words" in page
    lost = [
        row(f"t{i}", "Obi left", "ya tafi", [(0, 1, "PER", one, -1, -1)])
        for i, one in enumerate(filter_meanings(drop_sentences=False))
    ]
    rejected = [row(f"r{i}", "Obi left", "ya tafi", reason=reason) for i, reason in enumerate(REASONS)]
    write_split(build, "train", lost)
    write_split(build, "rejected", rejected)
    page, seen = read(build)
    for status, meaning in filter_meanings(drop_sentences=False).items():
        assert [status, "1", "0", "0", "1"] in seen.rows
        assert f'<th scope="row">{status}<small>{escape(meaning)}</small>' in page
    for reason, meaning in REASONS.items():
        assert [reason, "1"] in seen.rows
        assert f'<th scope="row">{reason}<small>{escape(meaning)}</small>' in page


def test_stages_and_provenance_come_from_build_json(build: Path, read: Read) -> None:
    _, seen = read(build)
    assert ["align", "7", "2 min 05 s", "0.1"] in seen.rows
    assert ["read", "–", "0.50 s", "–"] in seen.rows
    assert ["aligner.method", "itermax"] in seen.rows
    assert ["filters", "a, b<i>"] in seen.rows
    assert ["not done"] in seen.rows
    assert ["versions.torch", "2.9"] in seen.rows
    assert ["homepage", "https://example.org/<x>"] in seen.rows


def test_the_title_names_language_and_recipe(build: Path, read: Read) -> None:
    page, _ = read(build)
    assert "<title>arb · parallel · xner-hf build report</title>" in page


def test_every_section_shows_its_sentences_with_statuses_and_reasons(build: Path, read: Read) -> None:
    _, seen = read(build)
    assert [re.search(r"\b[tvr]\d", card)[0] for card in seen.cards["sample"]] == ["t0", "t1", "t2", "v0"]
    assert len(seen.cards["lost"]) == 1
    assert "unaligned" in seen.cards["lost"][0]
    assert len(seen.cards["rejected"]) == 3
    assert "rejected: empty <translation>" in seen.cards["rejected"][0]
    assert "No target words." in seen.cards["rejected"][0]
    assert {"PER · unaligned", "PER · conflict", "ORG", "LOC"} <= set(seen.drawn)


def test_words_are_drawn_unchanged_and_arabic_ones_from_right_to_left(build: Path, read: Read) -> None:
    page, seen = read(build)
    for sentence in TRAIN + VALIDATION:
        assert set(sentence["tokens"]) <= set(seen.drawn)
    assert page.count('direction="rtl"') == 1
    assert ("p", "dir", "auto") in seen.attributes


def test_data_never_becomes_markup(build: Path, read: Read) -> None:
    page, seen = read(build)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("<script") == 1
    assert not [name for _, name, _ in seen.attributes if name.startswith("on")]


def test_hostile_names_stay_inside_their_attributes(build: Path, read: Read) -> None:
    rows = [{**TRAIN[0], "language": '"><img src=x onerror=alert(1)>', "id": "'><b>"}]
    write_split(build, "train", rows)
    (build / "build.json").write_text(json.dumps({"language": "</title><b>\ud800", "recipe": "</style>"}))
    page, seen = read(build)
    assert not [tag for tag, _, _ in seen.attributes if tag == "img"]
    assert "<b>" not in page.split("</title>")[0]
    assert ("p", "lang", '"><img src=x onerror=alert(1)>') in seen.attributes


def test_nothing_is_loaded_from_anywhere(build: Path, read: Read) -> None:
    page, seen = read(build)
    for _, name, value in seen.attributes:
        if name in ("src", "href", "xlink:href", "action", "data", "srcset", "poster"):
            assert value.startswith("#")
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in page


def test_links_inside_the_page_have_targets(build: Path, read: Read) -> None:
    _, seen = read(build)
    ids = [value for _, name, value in seen.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for _, name, value in seen.attributes if name == "href"} <= set(ids)


def test_a_likelier_link_is_thicker(build: Path, read: Read) -> None:
    page, _ = read(build)
    widths = {
        float(score): float(width)
        for width, score in re.findall(r'stroke-width="([\d.]+)" opacity="[\d.]+"><title>([\d.]+)</title>', page)
    }
    assert sorted(widths) == [0.4, 0.6, 0.8, 0.9, 1.0]
    assert [widths[score] for score in sorted(widths)] == [1.9, 2.4, 3.0, 3.2, 3.5]


def test_the_sample_is_spread_evenly_over_shards_and_row_groups(build: Path, read: Read) -> None:
    write_split(build, "train", [row(f"t{i}", "a", "b") for i in range(90)], row_group_size=7)
    write_split(build, "validation", [row(f"v{i}", "a", "b") for i in range(10)])
    _, seen = read(build, sample=5)
    assert [re.search(r"[tv]\d+", card)[0] for card in seen.cards["sample"]] == ["t10", "t30", "t50", "t70", "v0"]


def test_a_sample_of_zero_shows_no_sentence_there(build: Path, read: Read) -> None:
    _, seen = read(build, sample=0)
    assert "sample" not in seen.cards


def test_rare_reasons_are_shown_beside_frequent_ones(build: Path, read: Read) -> None:
    rows = [row(f"r{i}", "a", "b", reason="rare" if i == 40 else "frequent") for i in range(100)]
    write_split(build, "rejected", rows)
    _, seen = read(build)
    assert len(seen.cards["rejected"]) == 15
    assert sum("rejected: rare" in card for card in seen.cards["rejected"]) == 1


def test_splits_without_rows_or_files_count_zero(build: Path, read: Read) -> None:
    write_split(build, "rejected", [])
    (build / "validation" / "00000.parquet").unlink()
    page, seen = read(build)
    assert ["validation", "0", "0", "0", "0", "0", "0"] in seen.rows
    assert ["No sentence was rejected.", "0"] in seen.rows
    assert "rejected" not in seen.cards
    assert "build.json counts 7 rows in, the Parquet files hold 3 in all splits." in page
    assert "build.json counts 1 rows in validation, the Parquet files hold 0." in page


def test_a_build_without_any_row_still_gives_a_page(build: Path, read: Read) -> None:
    for split in ("train", "validation", "rejected"):
        write_split(build, split, [])
    _, seen = read(build)
    assert ["projected", "0", "0", "0", "0"] in seen.rows
    assert seen.cards == {}


def test_labels_without_a_source_sentence_are_drawn_alone(build: Path, read: Read) -> None:
    alone = row("t0", "", "Kano ta yi", [(0, 1, "LOC", "projected", 0, 1)])
    alone["source_entities"] = []
    alone["entities"][0]["source"] = -1
    write_split(build, "train", [alone])
    _, seen = read(build)
    assert "No source words." in seen.cards["sample"][0]
    assert "Kano" in seen.cards["sample"][0]


def test_a_folder_that_is_no_build_is_explained(tmp_path: Path, build: Path) -> None:
    with pytest.raises(XnerError, match=r"is not a local folder.*xner build LANG"):
        write_report(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(XnerError, match=r"has no build\.json.*xner build LANG"):
        write_report(tmp_path / "empty")
    (tmp_path / "empty" / "build.json").write_text('{"language": "hau", "recipe": {"recipe": "sample"}}')
    with pytest.raises(XnerError, match=r"no Parquet file in train/.*xner build LANG"):
        write_report(tmp_path / "empty")
    assert sorted(p.name for p in (tmp_path / "empty").iterdir()) == ["build.json"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no JSON object"),
        ('{"recipe": {"recipe": "x"}}', "has no 'language'"),
        ('{"language": "arb"}', "has no 'recipe'"),
        ('{"language": "arb", "recipe": "x", "stages": 3}', "'stages' is not a list"),
    ],
)
def test_a_damaged_build_json_is_an_error(build: Path, text: str, message: str) -> None:
    (build / "build.json").write_text(text)
    with pytest.raises(XnerError, match=message):
        write_report(build)


def test_a_damaged_or_foreign_parquet_file_is_an_error(build: Path) -> None:
    file = build / "train" / "00000.parquet"
    pq.write_table(pa.table({"id": ["a"]}), file)
    with pytest.raises(XnerError, match=r"00000\.parquet has no column 'tokens'"):
        write_report(build)
    table = pa.Table.from_pylist(TRAIN, schema=SCHEMA)
    pq.write_table(table.set_column(7, "entities", table["source_entities"]), file)
    with pytest.raises(XnerError, match=r"'entities' is not a list of structs with 'source', 'status'"):
        write_report(build)
    file.write_bytes(b"not Parquet")
    with pytest.raises(XnerError, match="is not a Parquet file"):
        write_report(build)


def test_rows_that_contradict_themselves_are_errors_naming_the_row(build: Path) -> None:
    write_split(build, "train", [row("bad", "a b", "c", links=[(0, 1, 0.5)])])
    with pytest.raises(XnerError, match=r"row 'bad': the link 0-1 does not fit 2 source and 1 target"):
        write_report(build)
    write_split(build, "train", [row("bad", "a", "c", [(0, 1, "PER", "projected", 0, 2)])])
    with pytest.raises(XnerError, match=r"row 'bad', entities: the span \[0, 2\) PER does not fit"):
        write_report(build)
    orphan = row("bad", "a", "c", [(0, 1, "PER", "projected", 0, 1)])
    orphan["entities"][0]["source"] = 4
    write_split(build, "train", [orphan])
    with pytest.raises(XnerError, match="points to source entity 4 of 1"):
        write_report(build)


def test_wrong_arguments_are_errors(build: Path, tmp_path: Path) -> None:
    with pytest.raises(XnerError, match="sample size is -1"):
        write_report(build, sample=-1)
    with pytest.raises(XnerError, match="is a folder"):
        write_report(build, tmp_path)
