"""Keeping evaluation sentences out of training text.

Two checks: normalised text match against every reachable evaluation split of the target language, for any corpus;
and for MAFAND, from which MasakhaNER2 was drawn, the table of its rows that are linked to an evaluation sentence.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from xner_hf.corpora.base import Pair
from xner_hf.corpora.hub import CorpusSplit
from xner_hf.corpora.words import matching_key
from xner_hf.errors import NotAvailable
from xner_hf.languages import corpus_entry, language

LEAKAGE_TABLE = CorpusSplit("xner/masakhaner2-translated", "leakage", "train")
_TABLED = "masakhane/mafand"


class LeakCheck:
    """Tells whether a pair of `corpus` occurs in an evaluation split of the target language.

    Args:
        target_language: ISO 639-3 code.
        corpus: Hub id of the training text; MAFAND's rows are looked up in the leakage table as well.
        config: its configuration.
    """

    def __init__(self, target_language: str, corpus: str, config: str):
        self._keys: set[str] = set()
        self._ids: set[str] = set()
        self._report: dict[str, Any] = {"status": "not done", "checked": [], "unreachable": []}
        self.dropped: Counter[str] = Counter()
        for reference in language(target_language).gold:
            gold, _, gold_config = reference.partition(":")
            for name in corpus_entry(gold, gold_config).evaluation_splits:
                split = CorpusSplit(gold, gold_config, name)
                try:
                    # A word may be null; the rest of its sentence is matched all the same.
                    self._keys.update(
                        matching_key("".join(word or "" for word in row["tokens"] or ()))
                        for row in split.rows(["tokens"])
                    )
                except NotAvailable:
                    self._report["unreachable"].append(str(split))
                else:
                    self._report["checked"].append(str(split))
        self._keys.discard("")
        if corpus == _TABLED:
            self._read_table(config)
        if self._report["checked"]:
            self._report["status"] = "partial" if self._report["unreachable"] else "done"

    def _read_table(self, config: str) -> None:
        try:
            for row in LEAKAGE_TABLE.rows():
                if row["linked"] and row["config"] == config:
                    self._ids.add(f"{config}/{row['split']}/{row['index']}")
        except NotAvailable:
            self._report["unreachable"].append(str(LEAKAGE_TABLE))
        else:
            self._report["checked"].append(str(LEAKAGE_TABLE))

    def leaked(self, pair: Pair) -> bool:
        """Whether the pair must be left out; counted in `dropped` by the check that found it."""
        if pair.id in self._ids:
            self.dropped["leakage_table"] += 1
        elif matching_key("".join(pair.target)) in self._keys:
            self.dropped["text_match"] += 1
        else:
            return False
        return True

    def report(self) -> dict[str, Any]:
        """Return what was checked, what could not be reached, and how many pairs each check dropped."""
        return {**self._report, "dropped": dict(self.dropped)}
