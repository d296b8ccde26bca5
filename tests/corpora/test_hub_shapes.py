"""Data sets as they lie on the Hub, which is not always as a mirror has them, and a Hub that fails."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_fixtures import hub, hub_api, hub_env, run_client  # noqa: F401
from server import Fault

UD = "universal-dependencies/universal_dependencies"
WIKINEURAL = "Babelscape/wikineural"
GOLD = "masakhane/masakhaner2"


def parquet(**columns):
    """The bytes of a Parquet file as any library writes it: without the features that `datasets` adds."""
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def tree(name, *relations):
    words = {
        "sent_id": [name],
        "text": ["Ada came ."],
        "tokens": [["Ada", "came", "."]],
        "upos": [["PROPN", "VERB", "_"]],
    }
    heads = pa.array([[2, 0, 2]], pa.list_(pa.uint16()))
    return parquet(**words, head=heads, deprel=[list(relations)], feats=[[None, None, None]])


@pytest.fixture
def put(hub, hub_api):  # noqa: F811
    """The function that puts files by path into a data set, on its main branch or on another."""
    from server.accounts import Account

    owners = ("universal-dependencies", "Babelscape", "UdS-LSV", "masakhane", "me")
    hub.hub.tokens["hf_owner"] = Account("alice", "write", owners)
    api = hub_api("hf_owner")

    def put(corpus, files, branch=None):
        api.create_repo(corpus, repo_type="dataset", exist_ok=True)
        if branch:
            api.create_branch(corpus, branch=branch, repo_type="dataset")
        for path, content in files.items():
            api.upload_file(
                path_or_fileobj=content, path_in_repo=path, repo_id=corpus, repo_type="dataset", revision=branch
            )
        return api

    return put


READ = """
from xner_hf.corpora.hub import CorpusSplit, configs_of, splits_of
from xner_hf.corpora.labelled import has_split, read_labelled
from xner_hf.corpora.trees import TreeReport, read_trees
from xner_hf.errors import XnerError

def told(call):
    try:
        return call()
    except XnerError as error:
        return f"{type(error).__name__}: {error}"

def labelled(reference, split):
    return told(lambda: [[one.tokens, one.tags] for one in read_labelled(reference, split)])
"""


@pytest.mark.parametrize("card", [True, False], ids=["card", "no card"])
def test_a_treebank_whose_development_set_is_called_dev(card, put, hub_env, run_client):  # noqa: F811
    splits = {
        "train": ("nsubj", "root", "punct"),
        "dev": ("nsubj:pass", "root", "punct"),
        "test": ("obj", "root", "x"),
    }
    files = {f"parquet/en_ewt/{split}.parquet": tree(f"{split}-1", *own) for split, own in splits.items()}
    if card:
        lines = [f"  - split: {split}\n    path: parquet/en_ewt/{split}.parquet\n" for split in splits]
        files["README.md"] = f"---\nconfigs:\n- config_name: en_ewt\n  data_files:\n{''.join(lines)}---\n".encode()
    put(UD, files)
    code = (
        READ
        + """
def trees(split):
    return [[one.id, one.heads, one.relations] for one in read_trees(corpus + ":en_ewt", split, TreeReport())]

names = CorpusSplit(corpus, "en_ewt", "train").class_names("upos")
result = [splits_of(corpus, "en_ewt"), trees("validation"), trees("dev"), trees("test")[0][0], names,
          has_split(corpus + ":en_ewt", "validation"), next(CorpusSplit(corpus, "en_ewt", "train").rows(["upos"]))]
"""
    )
    found, validation, dev, test, names, has, row = run_client(code, hub_env(None), corpus=UD)
    assert sorted(found) == ["dev", "test", "train"] and has
    assert validation == dev == [["dev-1", [2, 0, 2], ["nsubj", "root", "punct"]]]
    assert (test, names, row) == ("test-1", None, {"upos": ["PROPN", "VERB", "_"]})


def test_a_data_set_is_read_by_the_names_of_both_its_layouts(put, hub_env, run_client, tmp_path, write_corpus):  # noqa: F811
    rows = {"train_fr": [1, 2, 0], "val_fr": [0, 0, 5], "test_fr": [3, 0, 0], "val_en": [7, 8, 0]}
    words = ["Ada", "Sow", "."]
    put(
        WIKINEURAL,
        {
            "README.md": b"---\nlicense: cc-by-nc-sa-4.0\n---\n",
            **{
                f"data/{split}-00000-of-00001.parquet": parquet(tokens=[words], ner_tags=[tags], lang=[split[-2:]])
                for split, tags in rows.items()
            },
        },
    )
    code = (
        READ
        + """
