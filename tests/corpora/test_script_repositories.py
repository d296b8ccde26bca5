"""Data sets that are a loading script on the Hub: from the Hub's Parquet copy, from raw files, else a clear word."""

from __future__ import annotations

import io
import json
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hub_fixtures import hub, hub_api, hub_env, run_client  # noqa: F401
from server import Fault

from xner_hf.corpora.hub import configs_of, place_of, splits_of
from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.raw import RawFile, read_raw
from xner_hf.corpora.raw_table import RAW
from xner_hf.errors import NotAvailable

GOLD = "masakhane/masakhaner2"
COMMIT = RAW[GOLD]["hau"].commit
RAW_TEST = f"/{COMMIT}/MasakhaNER2.0/data/hau/test.txt"
TEXT = "Halima B-PER\ntana O\nKano B-LOC\n. O\n\nRanar B-DATE\nJuma'a I-DATE\n O\n"
"""Two invented sentences as in the data set; the second ends in a word without letters, which occurs there.
Its date is no entity that is projected."""
ROWS = [
    [["Halima", "tana", "Kano", "."], [["PER", 0, 1], ["LOC", 2, 3]]],
    [["Ranar", "Juma'a", ""], []],
]

READ = """
from dataclasses import replace
from xner_hf.corpora.hub import CorpusSplit, content_digest, look_up
from xner_hf.corpora.labelled import read_labelled
from xner_hf.corpora.raw_table import RAW
from xner_hf.errors import NotAvailable, XnerError

def source(corpus, config, base, rows):
    RAW[corpus] = {config: replace(RAW[corpus][config], base=base, rows=rows)}

def read(reference, split="test", revision=None):
    try:
        found = [[s.tokens, [span[2:3] + span[:2] for span in s.spans]]
                 for s in read_labelled(reference, split, revision=revision)]
    except XnerError as error:
        return f"{type(error).__name__}: {error}"
    place = CorpusSplit(*reference.split(":"), split, revision)
    return [place.place(), [[words, [[label, start, end] for label, start, end in spans]] for words, spans in found],
            [content_digest(file) for file in place.files()]]
"""


@pytest.fixture
def raw_files():
    """A loopback server of files by path: (address, files, what was asked)."""
    files, asked = {}, []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(f"{self.command} {self.path}")
            body = files.get(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body or b"")

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", files, asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def script(hub, hub_api):  # noqa: F811
    """The function that makes a repository with a loading script; Parquet files by path go to the converted branch."""
    from server.accounts import Account

    hub.hub.tokens["hf_masakhane"] = Account("alice", "write", ("masakhane", "universalner"))
    api = hub_api("hf_masakhane")

    def make(corpus=GOLD, converted=None):
        api.create_repo(corpus, repo_type="dataset")

        def put(path, content, revision=None):
            api.upload_file(
                path_or_fileobj=content, path_in_repo=path, repo_id=corpus, repo_type="dataset", revision=revision
            )

        put("README.md", b"---\nlicense: cc-by-nc-4.0\nconfigs:\n- config_name: hau\n---\n")
        put(f"{corpus.partition('/')[2]}.py", b"raise RuntimeError('nobody may run this')\n")
        if converted:
            api.create_branch(corpus, branch="refs/convert/parquet", repo_type="dataset")
            api.delete_file("README.md", corpus, repo_type="dataset", revision="refs/convert/parquet")
            for path, content in converted.items():
                put(path, content, "refs/convert/parquet")
        return api

    return make


def parquet(tmp_path, text=TEXT):
    """The bytes of a Parquet file with the rows of `text`, as the Hub's conversion has them."""
    import pyarrow.parquet as pq

    (tmp_path / "rows.txt").write_text(text, encoding="utf-8")
    source = replace(RAW[GOLD]["hau"], rows={"test": None})
    sink = io.BytesIO()
    pq.write_table(read_raw([tmp_path / "rows.txt"], source, "test"), sink)
    return sink.getvalue()


def asked_of(hub):  # noqa: F811
    return [f"{record.method} {record.path}" for record in hub.log]


# Where a gold set is read from


