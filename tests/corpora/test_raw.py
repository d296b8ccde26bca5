"""The layouts of raw files, and the table that says where they lie."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from xner_hf.corpora.hub import configs_of, place_of, splits_of
from xner_hf.corpora.raw import read_raw
from xner_hf.corpora.raw_table import RAW, RawSource, addresses
from xner_hf.errors import XnerError
from xner_hf.languages import languages

GOLD = "masakhane/masakhaner2"


# The layouts


def rows_of(tmp_path, source, split, *texts):
    paths = [tmp_path / str(number) for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8", newline="")
    return read_raw(paths, replace(source, rows={split: None}), split)


def test_iob2_files_lose_their_comments_and_the_labels_that_are_no_entities(tmp_path):
    text = (
        "# sent_id = 1\n# text = Ada trat bei .\n1\tAda\tB-PER\t-\tx\n2\t#\tO\t-\t-\n3\tNATO\tB-OTH\t-\tx\n\n"
        "# sent_id = 2\n1\tYork\tB-O\t-\t-\n2\tNew York\tB-LOC\t-\t-\n"
    )
    table = rows_of(tmp_path, RAW["universalner/universal_ner"]["de_pud"], "test", text)
    assert table.to_pylist() == [
        {"id": "0", "tokens": ["Ada", "#", "NATO"], "ner_tags": [1, 0, 0]},
        {"id": "1", "tokens": ["York", "New York"], "ner_tags": [0, 5]},
    ]


def test_parts_of_speech_have_the_names_of_the_hub(tmp_path):
    from datasets import Features

    table = rows_of(tmp_path, RAW["masakhane/masakhapos"]["pcm"], "test", "Pipo NOUN\ndey AUX\n. PUNCT\n\n\n")
    assert table.to_pylist() == [{"id": "0", "tokens": ["Pipo", "dey", "."], "upos": [0, 17, 1]}]
    assert Features.from_arrow_schema(table.schema)["upos"].feature.names[:2] == ["NOUN", "PUNCT"]


def test_sides_of_different_length_are_refused(tmp_path):
    with pytest.raises(XnerError, match="2 lines of en but 1 of luo"):
        rows_of(tmp_path, RAW["masakhane/mafand"]["en-luo"], "test", "One .\nTwo .\n", "Achiel .\n")


def pair(english, hausa):
    return json.dumps({"translation": {"en": english, "hau": hausa}}, ensure_ascii=False)


def test_pairs_are_read_from_json_as_the_script_of_the_hub_does(tmp_path):
    lines = [pair("One .", "Ɗaya ."), pair("", "Biyu ."), "", pair(" Three .", "Uku . "), pair(None, "Huɗu .")]
    table = rows_of(tmp_path, RAW["masakhane/mafand"]["en-hau"], "train", "\n".join(lines) + "\n")
    assert table.to_pylist() == [
        {"translation": {"en": "One .", "hau": "Ɗaya ."}},
        {"translation": {"en": "Three .", "hau": "Uku ."}},
    ]


@pytest.mark.parametrize("line", ["<html>", "[]", "{}", pair("One .", "Daya .").replace("hau", "yor")])
def test_a_line_that_is_no_pair_of_the_languages_is_refused(line, tmp_path):
    with pytest.raises(XnerError, match="line 2, .* is not a pair of en and hau"):
        rows_of(tmp_path, RAW["masakhane/mafand"]["en-hau"], "train", pair("One .", "Daya .") + f"\n{line}\n")


# The table


def test_every_source_is_an_address_at_a_commit_with_splits_that_can_be_named():
    for corpus, sources in RAW.items():
        for config, source in sources.items():
            assert isinstance(source, RawSource) and source.layout in ("words", "iob2", "json", "sides")
            assert re.fullmatch("[0-9a-f]{40}", source.commit), (corpus, config)
            for split in source.rows:
                for url in addresses(source, split):
                    assert url.startswith("https://raw.githubusercontent.com/") and "{" not in url, (corpus, config)


def test_the_sources_cover_the_african_test_sets_of_the_language_table():
    gold = [reference.split(":") for row in languages() for reference in row.gold if reference.startswith(GOLD)]
    parallel = [reference.split(":") for row in languages() for reference in row.parallel if "mafand" in reference]
    assert len(gold) == 20 and len(parallel) == 20
    for corpus, config in gold + parallel:
        assert config in RAW[corpus] and place_of(corpus, config) == "converted Parquet or raw files"
    assert place_of("universalner/universal_ner", "ru_pud") == "converted Parquet"
    assert place_of("google/xtreme", "PAN-X.af") == "Parquet on the Hub"


def test_the_rows_of_the_mirror_are_those_that_the_table_counts(real_mirror):
    import pyarrow.parquet as pq

    for corpus in (GOLD, "masakhane/mafand"):
        for config in configs_of(corpus):
            counted = {split: n for split, n in RAW[corpus][config].rows.items() if n is not None}
            folder = real_mirror / "datasets" / corpus / config
            assert counted == {
                split: pq.read_metadata(folder / f"{split}-00000-of-00001.parquet").num_rows
                for split in splits_of(corpus, config)
            }
