import pytest, traceback, json, os, subprocess, sys, time
from pathlib import Path
import datasets
import xner_hf
from xner_hf.errors import XnerError
from datasets import load_dataset, get_dataset_config_names, load_dataset_builder


def show(name, f):
    t = time.time()
    try:
        r = f()
        print("##", name, round(time.time() - t, 2), "->", repr(r)[:900])
    except XnerError as e:
        print("##", name, "-> XnerError", str(e)[:500])
    except BaseException as e:
        print("##", name, "-> RAW", type(e).__name__, str(e)[:600])


def test_x(mirror, tmp_path, monkeypatch):
    import xner_hf.pipeline.run as run

    P = "xner/projected"
    show("plain", lambda: load_dataset(P, "hau", recipe="sample"))
    show("again", lambda: load_dataset(P, "hau", recipe="sample"))
    show("alias", lambda: load_dataset(P, "Hausa", recipe="sample", split="train[:10]"))
    show("features", lambda: load_dataset(P, "hau", recipe="sample")["train"].features)
    show("limit", lambda: load_dataset(P, "hau", recipe="sample", limit=20))
    show("heur", lambda: load_dataset(P, "hau", recipe="sample", projector="heuristic")["train"][0]["entities"])
    show("none", lambda: load_dataset(P, "hau", recipe="sample", aligner="none"))
    show("tagger", lambda: load_dataset(P, "hau", recipe="sample", tagger="xner/minilm-conll2003-en"))
    show("parallel", lambda: load_dataset(P, "hau"))
    show("stream", lambda: next(iter(load_dataset(P, "hau", recipe="sample", streaming=True)["train"])))
    show("stream2", lambda: load_dataset(P, "hau", recipe="sample", streaming=True))
    show("configs", lambda: len(get_dataset_config_names(P)))
    show("splits", lambda: datasets.get_dataset_split_names(P, "hau"))
    show("splits", lambda: load_dataset_builder(P, "hau", recipe="sample").info.splits)
    show("noconfig", lambda: load_dataset(P))
    show("unknown", lambda: load_dataset(P, "hao"))
    show("unknown kw", lambda: load_dataset(P, "hau", recpie="sample"))
    show("unknown recipe", lambda: load_dataset(P, "hau", recipe="samples"))
    show("unknown projector", lambda: load_dataset(P, "hau", recipe="sample", projector="heuristik"))
    show(
        "unknown setting",
        lambda: load_dataset(P, "hau", recipe="sample", projector={"method": "heuristic", "max_gapp": 1}),
    )
    show("revision", lambda: load_dataset(P, "hau", revision="main"))
    monkeypatch.setattr(run, "SHARD", 50)
    monkeypatch.setenv("XNER_CACHE", str(tmp_path / "c"))
    show("np2", lambda: load_dataset(P, "hau", recipe="sample", num_proc=2, cache_dir=str(tmp_path / "hf")))
    from xner_hf.builders.projected import ProjectedNer

    def direct():
        b = ProjectedNer(config_name="hau", recipe="sample")
        b.download_and_prepare()
        return b.cache_dir, b.as_dataset(), b.info.features

    show("direct", direct)

    def direct():
        b = ProjectedNer(config_name="hau", recipe="sample", cache_dir=str(tmp_path / "hf3"))
        b.download_and_prepare(file_format="parquet", output_dir=str(tmp_path / "pq"))
        return os.listdir(tmp_path / "pq")

    show("direct pq", direct)
    show("force", lambda: load_dataset(P, "hau", recipe="sample", download_mode="force_redownload"))
    show("save_infos", lambda: load_dataset(P, "hau", recipe="sample", verification_mode="all_checks"))
    show("data_dir", lambda: load_dataset(P, "hau", data_dir="x"))
    monkeypatch.setenv("XNER_HF_SOURCE", "hub")
    show("hub", lambda: load_dataset(P, "hau", recipe="sample", cache_dir=str(tmp_path / "hf2")))
    monkeypatch.delenv("XNER_HF_SOURCE")
    monkeypatch.delenv("XNER_MIRROR")
    show("nomirror", lambda: load_dataset(P, "hau"))
    show("no mirror swa", lambda: load_dataset(P, "nld"))
    show("no mirror nya", lambda: load_dataset(P, "nya"))
    run.SHARD
    from xner_hf.pipeline.build import write_build
    from xner_hf.recipe import make_recipe

    r = run.run_recipe(make_recipe("hau", "sample", {"limit": 12}))
    out = tmp_path / "out"
    show("build", lambda: write_build(r, out)["rows"])
    show("load folder", lambda: load_dataset(str(out)))
    show(
        "load folder name",
        lambda: (
            load_dataset(str(out), "hau")["train"].features,
            load_dataset(P, "hau", recipe="sample")["train"].features
            == load_dataset(str(out), "hau")["train"].features,
        ),
    )
