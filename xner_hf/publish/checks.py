"""What must not be published: every reason at once, before the Hub is asked for anything."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from xner_hf.corpora.files import LABELLED
from xner_hf.corpora.leakage import LeakCheck
from xner_hf.corpora.parallel import SAMPLE
from xner_hf.errors import XnerError
from xner_hf.pipeline.build import read_build
from xner_hf.pipeline.schema import SPLITS
from xner_hf.publish import Refused
from xner_hf.publish.citations import strings_in
from xner_hf.publish.contents import EXPORT, DatasetPublication, ModelPublication
from xner_hf.publish.remote import sha256
from xner_hf.publish.templates import is_repo_id

_PICKLED = {".bin", ".ckpt", ".joblib", ".npy", ".npz", ".pickle", ".pkl", ".pt", ".pth"}
_SECRETS = {
    "a token of the Hub": r"hf_[A-Za-z0-9]{30,}",
    "a key of AWS": r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    "a token of GitHub": r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,}",
    "a key of OpenAI or Anthropic": r"sk-(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{32,}",
    "a key of Google": r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])",
    "a token of Slack": r"xox[abprs]-[A-Za-z0-9-]{20,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
}
_ALONE = r"(?<![A-Za-z0-9])"
"""Before a secret. A border of words would be too much: it may stand behind a letter of a script without spaces."""

_OWN_FILES = {*LABELLED, ".tsv", ".txt"}
"""Files that a recipe may name in place of a corpus on the Hub."""

_UNFINISHED = ("checkpoints", "run.json")
_OF_A_MODEL = {".json", ".jinja", ".md", ".model", ".py", ".safetensors", ".txt", ".yaml"}


def check_dataset(folder: Path, name: str | None = None) -> DatasetPublication:
    """Return an exported folder as a publication.

    Args:
        folder: what `export_builds` wrote.
        name: what messages call it; by default its path.

    Raises:
        Refused: it is not whole, holds something that must not go out, or its terms do not allow it.
    """
    exports, problems = {}, []
    for path in sorted(folder.glob(f"*/{EXPORT}")):
        config = path.parent.name
        try:
            export = json.loads(path.read_text(encoding="utf-8"))
            problems.extend(_unwhole(folder, config, export))  # keeps what is found before an error
        except XnerError as error:
            problems.append(f"{config}: {error}")
        except (ValueError, KeyError, TypeError) as error:
            problems.append(f"{config}/{EXPORT} cannot be read ({type(error).__name__}: {error}). Export it again.")
            continue
        exports[config] = export
    if not exports and not problems:
        raise Refused(
            f"{folder} holds no exported data set. Make one with `python dataset_scripts/projected.py LANG --output "
            f"{folder}`."
        )
    known = {"README.md", *(f"{config}/{EXPORT}" for config in exports)}
    known |= {name for export in exports.values() for name in export["sha256"]}
    known |= {path.relative_to(folder).as_posix() for path in (folder / "scripts").glob("*.py")}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in files]
    problems += [f"{name} is not part of the export; move it away." for name in names if name not in known]
    problems += [one for path in files for one in _dangers(path, folder)]
    problems += [one for config, export in exports.items() for one in _terms(config, export)]
    _refuse(name or str(folder), problems)
    _refuse(name or str(folder), [one for config, export in exports.items() for one in _gold(folder, config, export)])
    publication = DatasetPublication(folder, exports)
    _check_card(publication.kind, _dataset_card(exports))
    return publication


def check_model(
    folder: Path, allow_unscored: bool = False, licence_override: Mapping[str, str] | None = None
) -> ModelPublication:
    """Return the folder of a student as a publication.

    Args:
        folder: the student.
        allow_unscored: whether one that nothing has scored may pass.
        licence_override: ``licence`` and ``reason``, see `xner_hf.publish.licences.binding_terms`.

    Raises:
        Refused: training is not finished, weights are pickled, nothing was scored, or its terms do not allow it.
    """
    from xner_hf.publish.model_card import model_card
    from xner_hf.publish.scores import read_scores

    problems = []
    if not (folder / "config.json").is_file():
        raise Refused(f"{folder} has no config.json, so it is not a model. Train one with `xner train`.")
    if not any(folder.glob("*.safetensors")):
        problems.append("there are no weights in *.safetensors.")
    if not (folder / "training.json").is_file():
        problems.append(
            "there is no training.json, which says what the model was made from. Train it with `xner train`."
        )
    for name in _UNFINISHED:
        if (folder / name).exists():
            problems.append(f"{name} is there, so training did not end. Go on with `xner train ... --resume`.")
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in (*_UNFINISHED, "README.md")
    )
    names = [path.relative_to(folder).as_posix() for path in files]
    for path, name in zip(files, names, strict=True):
        if path.suffix not in _OF_A_MODEL and path.suffix not in _PICKLED:
            problems.append(f"{name} is not a file of a model; move it away.")
        problems += _dangers(path, folder)
    if not allow_unscored and not read_scores(folder):
        problems.append(
            "nothing says how good it is. Score it with `xner evaluate "
            f"{folder} --gold ID:CONFIG --save`, or publish it with --allow-unscored, which its card will say."
        )
    _refuse(str(folder), problems)
    _check_card("model", model_card(folder, "organisation/name", licence_override))
    return ModelPublication(folder, names, licence_override)


def _refuse(name: str, problems: Sequence[str]) -> None:
    if problems:
        shown = "".join(f"\n- {one}" for one in dict.fromkeys(problems))
        raise Refused(f"{name} must not be published as it is:{shown}")


def _unwhole(folder: Path, config: str, export: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is missing, damaged or does not add up in a configuration."""
    import pyarrow.parquet as pq

    if export["format"] != 1 or export["config"] != config:
        yield f"{config}/{EXPORT} is of {export['config']!r} in format {export['format']!r}. Export it again."
        return
    sound = set()
    for name, digest in export["sha256"].items():
        path = folder / name
        if Path(name).parts[0] != config or ".." in Path(name).parts:
            yield f"{config}/{EXPORT} names {name!r}, which lies outside of {config}. Export it again."
        elif not path.is_file():
            yield f"{name} is missing, so the export is incomplete. Export it again."
        elif sha256(path) != digest:
            yield f"{name} was changed after the export. Export it again."
        else:
            sound.add(name)
    if read_build(folder / config) != export["build"]:
        yield f"{config}/build.json is not that of the export. Export it again."
    for path in _own_paths(export["build"]["recipe"]):
        yield (
            f"{config}: its recipe names {path!r} on this machine, which nobody else has. Publish that first, and "
            "build with its id."
        )
    rows = export["build"]["rows"]
    for split, facts in export["splits"].items():
        if not sound.issuperset(facts["files"]):
            continue  # reported above
        found = sum(pq.read_metadata(folder / name).num_rows for name in facts["files"])
        if not found == facts["rows"] == rows[split]:
            yield f"{config}/{split} has {found:,} rows, but the build made {rows[split]:,}. Export it again."
    if rows["in"] != sum(rows[split] for split in SPLITS):
        yield f"{config}: {rows['in']:,} rows went in, but {sum(rows[split] for split in SPLITS):,} came out."


