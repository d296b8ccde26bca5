"""Fixtures of all tests: caches of their own, no network, a small invented mirror of the Hub, and the real one."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import tempfile
from pathlib import Path

import hypothesis
import pytest

_CACHES = tempfile.TemporaryDirectory(prefix="xner-tests-")
# Read by datasets, evaluate and huggingface_hub when they are imported, so before any test module is.
for _name, _folder in {
    "HF_HOME": "",
    "HF_HUB_CACHE": "hub",
    "HF_DATASETS_CACHE": "datasets",
    "HF_MODULES_CACHE": "modules",
    "HF_EVALUATE_CACHE": "evaluate",
}.items():
    os.environ[_name] = os.path.join(_CACHES.name, _folder)
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

# A fixed seed, so that a run fails for what was changed rather than by chance; `make search` draws new examples. The
# seed does not settle them alone: hypothesis also draws constants of the code that is loaded. No example has a
# deadline, since no test asserts a time.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", max_examples=2000, deadline=None, print_blob=True)
hypothesis.settings.load_profile("repeatable")

REAL_MIRROR = os.environ.get("XNER_MIRROR")
BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[2] / "shared" / "hub"

NER_NAMES = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
LEXICON = {
    "B-PER": ["Amina", "Musa", "Halima"],
    "I-PER": ["Bello", "Garba"],
    "B-ORG": ["Barewa"],
    "I-ORG": ["Textiles"],
    "B-LOC": ["Kano", "Zaria", "Jos"],
    "B-DATE": ["Friday"],
}
"""What the invented tagger knows; every other word is O."""


def pytest_addoption(parser):
    parser.addoption("--write-stage-digests", action="store_true", help="write tests/pipeline/stage_digests.yaml")


def pytest_unconfigure():
    _CACHES.cleanup()


@pytest.fixture(autouse=True)
def isolated(monkeypatch, tmp_path_factory):
    """Give every test a fresh cache of stages, no mirror, and no word about where ``load_dataset`` looks."""
    monkeypatch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("xner-cache")))
    monkeypatch.delenv("XNER_MIRROR", raising=False)
    monkeypatch.delenv("XNER_HF_SOURCE", raising=False)


@pytest.fixture
def real_mirror(monkeypatch):
    """Set XNER_MIRROR to the mirror of the real data and return its folder; skip where there is none."""
    path = Path(REAL_MIRROR) if REAL_MIRROR else BESIDE_THE_REPOSITORY
    if not path.is_dir():
        pytest.skip(f"XNER_MIRROR is not set to a mirror of the data sets, and there is none at {path}")
    monkeypatch.setenv("XNER_MIRROR", str(path))
    return path


@pytest.fixture
def mirror(monkeypatch, shared_mirror, tmp_path):
    """Set XNER_MIRROR to a private copy of the invented mirror and return its folder."""
    path = shutil.copytree(shared_mirror, tmp_path / "mirror")
    monkeypatch.setenv("XNER_MIRROR", str(path))
    return path


@pytest.fixture(scope="session")
def shared_mirror(tmp_path_factory):
    """The folder of the invented mirror, which no test may change; XNER_MIRROR is left alone."""
    root = tmp_path_factory.mktemp("shared") / "mirror"
    _write_corpus(root, "masakhane/mafand", {"en-hau": {name: _translations(name) for name in _PAIRS}})
    gold = {name: _sentences(name) for name in _GOLD}
    _write_corpus(root, "masakhane/masakhaner2", {"hau": gold}, {"ner_tags": [*NER_NAMES, "B-DATE", "I-DATE"]})
    _write_corpus(root, "xner/masakhaner2-translated", {"leakage": {"train": _leakage_table()}})
    names = {"source_ner_tags": [*NER_NAMES, "B-MISC", "I-MISC"]}
    _write_corpus(root, "xner/conll2003-nllb", {"hau": {"train": _labelled_translations()}}, names)
    # The default English tagger by name, and one that has to be named.
    for name in ("dslim/bert-base-NER", "xner/minilm-conll2003-en"):
        _write_tagger(root / "models" / name, LEXICON)
    return root


@pytest.fixture
def fresh_cache(monkeypatch, tmp_path_factory):
    """The function that sets another empty cache of stages."""
    return lambda: monkeypatch.setenv("XNER_CACHE", str(tmp_path_factory.mktemp("another-cache")))


@pytest.fixture
def told():
    """A progress that keeps the total of every stage and how many were done (`stages`), and whether it `finished`."""
    from xner_hf.pipeline.progress import Progress

    class Told(Progress):
        def __init__(self):
            self.stages, self.finished = {}, False

        def stage(self, name, total):
            self.stages[name] = [total, 0]

            def done(number):
                self.stages[name][1] += number

            return done

        def finish(self):
            self.finished = True

    return Told()


@pytest.fixture(scope="session")
def load_module():
    """The function that returns a module of the tests, which are no package, by its path."""

    def load(path):
        spec = importlib.util.spec_from_file_location(Path(path).stem, Path(__file__).parent / path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def small(load_module):
    """The module that trains a translator on the bundled Hausa sample."""
    return load_module("translate/small_model.py")


@pytest.fixture(scope="session")
def small_translator(small):
    """The folder of a translator that knows the bundled Hausa sample by heart; trained once, then kept."""
    return small.small_model_folder()


@pytest.fixture(scope="session")
def rows_of():
    """The function that returns the rows of a finished run by split."""
    import pyarrow.parquet as pq

    from xner_hf.pipeline.rows import corpus_files

    def rows_of(run):
        return {
            split: [row for file in files for row in pq.read_table(file).to_pylist()]
            for split, files in corpus_files(run).items()
        }

    return rows_of


@pytest.fixture(scope="session")
def write_corpus():
    """The function that writes a repository of Parquet files with its card."""
    return _write_corpus


@pytest.fixture(scope="session")
def write_tagger():
    """The function that writes a tagger which knows the words of a lexicon."""
    return _write_tagger


@pytest.fixture
def checkpoint(tmp_path):
    """The function that writes a tagger which knows the words of a lexicon, and returns its folder."""

    def write(lexicon, **settings):
        _write_tagger(tmp_path / "tagger", lexicon, **settings)
        return tmp_path / "tagger"

    return write


@pytest.fixture(scope="session")
def write_wavering_tagger():
    """The function that writes a tagger which calls the given names now this, now that."""
    return _write_wavering_tagger


def _write_corpus(root, corpus, configs, labels=None):
    """Write ``root/datasets/corpus`` in the layout of the Hub.

    Args:
        root: folder of the mirror.
        corpus: ``org/name``.
        configs: rows by configuration and split; the types of a column are those of its values.
        labels: names of the ClassLabel columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = root / "datasets" / corpus
    card = ["---", "license: cc0-1.0", "configs:"]
    for config, splits in configs.items():
        card += [f"- config_name: {config}", "  data_files:"]
        for split, rows in splits.items():
            path = folder / config / f"{split}-00000-of-00001.parquet"
            card += [f"  - split: {split}", f"    path: {path.relative_to(folder).as_posix()}"]
            table = pa.Table.from_pylist(rows)
            features = {f.name: _feature(f.type, (labels or {}).get(f.name)) for f in table.schema}
            metadata = {"huggingface": json.dumps({"info": {"features": features}})}
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table.replace_schema_metadata(metadata), path)
    (folder / "README.md").write_text("\n".join([*card, "---", "", f"# {corpus}", ""]), encoding="utf-8")


