"""Checkpoints from the Hub go through the same gate as those of a folder."""

from __future__ import annotations

import json

LOAD = """
from transformers import AutoModelForTokenClassification
from xner_hf.inference.checkpoint import load_checkpoint
from xner_hf.errors import XnerError

result = []
for name in names:
    try:
        load_checkpoint(AutoModelForTokenClassification, name)
        result.append("loaded")
    except XnerError as error:
        result.append(str(error))
"""


def test_an_index_on_the_hub_names_safetensors_beside_it_and_no_code_is_run(
    hub_api, hub_env, run_client, checkpoint, tmp_path
):
    import torch
    from safetensors.torch import load_file

    api, folder = hub_api(), checkpoint({"B-PER": ["Amina"]})
    ran = tmp_path / "ran"

    def upload(name):
        api.create_repo(name)
        api.upload_folder(repo_id=name, folder_path=str(folder))

    upload("xner/whole")
    config = (folder / "config.json").read_text()
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')")
    table = json.loads(config) | {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Config"}}
    (folder / "config.json").write_text(json.dumps(table))
    upload("xner/code")
    (folder / "config.json").write_text(config)
    weights = load_file(folder / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    index = {"metadata": {}, "weight_map": dict.fromkeys(weights, "pytorch_model.bin")}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    upload("xner/pickle")
    found = run_client(LOAD, hub_env(), names=["xner/whole", "xner/code", "xner/pickle"])
    assert found[0] == "loaded"
    assert "'xner/code' has its own code" in found[1] and not ran.exists()
    assert "'xner/pickle' names 'pytorch_model.bin'" in found[2]