def test_a_mirror_is_read_and_nothing_else_is_asked(mirror):
    assert place_of(GOLD, "hau") == "mirror"
    assert place_of(GOLD, "yor") is None
    assert place_of("google/xtreme", "PAN-X.af") is None
    assert [sentence.tokens[0] for sentence in read_labelled(f"{GOLD}:hau", "test")] == ["Halima", "Ranar", "Garba"]


def test_a_mirror_may_be_a_copy_of_the_converted_branch(monkeypatch, tmp_path):
    folder = tmp_path / "datasets" / GOLD / "hau"
    for split in ("test", "partial-train"):
        (folder / split).mkdir(parents=True)
        (folder / split / "0000.parquet").write_bytes(parquet(tmp_path))
    monkeypatch.setenv("XNER_MIRROR", str(tmp_path))
    assert configs_of(GOLD) == ["hau"]
    assert splits_of(GOLD, "hau") == ["train", "test"]
    assert [sentence.tokens for sentence in read_labelled(f"{GOLD}:hau", "test")] == [words for words, _ in ROWS]
    with pytest.raises(NotAvailable, match="only the first part of this split"):
        list(read_labelled(f"{GOLD}:hau", "train"))


@pytest.mark.parametrize("configs", ["- hau\n- yor\n", "- config_name: hau\n", "  []\n"])
def test_a_card_that_names_configurations_but_no_files_is_that_of_a_script(configs, monkeypatch, tmp_path):
    monkeypatch.setenv("XNER_MIRROR", str(tmp_path))
    folder = tmp_path / "datasets" / GOLD
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(f"---\nconfigs:\n{configs}---\n")
    with pytest.raises(NotAvailable, match="lists no configurations"):
        configs_of(GOLD)
    assert place_of(GOLD, "hau") is None


def test_parquet_of_the_repository_itself_comes_first(hub, script, hub_env, run_client, tmp_path, raw_files):  # noqa: F811
    api = script(converted={"hau/test/0000.parquet": b"not read"})
    card = b"---\nconfigs:\n- config_name: hau\n  data_files:\n  - split: test\n    path: hau/*.parquet\n---\n"
    for path, content in {"README.md": card, "hau/test.parquet": parquet(tmp_path)}.items():
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=GOLD, repo_type="dataset")
    hub.log.clear()
    code = READ + "source(corpus, 'hau', base, {'test': 2}); result = read(corpus + ':hau')"
    place, rows, digests = run_client(code, hub_env(None), corpus=GOLD, base=raw_files[0])
    assert (place, rows) == ("Parquet on the Hub", ROWS)
    assert digests == [f"{hub.hub.head('dataset', GOLD)}:hau/test.parquet"]
    assert not any("convert" in line for line in asked_of(hub)) and raw_files[2] == []


def test_gold_that_is_listed_but_cannot_be_read_signs_nothing(hub, script, hub_env, run_client, tmp_path):  # noqa: F811
    api = script(converted={})
    card = b"---\nconfigs:\n- config_name: hau\n  data_files:\n  - split: test\n    path: hau/*.parquet\n---\n"
    for path, content in {"README.md": card, "hau/test.parquet": parquet(tmp_path)}.items():
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=GOLD, repo_type="dataset")
    # A build without the leak check must not have the signature, and so the cache, of one with it.
    code = "from xner_hf.pipeline.inputs import _gold_files\nresult = _gold_files('hau')"
    hub.faults.append(Fault("status", path="/resolve/.*test.parquet", status=403, times=100))
    assert run_client(code, hub_env(None)) == []
    hub.faults.clear()
    assert run_client(code, hub_env(None)) == [f"{hub.hub.head('dataset', GOLD)}:hau/test.parquet"]


def test_the_copy_that_the_hub_made_of_a_script_comes_next(hub, script, hub_env, run_client, tmp_path, raw_files):  # noqa: F811
    script(converted={"hau/test/0000.parquet": parquet(tmp_path), "hau/validation/0000.parquet": parquet(tmp_path)})
    hub.log.clear()
    code = READ + "source(corpus, 'hau', base, {'test': 2})\nresult = [read(corpus + ':hau'), look_up(corpus, 'hau')]"
    code += "\nresult.append(read(corpus + ':hau', 'validation', 'refs/convert/parquet')[1])"
    environment = hub_env(None)
    (place, rows, digests), looked_up, named = run_client(code, environment, corpus=GOLD, base=raw_files[0])
    assert (place, rows, looked_up, named) == ("converted Parquet", ROWS, "converted Parquet", ROWS)
    commit = hub.hub.head("dataset", GOLD, "refs/convert/parquet")
    assert digests == [f"{commit}:hau/test/0000.parquet"]
    assert any(f"{commit}/hau/test/0000.parquet" in line for line in asked_of(hub)) and raw_files[2] == []
    offline = run_client(code, {**environment, "HF_HUB_OFFLINE": "1"}, corpus=GOLD, base=raw_files[0])
    assert offline[0][1] == ROWS  # what was read once is read again without a network