def _feature(kind, names):
    import pyarrow as pa

    if pa.types.is_list(kind):
        return {"feature": _feature(kind.value_type, names), "_type": "Sequence"}
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type, None) for field in kind}
    return {"names": names, "_type": "ClassLabel"} if names else {"dtype": str(kind), "_type": "Value"}


_PAIRS = {
    "train": [
        ("Amina Bello visited Kano.", "Amina Bello ta ziyarci Kano."),
        ("The farmers sold goats in Zaria.", "Manoman sun sayar da awaki a Zaria."),
        ("Rain fell on the roof.", "Ruwa ya sauka a kan rufi."),
        ("Musa Garba opened a shop in Jos.", "Musa Garba ya bude shago a Jos."),
        ("Halima works for Barewa Textiles.", "HALIMA tana aiki da Barewa Textiles"),
        ("", "Babu komai a nan."),
        ("There is nothing here.", "   "),
        ("Amina Bello visited Kano again.", "amina bello ta ziyarci kano"),
        ("Halima laughed.", "Ta yi dariya."),
        ("Musa Garba left Kano for Zaria.", "Musa Garba ya bar Kano zuwa Zaria."),
        ("The shop in Kano is open on Friday.", "Shagon da ke Kano a bude yake ranar Juma'a."),
        ("Musa sold the shop to Halima.", "Musa ya sayar wa Halima shagon."),
    ],
    "validation": [
        ("Barewa Textiles bought cotton.", "Barewa Textiles ya sayi auduga."),
        ("The roof of the shop fell.", "Rufin shagon ya fadi."),
    ],
    "test": [
        ("Musa visited the farmers.", "Musa ya ziyarci manoman."),
        ("Zaria is north of Jos.", None),
    ],
}
"""Invented MAFAND rows. The leakage table flags train/3 and validation/0; the text of train/4 and test/0 is gold."""

