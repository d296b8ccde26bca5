"""The local builder, the exported folder and the Hub give the same rows and features of every bundled configuration.

Every way is tried in a process and a cache of its own, and the server's log tells which of them asked the Hub: for an
id of the Hub `datasets` would otherwise answer from what another way left in the cache.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hub_fixtures import client_environment, run_snippet
from server import start

from xner_hf.languages import languages

ROOT = Path(__file__).parents[2]
REPO = "xner/projected"
BUNDLED = [row.code for row in languages() if row.sample]
SPLITS = ["train", "validation", "rejected"]

LOAD = {
    "local builder": "import xner_hf\ndata = load_dataset(repo, config, recipe='sample')",
    "local builder, streamed": "import xner_hf\ndata = load_dataset(repo, config, recipe='sample', streaming=True)",
    "folder": "data = load_dataset(data_set, config)",
    "folder, streamed": "data = load_dataset(data_set, config, streaming=True)",
    "folder by pyarrow": "data = tables(lambda split: sorted(Path(data_set, config).glob(split + '-*.parquet')))",
    "Hub": "data = load_dataset(repo, config)",
    "Hub, streamed": "data = load_dataset(repo, config, streaming=True)",
    "Hub by pyarrow": """
from huggingface_hub import HfFileSystem
hub = HfFileSystem()
data = tables(lambda split: map(hub.open, sorted(hub.glob(f'datasets/{repo}/{config}/{split}-*.parquet'))))
""",
}

TOLD = """
import hashlib, json, sys
from pathlib import Path
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, Features, load_dataset

class Table:
    def __init__(self, files):
        self.table = pa.concat_tables([pq.read_table(file) for file in files])
        self.features = Features.from_arrow_schema(self.table.schema)

    def __iter__(self):
        return iter(self.table.to_pylist())

def tables(files):
    return {split: Table(files(split)) for split in ('train', 'validation', 'rejected')}

%s

def told(split):
    rows = [json.dumps(row, ensure_ascii=False) for row in split]
    digest = hashlib.sha256('\\n'.join(rows).encode()).hexdigest()
    return {'number': len(rows), 'first': json.loads(rows[0]), 'rows': digest, 'columns': list(split.features),
            'features': split.features.to_dict()}

result = {'splits': {name: told(data[name]) for name in data}, 'ours': 'xner_hf' in sys.modules}
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A server that has the data set of the bundled configurations, and the folder that was published there."""
    home = tmp_path_factory.mktemp("published")
    folder = home / "data"
    with start() as server:
        environment = client_environment(server.url, home / "hf-home") | {"XNER_CACHE": str(home / "xner")}
        scripts = [
            [ROOT / "dataset_scripts" / "projected.py", *BUNDLED, "--recipe", "sample", "--output", folder],
            [ROOT / "push_to_hub.py", "dataset", folder, "--repo", REPO],
        ]
        for script in scripts:
            done = subprocess.run([sys.executable, *script], cwd=home, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        yield server, folder
        assert not server.hub.failures


@pytest.fixture(scope="module")
def tell(published, tmp_path_factory):
    """The function (config, way) -> what a fresh process has read that way, and what it asked the server."""
    server, folder = published
    found = {}

    def tell(config, way):
        if (config, way) not in found:
            place = tmp_path_factory.mktemp("client")
            environment = client_environment(server.url, place / "home", token=None)
            # For streaming `datasets` imports torch where it is installed, which takes seconds and changes no row.
            environment |= {"XNER_CACHE": str(place / "xner"), "USE_TORCH": "0"}
            server.log.clear()
            code = TOLD % LOAD[way]
            told = run_snippet(code, environment, place, repo=REPO, data_set=str(folder), config=config)
            found[config, way] = told, [record.path for record in server.log]
        return found[config, way]

    return tell


def test_the_bundled_configurations_are_those_of_the_sample():
    assert BUNDLED == ["hau", "swa"]


@pytest.mark.parametrize("way", list(LOAD)[1:])
@pytest.mark.parametrize("config", BUNDLED)
def test_every_way_gives_the_rows_and_features_of_the_local_builder(tell, config, way):
    expected, _ = tell(config, "local builder")
    assert list(expected["splits"]) == SPLITS
    assert sum(split["number"] for split in expected["splits"].values()) == 160
    assert expected["splits"]["train"]["first"]["language"] == config
    assert tell(config, way)[0]["splits"] == expected["splits"]


@pytest.mark.parametrize("config", BUNDLED)
def test_only_the_local_builder_needs_this_package_and_only_the_hub_is_asked(tell, published, config):
    for way in LOAD:
        told, asked = tell(config, way)
        assert told["ours"] == way.startswith("local builder"), way
        files = {
            f"/datasets/{REPO}/resolve/{commit}/{config}/{split}-00000-of-00001.parquet"
            for split in SPLITS
            for commit in ("main", published[0].hub.head("dataset", REPO))
        }
        touched = {path.rpartition("/")[2] for path in asked if path in files}
        assert len(touched) == (3 if way.startswith("Hub") else 0), (way, asked)
        assert bool(asked) == way.startswith("Hub"), (way, asked)
