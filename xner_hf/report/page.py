"""Writes the report: gathers the numbers of a build and fills the page's template with them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import Any

from xner_hf.errors import XnerError
from xner_hf.pipeline.chain import REASONS
from xner_hf.project.filters import filter_meanings
from xner_hf.report.build import (
    KEPT,
    SPLITS,
    Build,
    Tally,
    open_build,
    rows_at,
    spread,
    spread_over_groups,
    tally,
)
from xner_hf.report.drawing import WORD_HEIGHT, draw
from xner_hf.report.entity_boxes import kind_of, view_of
from xner_hf.report.study import study_section
from xner_hf.spans import ENTITY_TYPES

_EXTRA = 15
"""Most sentences in the section of entities that were not projected, and in that of rejected sentences."""

_STATUSES = {
    "projected": "has a span on the target side",
    "unaligned": "no link leaves its words",
    "low_score": "its best candidate scored too low",
    "length_ratio": "its span is too long or too short for the source words",
    "conflict": "a better entity took its words",
}

# Keys of build.json that have a section of their own, or whose numbers the page counts itself.
_SHOWN_ELSEWHERE = ("rows", "statuses", "reasons", "entities", "stages", "leak_check", "recipe")

# Pointing at a word brings out its links. The page is complete without it.
_SCRIPT = """
for (const pair of document.querySelectorAll(".flow")) {
  const show = (event) => {
    const word = event.target.closest("[data-w]")?.dataset.w;
    pair.classList.toggle("lit", Boolean(word));
    for (const line of pair.querySelectorAll("[data-l]"))
      line.classList.toggle("on", line.dataset.l.split(" ").includes(word));
  };
  pair.addEventListener("pointerover", show);
  pair.addEventListener("pointerleave", show);
}
"""


def write_report(
    path: Path, output: Path | None = None, sample: int = 60, study: Path | None = None, backbone: str | None = None
) -> Path:
    """Write one self-contained HTML page about the build in folder `path`.

    The page holds counts over all rows, the provenance from `build.json`, and word-aligned drawings of `sample`
    labelled sentences spread evenly over the build, of up to 15 with an entity that was not projected, and of up to
    15 rejected ones. It loads nothing and the same build gives the same bytes.

    Args:
        path: the build: `build.json` and Parquet files in `train/`, `validation/` and `rejected/`.
        output: the file to write, by default `report.html` in `path`; missing folders above it are made.
        sample: number of labelled sentences to show, 0 or more.
        study: file of a study, whose results get a section of their own.
        backbone: of the study, where it has several.

    Returns:
        The file that was written.

    Raises:
        XnerError: `path` holds no build or a damaged one, `sample` is negative, `output` is a folder, or the study is
            wrong or its store damaged. Nothing is written then.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    path = Path(path)
    output = path / "report.html" if output is None else Path(output)
    if sample < 0:
        raise XnerError(f"The sample size is {sample}. Give 0 or more sentences.")
    if output.is_dir():
        raise XnerError(f"{output} is a folder. Give the name of the HTML file to write.")
    build = open_build(path)
    environment = Environment(
        loader=PackageLoader("xner_hf.report", package_path=""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": _count, "percent": _percent, "score": _score, "duration": _duration}
    environment.tests["measured"] = _is_number
    page = environment.get_template("page.html.j2").render(
        **_context(build, sample),
        study=study_section(study, build.info["language"], backbone) if study else None,
        script=Markup(_SCRIPT),
        script_hash=base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode(),
        word_height=WORD_HEIGHT,
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    # JSON can hold lone surrogates, which UTF-8 cannot.
    output.write_bytes(page.encode("utf-8", "xmlcharrefreplace"))
    return output


def _context(build: Build, sample: int) -> dict[str, Any]:
    info, counts = build.info, tally(build)
    stages = [stage for stage in _listed(info, "stages", build.path) if isinstance(stage, dict)]
    kept, rejected = build.of(KEPT), build.of(["rejected"])
    labelled = sum(counts.rows[split] for split in KEPT)
    types = _ordered({label for _, _, label in counts.outcomes}, ENTITY_TYPES)
    by_status: dict[str, Counter[str]] = {}
    for (_, status, label), number in counts.outcomes.items():
        by_status.setdefault(status, Counter())[label] += number
    statuses, meanings = _ordered(by_status, _STATUSES), {**_STATUSES, **filter_meanings(drop_sentences=False)}
    sections = [
        (
            "sample",
            "Sample of labelled sentences",
            f"of {_count(labelled)} labelled sentences, spread evenly over train and validation",
            rows_at(kept, spread(labelled, sample)),
        ),
        (
            "lost",
            "Sentences with an entity that was not projected",
            f"of {_count(sum(map(len, counts.unprojected.values())))} such labelled sentences, every status in turn",
            rows_at(kept, spread_over_groups(counts.unprojected, _EXTRA)),
        ),
        (
            "rejected",
            "Rejected sentences",
            f"of {_count(counts.rows['rejected'])} rejected sentences, every reason in turn",
            rows_at(rejected, spread_over_groups(counts.rejected, _EXTRA)),
        ),
    ]
    return {
        "language": info["language"],
        "recipe": _recipe_name(info["recipe"]),
        "created": info.get("created"),
        "signature": info.get("signature"),
        "total": sum(counts.rows.values()),
        "labelled": labelled,
        "entities": sum(counts.outcomes.values()),
        "projected": sum(by_status.get("projected", Counter()).values()),
        "splits": [_split(counts, split, types) for split in SPLITS],
        "types": [(label, kind_of(label)) for label in types],
        "statuses": [(status, meanings.get(status, ""), by_status.get(status, Counter())) for status in statuses],
        "reasons": [
            (reason, REASONS.get(reason, ""), number)
            for reason, number in sorted(counts.reasons.items(), key=lambda item: (-item[1], item[0]))
        ],
        "stages": stages,
        "longest": max((stage["seconds"] for stage in stages if _is_number(stage.get("seconds"))), default=0) or 1,
        "provenance": [
            ("Recipe", list(_flat(info["recipe"]))),
            ("Leakage check", list(_flat(info.get("leak_check", "not recorded")))),
            ("Build", list(_flat({key: info[key] for key in info if key not in _SHOWN_ELSEWHERE}))),
        ],
        "disagreements": _disagreements(info, counts),
        "sections": [
            (anchor, heading, note, [(view, draw(view)) for view in map(view_of, rows)])
            for anchor, heading, note, rows in sections
        ],
    }


def _split(counts: Tally, split: str, types: list[str]) -> dict[str, Any]:
    return {
        "name": split,
        "rows": counts.rows[split],
        "words": counts.words[split] if split in KEPT else None,
        "bare": counts.bare[split] if split in KEPT else None,
        "projected": [counts.outcomes[split, "projected", label] for label in types],
    }


def _ordered(found: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the `known` names in their order, then what else was found."""
    return [*known, *sorted(set(found) - set(known))]


def _recipe_name(recipe: Any) -> str:
    if isinstance(recipe, dict):
        return str(recipe.get("recipe", ""))
    return recipe if isinstance(recipe, str) else ""


def _listed(info: dict[str, Any], key: str, path: Path) -> list[Any]:
    value = info.get(key, [])
    if not isinstance(value, list):
        raise XnerError(
            f"{path / 'build.json'}: {key!r} is not a list. Build the corpus again with `xner build LANG`."
        )
    return value


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted key, text) of every leaf of nested JSON; a list of plain values is one leaf."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{name}[{index}]")
    elif isinstance(value, list) and value:
        yield name, ", ".join(map(_leaf, value))
    else:
        yield name, _leaf(value)


def _leaf(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _disagreements(info: dict[str, Any], counts: Tally) -> list[str]:
    """Say where `build.json` and the Parquet files count differently."""
    said = info.get("rows")
    if not isinstance(said, dict):
        return []
    found = {"in": sum(counts.rows.values()), **counts.rows}
    return [
        f"build.json counts {said[key]} rows {'in' if key == 'in' else f'in {key}'}, the Parquet files hold {number}"
        + (" in all splits." if key == "in" else ".")
        for key, number in found.items()
        if key in said and said[key] != number
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _count(number: int) -> str:
    return f"{number:,}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _duration(seconds: Any) -> str:
    if not _is_number(seconds):
        return "–"
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