def _own_paths(recipe: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a recipe names that lies, or must have lain, on this machine."""
    corpora = [(one.get("text") or {}).get("corpus") for one in (recipe, *(recipe.get("members") or ()))]
    for text in strings_in(recipe):
        parts = text.split(",")  # two files of parallel text
        own = text.startswith(("/", "~", "./", "../")) or re.match(r"[A-Za-z]:[\\/]", text)
        own = own or any(
            Path(part).suffix.lower() in _OWN_FILES or ("/" in part and Path(part).exists()) for part in parts
        )
        if own or (text in corpora and text != SAMPLE and not is_repo_id(text)):
            yield text


def _dangers(path: Path, folder: Path) -> Iterator[str]:
    """Yield what could harm a reader or the publisher: pickles and secrets."""
    name = path.relative_to(folder).as_posix()
    if path.is_symlink():
        yield f"{name} is a link; put the file itself there."
    with path.open("rb") as file:
        start = file.read(2)
    # The length with which safetensors begin may look like a pickle's first bytes.
    looks_so = path.suffix != ".safetensors" and start in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
    if path.suffix in _PICKLED or looks_so:
        yield f"{name} is or may be a pickle, which runs code when it is loaded. Save weights as safetensors."
        return
    token = os.environ.get("HF_TOKEN")
    try:
        for text in _texts(path):
            for what, pattern in _SECRETS.items():
                if re.search(_ALONE + f"(?:{pattern})", text):
                    yield f"{name} holds {what}. Take it out, and revoke it where it was shared."
            if token and len(token) > 3 and token in text:
                yield f"{name} holds the token of this environment. Take it out."
    except Exception as error:  # of pyarrow or safetensors, each with kinds of its own
        yield f"{name} cannot be read ({type(error).__name__}: {str(error)[:200]}). Make it again."


def _texts(path: Path) -> Iterator[str]:
    """Yield all text of a file, in pieces; of weights their metadata."""
    import pyarrow.parquet as pq

    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches(4096):
            yield "\n".join(strings_in(batch.to_pydict()))
            # What was split into words may be a secret only as a whole.
            yield "\n".join("".join(word or "" for word in words) for words in _word_lists(batch))
    elif path.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(path, "np") as file:
            yield "\n".join([*file.keys(), *strings_in(file.metadata() or {})])
    else:
        text = path.read_text(encoding="utf-8", errors="replace")
        yield text
        if path.suffix == ".json":
            with suppress(ValueError):
                yield "\n".join(strings_in(json.loads(text)))  # without escapes, which may end in a letter


def _word_lists(batch: Any) -> Iterator[list[str]]:
    """Yield the lists of words of some rows, one by one."""
    import pyarrow as pa

    for column in batch.columns:
        if pa.types.is_list(column.type) and pa.types.is_string(column.type.value_type):
            yield from filter(None, column.to_pylist())


def _gold(folder: Path, config: str, export: Mapping[str, Any]) -> Iterator[str]:
    """Yield whether sentences of evaluation sets are among those with labels."""
    import pyarrow.parquet as pq

    from xner_hf.corpora.sentence import Pair

    text = export["build"]["recipe"].get("text") or {}
    check = LeakCheck(export["build"]["language"], text.get("corpus") or "", text.get("config") or "")
    found = []
    for split in ("train", "validation"):
        for name in export["splits"].get(split, {}).get("files", ()):
            if (folder / name).is_file():
                rows = pq.read_table(folder / name, columns=["id", "tokens"]).to_pylist()
                found += [row["id"] for row in rows if check.leaked(Pair(row["id"], [], row["tokens"]))]
    if found:
        yield (
            f"{config}: {len(found):,} labelled sentences are those of evaluation sets, the first {found[0]!r}. Build "
            "it again, which leaves them out."
        )


def _terms(config: str, export: Mapping[str, Any]) -> Iterator[str]:
    from xner_hf.publish.licences import terms_of

    try:
        terms_of(export["build"].get("licences", ()), export.get("licence_override"))
    except Refused as error:
        yield f"{config}: {error}"


def _dataset_card(exports: Mapping[str, Mapping[str, Any]]) -> str:
    from xner_hf.publish.dataset_card import dataset_card

    return dataset_card("organisation/name", exports)


def _check_card(kind: str, text: str) -> None:
    from xner_hf.publish.validate import card_problems

    if problems := card_problems(text, kind):
        raise Refused("the card would not be valid:" + "".join(f"\n- {one}" for one in problems))
