"""What to cite: the papers behind the methods and data of a build or a student."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from xner_hf.recipe import recipe_from_dict


@lru_cache(maxsize=1)
def papers() -> dict[str, str]:
    """Return the BibTeX entries of `papers.bib` by key, in the order of the file."""
    text = Path(__file__).with_name("papers.bib").read_text(encoding="utf-8")
    entries = [entry.strip() for entry in text.split("\n\n") if entry.strip()]
    return {entry.partition("{")[2].partition(",")[0]: entry for entry in entries}


_MENTIONS = {
    "masakhane/mafand": "adelani-etal-2022-mafand",
    "masakhane/masakhaner2": "adelani-etal-2022-masakhaner",
    "xner/masakhaner2-translated": "adelani-etal-2022-masakhaner",
    "HuggingFaceFW/fineweb-2": "penedo-etal-2025",
    "universal-dependencies/": "de-marneffe-etal-2021",
    "nllb-200": "nllb-2022",
    "easyproject": "chen-etal-2023",
    "conll2003": "tjong-kim-sang-de-meulder-2003",
    "dslim/bert-base-NER": "tjong-kim-sang-de-meulder-2003",
    "bert-base": "devlin-etal-2019",
    "conll03": "tjong-kim-sang-de-meulder-2003",
    "wikineural": "tedeschi-etal-2021",
    "xlm-roberta": "conneau-etal-2020",
}
"""Parts of the names of corpora and models, and the papers that describe them."""

_SOFTWARE = """@software{xner-hf,
  author = {{The xner-hf developers}},
  title = {xner-hf: named-entity recognition for languages without labelled data},
  version = {%s},
  license = {Apache-2.0}
}"""


def of_build(build: Mapping[str, Any]) -> set[str]:
    """Return the papers behind the methods and inputs of a build, as its ``build.json`` says."""
    cited = build.get("citations")  # which older versions did not write
    if cited is None:
        cited = recipe_from_dict(build["recipe"]).citations()
    return of_names(strings_in(build["recipe"])).union(cited)


def of_names(names: Iterable[str]) -> set[str]:
    """Return the papers that describe some corpora and models."""
    return {paper for name in names for part, paper in _MENTIONS.items() if part in name}


def bibtex(cited: Iterable[str], version: str) -> str:
    """Return the BibTeX of this software, in the version used, and of papers: keys of `papers`, or whole entries."""
    wanted = set(cited)
    known = [entry for key, entry in papers().items() if key in wanted]
    others = sorted(one for one in wanted if one.startswith("@"))  # of methods of other packages
    return "\n\n".join([_SOFTWARE % version, *known, *others])


def strings_in(value: Any) -> Iterator[str]:
    """Yield the strings of nested lists and mappings, whose keys do not count."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from strings_in(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from strings_in(one)