def test_raw_files_come_last_and_are_fetched_once(hub, script, hub_env, run_client, raw_files):  # noqa: F811
    import hashlib

    base, files, asked = raw_files
    script()
    files[RAW_TEST] = TEXT.encode()
    code = READ + "source(corpus, 'hau', base, {'validation': None, 'test': 2})\n"
    code += "result = [look_up(corpus, 'hau'), read(corpus + ':hau'), read(corpus + ':hau')]"
    environment = hub_env(None)
    looked_up, first, second = run_client(code, environment, corpus=GOLD, base=base)
    digest = f"{COMMIT}:hau/test:{hashlib.sha256(TEXT.encode()).hexdigest()}"
    assert looked_up == "raw files" and first == second == ["raw files", ROWS, [digest]]
    assert asked == [f"HEAD {RAW_TEST}", f"GET {RAW_TEST}"]
    files.clear()
    hub.stop()
    code += "\nresult.append(read(corpus + ':hau', 'validation'))"
    _, third, _, other = run_client(code, {**environment, "HF_HUB_OFFLINE": "1"}, corpus=GOLD, base=base)
    assert third == first and other.startswith("NotAvailable: ") and "XNER_MIRROR" in other
    assert len(asked) == 2


def test_a_configuration_that_only_the_raw_files_have_is_read_from_them(script, hub_env, run_client, raw_files):  # noqa: F811
    base, files, _ = raw_files
    script("masakhane/mafand", converted={"en-hau/test/0000.parquet": b"not read"})
    folder = f"/{RAW['masakhane/mafand']['en-luo'].commit}/data/text_files/en_luo"
    files[f"{folder}/test.en"] = "\ufeffOne . \n\nThree .\r\nTwo .\n".encode()
    files[f"{folder}/test.luo"] = b"Achiel .\nAriyo .\nAdek .\n\n"
    code = READ + "source(corpus, 'en-luo', base, {'test': 2})\nsplit = CorpusSplit(corpus, 'en-luo', 'test')\n"
    code += "result = [split.place(), list(split.rows())]"
    place, rows = run_client(code, hub_env(None), corpus="masakhane/mafand", base=base)
    assert place == "raw files"
    sentences = (("One .", "Achiel ."), ("Three .", "Adek ."))
    assert rows == [{"translation": {"en": english, "luo": luo}} for english, luo in sentences]


@pytest.mark.parametrize("there", [False, True], ids=["absent", "gated"])
def test_raw_files_stand_in_for_no_repository_that_is_absent_or_gated(
    there,
    hub,  # noqa: F811
    script,
    hub_env,  # noqa: F811
    run_client,  # noqa: F811
    raw_files,
):
    base, files, asked = raw_files
    files[RAW_TEST] = TEXT.encode()
    if there:
        script()
        hub.hub.repo("dataset", GOLD).gated = "auto"
    code = READ + "source(corpus, 'hau', base, {'test': 2})\nresult = read(corpus + ':hau')"
    message = run_client(code, hub_env(None), corpus=GOLD, base=base)
    assert message.startswith(f"NotAvailable: the corpus {GOLD} is not available from the Hub: ")
    assert asked == []


