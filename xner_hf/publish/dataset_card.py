"""The card of a data set of projected corpora, from what their exports say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xner_hf.corpora.parallel import SAMPLE
from xner_hf.errors import XnerError
from xner_hf.pipeline.schema import SPLITS
from xner_hf.project.filters import filter_meanings
from xner_hf.publish import citations
from xner_hf.publish import dataset_text as text
from xner_hf.publish.licences import Terms, read_terms, strictest_terms, terms_of
from xner_hf.publish.templates import hub_language, is_repo_id, language_name, listed, plain, render

_SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
)
_NAMED = 6
"""Languages that are named in a title; more are counted."""


def dataset_card(repo: str, exports: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the README.md of a data set; a function of its arguments alone.

    Args:
        repo: ``organisation/name``.
        exports: the ``export.json`` of every configuration, by its name; their order does not matter.

    Raises:
        Refused: the terms of a configuration are not known or cannot be combined.
        XnerError: there is no configuration.
    """
    from huggingface_hub import DatasetCard

    if not exports:
        raise XnerError("a data set without configurations has no card. Export a build first.")
    ordered = {config: exports[config] for config in sorted(exports)}
    terms = {
        config: terms_of(export["build"].get("licences", ()), export.get("licence_override"))
        for config, export in ordered.items()
    }
    builds = [export["build"] for export in ordered.values()]
    has = text.features(builds)
    targets = list(dict.fromkeys(language_name(build["language"]) for build in builds))
    versions = sorted({build["versions"]["xner-hf"] for build in builds})
    return render(
        DatasetCard,
        _metadata(ordered, strictest_terms(terms.values()), targets),
        "dataset.md.j2",
        repo=repo,
        title=f"Projected named entities: {listed(targets)}" if len(targets) <= _NAMED else "Projected named entities",
        languages=listed(targets) if len(targets) <= _NAMED else f"{len(targets)} languages",
        sources=text.projected_from(builds),
        has=has,
        direct=has["direct"],
        first=next(iter(ordered)),
        gold=text.gold_links(builds),
        columns=text.column_types(ordered.values()),
        configs=[text.config_facts(config, export) for config, export in ordered.items()],
        filters=filter_meanings(drop_sentences=False),
        unscored="Nobody has scored these labels.",
        commands="\n".join(dict.fromkeys(plain(export["command"]) for export in ordered.values())),
        terms=terms,
        several_terms=len({str(one) for one in terms.values()}) > 1,
        read_terms=lambda found: read_terms(vars(found)),
        notes=text.notes_of(terms),
        bibtex=citations.bibtex(set().union(*(citations.of_build(build) for build in builds)), ", ".join(versions)),
    )


# Metadata


def _metadata(exports: Mapping[str, Mapping[str, Any]], terms: Terms, targets: list[str]) -> Any:
    from huggingface_hub import DatasetCardData

    builds = [export["build"] for export in exports.values()]
    recipes = [one for build in builds for one in text.recipes_of(build["recipe"])]
    codes = [build["language"] for build in builds]
    sources = [code for build in builds if (code := build["recipe"]["source_language"]) not in codes]
    corpora = [one["text"]["corpus"] for one in recipes if one.get("text")]
    rows = sum(split["rows"] for export in exports.values() for split in export["splits"].values())
    translated = any(one["recipe"] != "transfer" for one in recipes)
    return DatasetCardData(
        pretty_name=f"Projected named entities ({listed(targets)})"
        if len(targets) <= _NAMED
        else "Projected named entities",
        language=[hub_language(one) for one in dict.fromkeys([*codes, *sources])],
        task_categories=["token-classification"],
        task_ids=["named-entity-recognition"],
        annotations_creators=["machine-generated"],
        language_creators=sorted({"machine-generated" if one.get("translator") else "found" for one in recipes}),
        multilinguality=["translation" if translated else "multilingual" if len(set(codes)) > 1 else "monolingual"],
        size_categories=[next((name for limit, name in _SIZES if rows < limit), "1B<n<10B")],
        source_datasets=list(dict.fromkeys("original" if one == SAMPLE else one for one in corpora if _is_named(one))),
        tags=["xner", "named-entity-recognition", "annotation-projection", "cross-lingual", "silver-labels"],
        **terms.metadata(),
        configs=[_data_files(config, export) for config, export in exports.items()],
        dataset_info=[_info(config, export) for config, export in exports.items()],
    )


def _is_named(corpus: str) -> bool:
    return corpus == SAMPLE or is_repo_id(corpus)


def _data_files(config: str, export: Mapping[str, Any]) -> dict[str, Any]:
    """Return the files by split; by their number, so that one which somebody else left there does not count."""
    numbers = {name: len(export["splits"][name]["files"]) for name in _splits(export)}
    files = [{"split": name, "path": f"{config}/{name}-*-of-{of:05d}.parquet"} for name, of in numbers.items()]
    return {"config_name": config, "data_files": files}


def _info(config: str, export: Mapping[str, Any]) -> dict[str, Any]:
    from datasets import Features

    splits = [
        {"name": name, "num_bytes": export["splits"][name]["bytes"], "num_examples": export["splits"][name]["rows"]}
        for name in _splits(export)
    ]
    total = sum(split["num_bytes"] for split in splits)
    features = Features.from_dict(dict(export["features"]))._to_yaml_list()
    return {
        "config_name": config,
        "features": features,
        "splits": splits,
        "download_size": total,
        "dataset_size": total,
    }


def _splits(export: Mapping[str, Any]) -> list[str]:
    """Return the splits that have files, in the order of a build."""
    return [name for name in SPLITS if export["splits"].get(name, {}).get("files")]
