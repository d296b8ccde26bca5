"""Licences as the Hub names them, and our reading of inputs whose licence id says too little.

The ids are those that the Hub accepts in the metadata of a card (https://huggingface.co/docs/hub/repositories-licenses).
What each demands is our reading of its text, the cautious one where two are possible; it is no legal advice.
"""

from __future__ import annotations

from typing import NamedTuple


class KnownLicence(NamedTuple):
    """What a licence demands of those who pass on something that was made from the work.

    Attributes:
        licence_class: ``permissive``, ``non-commercial`` or ``research-only``; ``unknown`` where the id stands for a
            family of licences, or for terms that no other licence expresses, so that a person has to decide.
        share_alike: family of licences under which what is made from it must go out, None where there is no demand.
        attribution: whether its authors must be named.
        derivatives: whether anything made from it may be passed on at all.
        url: its text, None where the id has none.
    """

    licence_class: str
    share_alike: str | None = None
    attribution: bool = True
    derivatives: bool = True
    url: str | None = None


def _cc(kind: str, version: str, licence_class: str = "permissive") -> KnownLicence:
    url = f"https://creativecommons.org/licenses/{kind}/{version}/"
    family = f"cc-{kind}" if kind.endswith("sa") else None
    return KnownLicence(licence_class, family, derivatives=not kind.endswith("nd"), url=url)


def _free(spdx: str, attribution: bool = True) -> KnownLicence:
    return KnownLicence("permissive", None, attribution, url=f"https://spdx.org/licenses/{spdx}.html")


def _copyleft(spdx: str) -> KnownLicence:
    return KnownLicence("permissive", spdx.lower(), url=f"https://spdx.org/licenses/{spdx}.html")


def _passes_on(family: str, url: str) -> KnownLicence:
    return KnownLicence("permissive", family, url=url)


_NC, _RESEARCH = "non-commercial", "research-only"
_RAIL = "https://www.licenses.ai/"
_HUB = "https://huggingface.co/docs/hub/repositories-licenses"

LICENCES: dict[str, KnownLicence] = {
    # public domain
    "cc0-1.0": KnownLicence("permissive", None, False, url="https://creativecommons.org/publicdomain/zero/1.0/"),
    "pddl": KnownLicence("permissive", None, False, url="https://opendatacommons.org/licenses/pddl/1-0/"),
    "unlicense": _free("Unlicense", False),
    "wtfpl": _free("WTFPL", False),
    # attribution
    "isc": _free("ISC"),
    "mit": _free("MIT"),
    "zlib": _free("Zlib"),
    "bsl-1.0": _free("BSL-1.0"),
    "postgresql": _free("PostgreSQL"),
    "ncsa": _free("NCSA"),
    "bsd": _free("BSD-3-Clause"),
    "bsd-2-clause": _free("BSD-2-Clause"),
    "bsd-3-clause": _free("BSD-3-Clause"),
    "bsd-3-clause-clear": _free("BSD-3-Clause-Clear"),
    "afl-3.0": _free("AFL-3.0"),
    "ecl-2.0": _free("ECL-2.0"),
    "artistic-2.0": _free("Artistic-2.0"),
    "apache-2.0": _free("Apache-2.0"),
    "openmdw-1.0": KnownLicence("permissive", url="https://openmdw.ai/license/1-0/"),
    "cdla-permissive-1.0": _free("CDLA-Permissive-1.0"),
    "cdla-permissive-2.0": _free("CDLA-Permissive-2.0"),
    "etalab-2.0": _free("etalab-2.0"),
    "odc-by": KnownLicence("permissive", url="https://opendatacommons.org/licenses/by/1-0/"),
    "cc-by-2.0": _cc("by", "2.0"),
    "cc-by-2.5": _cc("by", "2.5"),
    "cc-by-3.0": _cc("by", "3.0"),
    "cc-by-4.0": _cc("by", "4.0"),
    # conditions that go with everything made from the work; weak copyleft is read as strong
    "ms-pl": _copyleft("MS-PL"),
    "mpl-2.0": _copyleft("MPL-2.0"),
    "epl-1.0": _copyleft("EPL-1.0"),
    "epl-2.0": _copyleft("EPL-2.0"),
    "lppl-1.3c": _copyleft("LPPL-1.3c"),
    "ofl-1.1": _copyleft("OFL-1.1"),
    "osl-3.0": _copyleft("OSL-3.0"),
    "eupl-1.1": _copyleft("EUPL-1.1"),
    "eupl-1.2": _copyleft("EUPL-1.2"),
    "lgpl": _passes_on("lgpl", "https://www.gnu.org/licenses/lgpl-3.0.html"),
    "lgpl-2.1": _passes_on("lgpl-2.1", "https://www.gnu.org/licenses/old-licenses/lgpl-2.1.html"),
    "lgpl-3.0": _passes_on("lgpl-3.0", "https://www.gnu.org/licenses/lgpl-3.0.html"),
    "lgpl-lr": _copyleft("LGPLLR"),
    "gfdl": _passes_on("gfdl", "https://www.gnu.org/licenses/fdl-1.3.html"),
    "gpl": _passes_on("gpl", "https://www.gnu.org/licenses/gpl-3.0.html"),
    "gpl-2.0": _passes_on("gpl-2.0", "https://www.gnu.org/licenses/old-licenses/gpl-2.0.html"),
    "gpl-3.0": _passes_on("gpl-3.0", "https://www.gnu.org/licenses/gpl-3.0.html"),
    "agpl-3.0": _passes_on("agpl-3.0", "https://www.gnu.org/licenses/agpl-3.0.html"),
    "cdla-sharing-1.0": _copyleft("CDLA-Sharing-1.0"),
    "c-uda": _copyleft("C-UDA-1.0"),
    "odbl": _passes_on("odbl", "https://opendatacommons.org/licenses/odbl/1-0/"),
    "cc-by-sa-3.0": _cc("by-sa", "3.0"),
    "cc-by-sa-4.0": _cc("by-sa", "4.0"),
    "openrail": _passes_on("openrail", _RAIL),
    "openrail++": _passes_on("openrail++", _RAIL),
    "bigscience-openrail-m": _passes_on("bigscience-openrail-m", _RAIL),
    "creativeml-openrail-m": _passes_on("creativeml-openrail-m", _RAIL),
    "bigscience-bloom-rail-1.0": _passes_on("bigscience-bloom-rail-1.0", _RAIL),
    "bigcode-openrail-m": _passes_on("bigcode-openrail-m", _RAIL),
    "cc-by-nd-4.0": _cc("by-nd", "4.0"),
    # no commercial use
    "cc-by-nc-2.0": _cc("by-nc", "2.0", _NC),
    "cc-by-nc-3.0": _cc("by-nc", "3.0", _NC),
    "cc-by-nc-4.0": _cc("by-nc", "4.0", _NC),
    "cc-by-nc-sa-2.0": _cc("by-nc-sa", "2.0", _NC),
    "cc-by-nc-sa-3.0": _cc("by-nc-sa", "3.0", _NC),
    "cc-by-nc-sa-4.0": _cc("by-nc-sa", "4.0", _NC),
    "cc-by-nc-nd-3.0": _cc("by-nc-nd", "3.0", _NC),
    "cc-by-nc-nd-4.0": _cc("by-nc-nd", "4.0", _NC),
    # research only; each has conditions of its own that go with what is made from the work
    "h-research": KnownLicence(_RESEARCH, "h-research", url=_HUB),
    "intel-research": KnownLicence(_RESEARCH, "intel-research", url=_HUB),
    "apple-amlr": KnownLicence(_RESEARCH, "apple-amlr", url=_HUB),
    "deepfloyd-if-license": KnownLicence(_RESEARCH, "deepfloyd-if-license", url=_HUB),
    "fair-noncommercial-research-license": KnownLicence(_RESEARCH, "fair-noncommercial-research-license", url=_HUB),
    # to be decided by hand
    "cc": KnownLicence("unknown"),
    "apple-ascl": KnownLicence("unknown"),
    "llama2": KnownLicence("unknown"),
    "llama3": KnownLicence("unknown"),
    "llama3.1": KnownLicence("unknown"),
    "llama3.2": KnownLicence("unknown"),
    "llama3.3": KnownLicence("unknown"),
    "llama4": KnownLicence("unknown"),
    "gemma": KnownLicence("unknown"),
    "grok2-community": KnownLicence("unknown"),
    "unknown": KnownLicence("unknown"),
    "other": KnownLicence("unknown"),
}
"""Every licence id of the Hub. Within a class, and between classes, a later one demands more: the order in which the
binding one of several is chosen."""


