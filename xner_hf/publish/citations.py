"""What to cite: the papers behind the methods and data of a build or a student."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from xner_hf.recipe import recipe_from_dict


class Paper(NamedTuple):
    """A paper, as BibTeX wants it."""

    key: str
    authors: str
    title: str
    where: str
    year: int
    arxiv: str | None = None

    def bibtex(self) -> str:
        """Return the entry."""
        lines = [f"author = {{{self.authors}}}", f"title = {{{self.title}}}", f"year = {{{self.year}}}"]
        kind = "inproceedings" if self.where else "misc"
        lines += [f"booktitle = {{{self.where}}}"] if self.where else []
        lines += [f"eprint = {{{self.arxiv}}}", "archivePrefix = {arXiv}"] if self.arxiv else []
        fields = ",\n  ".join(lines)
        return f"@{kind}{{{self.key},\n  {fields}\n}}"


PAPERS = {
    paper.key: paper
    for paper in (
        Paper(
            "politov-etal-2025",
            'Politov, Andrei and Shkalikov, Oleh and J{\\"a}kel, Ren{\\\'e} and F{\\"a}rber, Michael',
            "Revisiting Projection-based Data Transfer for Cross-Lingual Named Entity Recognition in Low-Resource "
            "Languages",
            "NoDaLiDa/Baltic-HLT",
            2025,
            "2501.18750",
        ),
        Paper(
            "garcia-ferrero-etal-2022",
            "Garc{\\'i}a-Ferrero, Iker and Agerri, Rodrigo and Rigau, German",
            "Model and Data Transfer for Cross-Lingual Sequence Labelling in Zero-Resource Settings",
            "Findings of EMNLP",
            2022,
            "2210.12623",
        ),
        Paper(
            "ebing-glavas-2025",
            "Ebing, Benedikt and Glava{\\v{s}}, Goran",
            "The Devil Is in the Word Alignment Details: On Translation-Based Cross-Lingual Transfer for Token "
            "Classification Tasks",
            "Findings of ACL",
            2025,
            "2505.10507",
        ),
        Paper(
            "chen-etal-2023",
            "Chen, Yang and Jiang, Chao and Ritter, Alan and Xu, Wei",
            "Frustratingly Easy Label Projection for Cross-lingual Transfer",
            "Findings of ACL",
            2023,
            "2211.15613",
        ),
        Paper(
            "dyer-etal-2013",
            "Dyer, Chris and Chahuneau, Victor and Smith, Noah A.",
            "A Simple, Fast, and Effective Reparameterization of {IBM} Model 2",
            "NAACL",
            2013,
        ),
        Paper(
            "ostling-tiedemann-2016",
            '{\\"O}stling, Robert and Tiedemann, J{\\"o}rg',
            "Efficient Word Alignment with {Markov} Chain {Monte} {Carlo}",
            "The Prague Bulletin of Mathematical Linguistics 106",
            2016,
        ),
        Paper(
            "vamvas-sennrich-2022",
            "Vamvas, Jannis and Sennrich, Rico",
            "{NMTScore}: A Multilingual Analysis of Translation-based Text Similarity Measures",
            "Findings of EMNLP",
            2022,
        ),
        Paper(
            "jalili-sabet-etal-2020",
            'Jalili Sabet, Masoud and Dufter, Philipp and Yvon, Fran{\\c{c}}ois and Sch{\\"u}tze, Hinrich',
            "{SimAlign}: High Quality Word Alignments Without Parallel Training Data Using Static and Contextualized "
            "Embeddings",
            "Findings of EMNLP",
            2020,
            "2004.08728",
        ),
        Paper(
            "wu-etal-2020",
            'Wu, Qianhui and Lin, Zijia and Karlsson, B{\\"o}rje F. and Lou, Jian-Guang and Huang, Biqing',
            "Single-/Multi-Source Cross-Lingual {NER} via Teacher-Student Learning on Unlabeled Data in Target "
            "Language",
            "ACL",
            2020,
            "2004.12440",
        ),
        Paper(
            "dozat-manning-2017",
            "Dozat, Timothy and Manning, Christopher D.",
            "Deep Biaffine Attention for Neural Dependency Parsing",
            "ICLR",
            2017,
            "1611.01734",
        ),
        Paper(
            "adelani-etal-2022-mafand",
            "Adelani, David Ifeoluwa and others",
            "A Few Thousand Translations Go a Long Way! Leveraging Pre-trained Models for {African} News Translation",
            "NAACL",
            2022,
            "2205.02022",
        ),
        Paper(
            "adelani-etal-2022-masakhaner",
            "Adelani, David Ifeoluwa and others",
            "{MasakhaNER} 2.0: {Africa}-centric Transfer Learning for Named Entity Recognition",
            "EMNLP",
            2022,
            "2210.12391",
        ),
        Paper(
            "nllb-2022",
            "{NLLB Team}",
            "No Language Left Behind: Scaling Human-Centered Machine Translation",
            "",
            2022,
            "2207.04672",
        ),
        Paper(
            "tjong-kim-sang-de-meulder-2003",
            "Tjong Kim Sang, Erik F. and De Meulder, Fien",
            "Introduction to the {CoNLL}-2003 Shared Task: Language-Independent Named Entity Recognition",
            "CoNLL",
            2003,
        ),
        Paper(
            "tedeschi-etal-2021",
            "Tedeschi, Simone and Maiorca, Valentino and Campolungo, Niccol{\\`o} and Cecconi, Francesco and Navigli, "
            "Roberto",
            "{WikiNEuRal}: Combined Neural and Knowledge-based Silver Data Creation for Multilingual {NER}",
            "Findings of EMNLP",
            2021,
        ),
        Paper(
            "penedo-etal-2025",
            "Penedo, Guilherme and others",
            "{FineWeb2}: One Pipeline to Scale Them All -- Adapting Pre-Training Data Processing to Every Language",
            "",
            2025,
            "2506.20920",
        ),
        Paper(
            "de-marneffe-etal-2021",
            "de Marneffe, Marie-Catherine and Manning, Christopher D. and Nivre, Joakim and Zeman, Daniel",
            "{Universal} {Dependencies}",
            "Computational Linguistics 47(2)",
            2021,
        ),
        Paper(
            "devlin-etal-2019",
            "Devlin, Jacob and Chang, Ming-Wei and Lee, Kenton and Toutanova, Kristina",
            "{BERT}: Pre-training of Deep Bidirectional Transformers for Language Understanding",
            "NAACL",
            2019,
            "1810.04805",
        ),
        Paper(
            "conneau-etal-2020",
            "Conneau, Alexis and others",
            "Unsupervised Cross-lingual Representation Learning at Scale",
            "ACL",
            2020,
            "1911.02116",
        ),
    )
}

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


def bibtex(papers: Iterable[str], version: str) -> str:
    """Return the entries of this software, in the version that was used, and of papers, in the order of `PAPERS`."""
    wanted = set(papers)
    known = [paper.bibtex() for key, paper in PAPERS.items() if key in wanted]
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