asked = ["fr/train", "default/train_fr", "fr/validation", "default/val_fr", "default/test_fr", "en/validation"]
result = [labelled(f"{corpus}:{one.partition('/')[0]}", one.partition('/')[2]) for one in asked]
result += [sorted(configs_of(corpus)), sorted(splits_of(corpus, "fr")), sorted(splits_of(corpus, "default"))]
result += [labelled(corpus + ":fr", "none"), labelled(corpus + ":de", "validation")]
"""
    )
    train, theirs, ours, val, test, english, configs, splits, default, none, german = run_client(
        code, hub_env(None), corpus=WIKINEURAL
    )
    assert train == theirs == [[words, ["B-PER", "I-PER", "O"]]]
    assert ours == val == [[words, ["O", "O", "B-LOC"]]]
    assert test == [[words, ["B-ORG", "O", "O"]]] and english == [[words, ["O", "O", "O"]]]  # MISC is left out
    assert (configs, splits) == (["en", "fr"], ["test", "train", "validation"])
    assert default == ["test_fr", "train_fr", "validation_en", "validation_fr"]
    assert "no split 'none'" in none and "no configuration 'de'" in german

    # The same names, of a mirror that is laid out otherwise.
    names = {"ner_tags": ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC"]}
    mirrored = {"fr": {"train": "train_fr", "validation": "val_fr", "test": "test_fr"}, "en": {"validation": "val_en"}}
    write_corpus(
        tmp_path,
        WIKINEURAL,
        {
            config: {split: [{"tokens": words, "ner_tags": rows[one]}] for split, one in own.items()}
            for config, own in mirrored.items()
        },
        names,
    )
    environment = {**hub_env(None), "XNER_MIRROR": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    again = run_client(code, environment, corpus=WIKINEURAL)
    assert again[:9] == [train, theirs, ours, val, test, english, configs, splits, default]


def test_a_script_with_a_converted_copy_without_a_card_and_another_name_of_its_configuration(
    put,
    hub_env,  # noqa: F811
    run_client,  # noqa: F811
):
    corpus = "UdS-LSV/menyo20k_mt"
    card = b"---\nlicense: cc-by-nc-4.0\ndataset_info:\n  config_name: menyo20k_mt\n---\n"
    api = put(corpus, {"README.md": card, "menyo20k_mt.py": b"raise RuntimeError('nobody may run this')\n"})
    put(corpus, {}, "refs/convert/parquet")
    for name in ("README.md", "menyo20k_mt.py"):
        api.delete_file(name, corpus, repo_type="dataset", revision="refs/convert/parquet")
    pairs = parquet(translation=[{"en": "Ada came.", "yo": "Ada de."}])
    api.upload_file(
        path_or_fileobj=pairs,
        path_in_repo="menyo20k_mt/train/0000.parquet",
        repo_id=corpus,
        repo_type="dataset",
        revision="refs/convert/parquet",
    )
    code = (
        READ
        + """
from xner_hf.corpora.parallel import read_extra
result = [[[p.id, p.source, p.target] for p in read_extra("UdS-LSV/menyo20k_mt:" + config, "eng", "yor")]
          for config in ("en-yo", "menyo20k_mt")]