class Reading(NamedTuple):
    """How we read the terms of an input.

    Attributes:
        licence: id of the licence that we hold it to; ``other`` where its terms have no id.
        licence_class: class of its terms.
        why: on what the reading rests.
        name: name of terms without an id.
        link: where they stand.
    """

    licence: str
    licence_class: str
    why: str
    name: str | None = None
    link: str | None = None


_REUTERS = "https://trec.nist.gov/data/reuters/reuters.html"


def _conll2003(how: str) -> Reading:
    why = f"{how} CoNLL-2003, whose text is Reuters RCV1, given out for research only"
    return Reading("other", _RESEARCH, why, _RESEARCH, _REUTERS)


def _encoder(licence: str) -> Reading:
    return Reading(licence, "permissive", "as its card says; trained on text without labels")


READINGS: dict[str, Reading] = {
    "eriktks/conll2003": _conll2003("it is"),
    "xner/conll2003-nllb": _conll2003("translated from"),
    "xner/minilm-conll2003-en": _conll2003("trained on"),
    "dslim/bert-base-NER": _conll2003("its weights are MIT, but it was trained on"),
    "FacebookAI/xlm-roberta-large-finetuned-conll03-english": _conll2003("trained on"),
    "xner/minilm-wikineural-fr": Reading(
        "cc-by-nc-sa-4.0", _NC, "trained on WikiNEuRal, which is given out under cc-by-nc-sa-4.0"
    ),
    "ShkalikovOleh/europarl-ner": Reading(
        "other",
        "permissive",
        "drawn from Europarl, which knows of no copyright restriction",
        "europarl",
        "https://www.statmt.org/europarl/",
    ),
    "FacebookAI/xlm-roberta-base": _encoder("mit"),
    "FacebookAI/xlm-roberta-large": _encoder("mit"),
    "google-bert/bert-base-multilingual-cased": _encoder("apache-2.0"),
    "microsoft/mdeberta-v3-base": _encoder("mit"),
    "microsoft/Multilingual-MiniLM-L12-H384": _encoder("mit"),
    "sentence-transformers/LaBSE": _encoder("apache-2.0"),
    "sentence-transformers/all-MiniLM-L6-v2": _encoder("apache-2.0"),
    "Davlan/afro-xlmr-small": _encoder("mit"),
    "Davlan/afro-xlmr-base": _encoder("mit"),
    "Davlan/afro-xlmr-large": _encoder("mit"),
    "Davlan/afro-xlmr-large-76L": _encoder("mit"),
    "jhu-clsp/mmBERT-small": _encoder("mit"),
    "jhu-clsp/mmBERT-base": _encoder("mit"),
}
"""Inputs whose licence the language table gives as ``other`` or not at all, or whose training data permit less than
their own licence, and what we hold them to."""