_GOLD = {
    # Rows 0 and 7 of the pairs hold this sentence; it may be used, since it is no evaluation sentence.
    "train": [[("Amina", 1), ("Bello", 2), ("ta", 0), ("ziyarci", 0), ("Kano", 5), (".", 0)]],
    "validation": [[("Musa", 1), ("ya", 0), ("ziyarci", 0), ("manoman", 0), (".", 0)]],
    "test": [
        [("Halima", 1), ("tana", 0), ("aiki", 0), ("da", 0), ("Barewa", 3), ("Textiles", 4), (".", 0)],
        [("Ranar", 0), ("Juma'a", 7), ("Jos", 5), ("ta", 0), ("yi", 0), ("zafi", 0), (".", 0)],
        [("Garba", 2), ("ya", 0), ("huta", 0), (".", 0)],
    ],
}


def _translations(split):
    return [{"translation": {"en": english, "hau": hausa}} for english, hausa in _PAIRS[split]]


def _sentences(split):
    return [
        {"id": str(i), "tokens": [word for word, _ in row], "ner_tags": [tag for _, tag in row]}
        for i, row in enumerate(_GOLD[split])
    ]


def _leakage_table():
    flagged = {("en-hau", "train", 3), ("en-hau", "validation", 0), ("en-yor", "train", 0)}
    rows = [("en-hau", split, i) for split, pairs in _PAIRS.items() for i in range(len(pairs))]
    return [
        {"config": config, "split": split, "index": i, "linked": (config, split, i) in flagged}
        for config, split, i in [*rows, ("en-yor", "train", 0)]
    ]


def _labelled_translations():
    rows = [
        ("Amina Bello visited Kano .", [1, 2, 0, 5, 0], "Amina Bello ta ziyarci Kano ."),
        ("Musa visited the farmers", [1, 0, 0, 0], "MUSA ya ziyarci manoman"),
        ("The Hausa farmers left Jos .", [0, 7, 0, 0, 5, 0], "Manoman Hausawa sun bar Jos ."),
        ("Barewa Textiles sold cotton .", [3, 4, 0, 0, 0], ""),
        ("It rained .", [0, 0, 0], "An yi ruwa ."),
        ("Zaria and Jos .", [5, 0, 5, 0], "Zaria da Jos ."),
    ]
    return [
        {"id": i, "source_tokens": source.split(), "source_ner_tags": tags, "target_tokens": target.split()}
        for i, (source, tags, target) in enumerate(rows)
    ]


def _write_tagger(folder, lexicon, names=(*NER_NAMES, "B-DATE"), positions=64):
    """Write a BERT that labels every word by itself: those of `lexicon` as it says, all others O.

    Attention and feed-forward layers are zero, so that the label rests on the embedding of the sub-word alone. Words
    outside the lexicon are split into characters; names are in the vocabulary with all their letters.
    """
    import string

    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *string.printable.strip()]
    vocabulary += ["##" + letter for letter in string.ascii_letters + string.digits]
    label_of = {word: names.index(label) for label, words in lexicon.items() for word in words}
    ids = {token: i for i, token in enumerate([*vocabulary, *label_of])}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
    )
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=positions, **special).save_pretrained(folder)

    size = len(names) + 1
    model = BertForTokenClassification(
        BertConfig(
            vocab_size=len(ids),
            hidden_size=size,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=size,
            max_position_embeddings=positions,
            id2label=dict(enumerate(names)),
            label2id={name: i for i, name in enumerate(names)},
        )
    )
    with torch.no_grad():
        for name, weights in model.named_parameters():
            weights.fill_(1.0 if name.endswith("LayerNorm.weight") else 0.0)
        for token, i in ids.items():
            model.bert.embeddings.word_embeddings.weight[i, label_of.get(token, 0)] = 1.0
        model.classifier.weight.copy_(2 * torch.eye(len(names), size))
    model.save_pretrained(folder)


def _write_wavering_tagger(folder, names):
    """Write a tagger that takes `names` for places, opening a sentence for organisations, as 7th sub-word for nothing.

    Words that are no names are split into characters, each a sub-word.
    """
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import AutoTokenizer

    _write_tagger(folder, {"B-LOC": names})
    weights = load_file(folder / "model.safetensors")
    ids = torch.tensor(AutoTokenizer.from_pretrained(folder).convert_tokens_to_ids(names))
    weights["bert.embeddings.word_embeddings.weight"][ids, NER_NAMES.index("B-LOC")] = 0.5
    positions = weights["bert.embeddings.position_embeddings.weight"]
    positions[1, NER_NAMES.index("B-ORG")] = 0.7  # more than what makes names LOC, less than what makes others O
    positions[7, NER_NAMES.index("O")] = 0.7
    weights = {name: tensor.contiguous() for name, tensor in weights.items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


@pytest.fixture(scope="module")
def invented(load_module):
    """The module of the invented study."""
    return load_module("study/invented.py")


@pytest.fixture(scope="module")
def shared(invented, write_corpus, write_tagger, tmp_path_factory):
    """A mirror of all that the invented study reads."""
    root = tmp_path_factory.mktemp("study") / "mirror"
    invented.write_mirror(root, write_corpus, write_tagger)
    return root