"""
    )
    ours, theirs = run_client(code, hub_env(None))
    words = [["Ada", "came", "."], ["Ada", "de", "."]]
    assert [row[1:] for row in ours] == [row[1:] for row in theirs] == [words]
    assert (ours[0][0], theirs[0][0]) == ("en-yo/train/0", "menyo20k_mt/train/0")


def test_tags_without_class_label_are_read_as_text_and_refused_as_numbers(put, hub_env, run_client):  # noqa: F811
    words = ["Ada", "Sow", "left"]
    put("me/text", {"a/train.parquet": parquet(tokens=[words], ner_tags=[["B-PER", "I-PER", "O"]])})
    put("me/numbers", {"a/train.parquet": parquet(tokens=[words], ner_tags=[[1, 2, 0]])})
    put("me/other", {"a/train.parquet": parquet(tokens=[words, words], ner_tags=[["O", "O", "O"], ["PER", "O", "O"]])})
    put("me/null", {"a/train.parquet": parquet(tokens=[words], ner_tags=[["O", None, "O"]])})
    code = READ + 'result = [labelled(f"me/{name}:a", "train") for name in ("text", "numbers", "other", "null")]'
    text, numbers, other, null = run_client(code, hub_env(None))
    assert text == [[words, ["B-PER", "I-PER", "O"]]]
    assert numbers.startswith("XnerError: me/numbers:a/train: the column 'ner_tags' carries no label names")
    assert "ClassLabel(names=[...])" in numbers and ".conll" in numbers
    assert "me/other:a/train, row 1: 'PER' is not a tag" in other
    assert "me/null:a/train holds no sentence: every row is without words, or a word or the tags are null" in null


# A Hub that fails

CHECK = """
from xner_hf.corpora import asking
from xner_hf.corpora.leakage import LeakCheck
from xner_hf.errors import XnerError
from xner_hf.pipeline.inputs import _gold_files
asking.PAUSES = (0.0, 0.0)
result = []
for look in (lambda: LeakCheck("hau", "org/own", "x").report(), lambda: _gold_files("hau")):
    try:
        result.append(look())
    except XnerError as error:
        result.append(f"{type(error).__name__}: {error}")
"""
SPLITS = [f"{GOLD}:hau/validation", f"{GOLD}:hau/test"]


@pytest.fixture
def gold(put):
    """Gold of Hausa on the Hub."""
    lines = "".join(f"  - split: {split}\n    path: hau/{split}.parquet\n" for split in ("validation", "test"))
    card = f"---\nconfigs:\n- config_name: hau\n  data_files:\n{lines}---\n".encode()
    sentence = parquet(tokens=[["Halima", "tana", "Kano"]], ner_tags=[["B-PER", "O", "B-LOC"]])
    put(GOLD, {"README.md": card, "hau/validation.parquet": sentence, "hau/test.parquet": sentence})


REPOSITORY, FILE = f"/api/datasets/{GOLD}", "/resolve/.*test.parquet"


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (REPOSITORY, {"kind": "status", "status": 503}),
        (REPOSITORY, {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}}),
        (REPOSITORY, {"kind": "drop"}),
        (FILE, {"kind": "status", "status": 500}),
    ],
    ids=["503", "429", "dropped", "500 of a file"],
)
def test_a_passing_fault_is_tried_again_and_then_stops_the_leak_check(
    path,
    fault,
    gold,
    hub,  # noqa: F811
    hub_env,  # noqa: F811
    run_client,  # noqa: F811
):
    hub.faults.append(Fault(**fault, path=path, times=1))
    report, digests = run_client(CHECK, hub_env(None))
    assert (report["status"], report["checked"], len(digests)) == ("done", SPLITS, 2)
    if path == FILE:
        return  # huggingface_hub itself asks for a file for half a minute
    hub.faults[:] = [Fault(**fault, path=path, times=1000)]
    for told in run_client(CHECK, hub_env(None)):
        assert told.startswith("HubFault: the Hub, or the way to it, fails just now") and GOLD in told


@pytest.mark.parametrize("status", [401, 404])
def test_a_refusal_is_an_absence_that_the_report_names(status, gold, hub, hub_env, run_client):  # noqa: F811
    hub.faults.append(Fault("status", path=f"/(api/)?datasets/{GOLD}", status=status, times=1000))
    report, digests = run_client(CHECK, hub_env(None))
    assert (report["status"], report["unreachable"], digests) == ("not done", SPLITS, [])


def test_without_a_network_the_cache_is_used_and_what_it_lacks_is_said(gold, hub, hub_env, run_client):  # noqa: F811
    filled, empty = hub_env(None), hub_env(None)
    online = run_client(CHECK, filled)
    hub.stop()
    assert run_client(CHECK, filled) == online  # nobody said that there is no network
    assert run_client(CHECK, {**filled, "HF_HUB_OFFLINE": "1"}) == online
    for told in run_client(CHECK, empty):
        assert told.startswith("HubFault: ") and "there is no network" in told and "set HF_HUB_OFFLINE=1" in told
    report, digests = run_client(CHECK, {**empty, "HF_HUB_OFFLINE": "1"})
    assert (report["status"], report["unreachable"], digests) == ("not done", SPLITS, [])
    read = READ + f'result = labelled("{GOLD}:hau", "test")'
    assert "there is no network" in run_client(read, empty)
    assert "HF_HUB_OFFLINE is set" in run_client(read, {**empty, "HF_HUB_OFFLINE": "1"})