# What is refused


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["is not available", RAW_TEST, "404", "XNER_MIRROR"]),
        (b"<html>\nSign in\n</html>\n", [RAW_TEST, "line 1, '<html>'", "is not a word with one of the tags", "proxy"]),
        (b"Halima B-MISC\n", ["line 1, 'Halima B-MISC'", "B-PER"]),
        (TEXT.encode().partition(b"\n\n")[0], ["1 sentences instead of 2"]),
        (b"", ["0 sentences instead of 2"]),
        (b"Halima B-PER\nKano\n", ["line 2, 'Kano'"]),
        (b"\xff O\n", ["not UTF-8"]),
    ],
    ids=["missing", "sign-in page", "other tag", "cut off", "empty", "one column", "bytes"],
)
def test_what_is_not_the_data_set_is_refused_and_not_kept(content, words, raw_files, monkeypatch, tmp_path):
    from huggingface_hub import constants

    base, files, _ = raw_files
    files |= {} if content is None else {RAW_TEST: content}
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(tmp_path))
    monkeypatch.setitem(RAW, GOLD, {"hau": replace(RAW[GOLD]["hau"], base=base, rows={"test": 2})})
    file = RawFile(GOLD, "hau", "test")
    for read in (file.open, file.digest):
        with pytest.raises(NotAvailable) as caught:
            read()
        for word in [GOLD, *words]:
            assert word in str(caught.value)
    assert not file.cached and not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_script_without_any_other_copy_is_refused_with_what_to_do(script, hub_env, run_client):  # noqa: F811
    script("masakhane/other")
    message = run_client(READ + "result = read('masakhane/other:hau')", hub_env(None))
    assert message.startswith("NotAvailable: ")
    for word in (
        "masakhane/other",
        "cannot be read without running code",
        "XNER_MIRROR",
        "hf download masakhane/other",
    ):
        assert word in message


def test_a_configuration_without_a_known_source_is_named_with_those_that_have_one(script, hub_env, run_client):  # noqa: F811
    script("universalner/universal_ner")
    message = run_client(READ + "result = read('universalner/universal_ner:ru_pud')", hub_env(None))
    assert message.startswith("NotAvailable: ") and "no configuration 'ru_pud'" in message
    assert "as raw files: de_pud, en_ewt, en_pud, pt_pud, sv_pud" in message


def test_a_branch_that_is_named_is_meant(script, hub_env, run_client, raw_files):  # noqa: F811
    script()
    code = READ + "source(corpus, 'hau', base, {'test': 2})\n"
    code += "result = [read(corpus + ':hau', 'test', revision) for revision in ('main', 'refs/convert/parquet')]"
    main, branch = run_client(code, hub_env(None), corpus=GOLD, base=raw_files[0])
    assert "lists no configurations" in main and "is not available from the Hub" in branch
    assert raw_files[2] == []


# The command


def languages_command(capsys, monkeypatch, *arguments):
    from xner_hf.cli import main

    monkeypatch.setattr(sys, "argv", ["xner", "languages", *arguments])
    with pytest.raises(SystemExit, match="0"):
        main()
    return capsys.readouterr().out


def test_the_command_says_where_gold_sets_are_read_from_without_asking(capsys, monkeypatch):
    out = languages_command(capsys, monkeypatch, "deu", "--json")
    assert json.loads(out)["languages"][0]["gold_read_from"] == {
        "google/xtreme:PAN-X.de": "Parquet on the Hub",
        "unimelb-nlp/wikiann:de": "Parquet on the Hub",
        "ShkalikovOleh/europarl-ner:de": "Parquet on the Hub",
        "universalner/universal_ner:de_pud": "converted Parquet or raw files",
    }
    assert "masakhane/masakhaner2:hau (converted Parquet" in languages_command(capsys, monkeypatch, "hau")


def test_the_command_names_the_gold_sets_that_a_mirror_lacks(capsys, monkeypatch, mirror):
    rows = json.loads(languages_command(capsys, monkeypatch, "--json"))["languages"]
    here = {name: place for row in rows for name, place in row["gold_read_from"].items()}
    assert here.pop(f"{GOLD}:hau") == "mirror"
    assert set(here.values()) == {"not in the mirror"}
    assert "mirror (1)" in languages_command(capsys, monkeypatch)


def test_the_command_asks_the_hub_only_when_told_to(capsys, monkeypatch):
    out = languages_command(capsys, monkeypatch, "hau", "--check", "--json")
    message = json.loads(out)["languages"][0]["gold_read_from"][f"{GOLD}:hau"]
    assert message.startswith(f"not reachable: the corpus {GOLD} is not available from the Hub: ")
