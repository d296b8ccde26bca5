"""Keeping evaluation sentences out of training text.

A sentence is left out when it stands in an evaluation split of its language that can be read, as it is or nearly so
(`Sentences`). A mirror may hold a table of the rows of MAFAND, from which MasakhaNER2 was drawn, that are linked to an
evaluation sentence; it is asked as well, and speaks for gold that the mirror lacks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from xner_hf.corpora.hub import CorpusSplit
from xner_hf.corpora.places import mirror
from xner_hf.corpora.sentence import Pair
from xner_hf.corpora.words import matching_key
from xner_hf.errors import HubFault, NoNetwork, NotAvailable
from xner_hf.languages import corpus_entry, language

LEAKAGE_TABLE = CorpusSplit("xner/masakhaner2-translated", "leakage", "train")
_TABLED = "masakhane/mafand"

ALIKE = 0.9
"""Edit similarity from which on two sentences count as the same: MasakhaNER2 corrected what it took from MAFAND."""

SHORTEST = 20
"""Letters of a sentence from which on `ALIKE` is asked; shorter ones are alike by chance."""

LONG = 40
"""Letters of an evaluation sentence from which on a row that holds it among other sentences is left out."""


class Sentences:
    """Evaluation sentences by `matching_key`, to find those that a text repeats.

    Args:
        keys: their keys; empty ones are ignored.
    """

    def __init__(self, keys: Iterable[str]):
        self._exact = set(keys) - {""}
        self._by_length = sorted((key for key in self._exact if len(key) >= SHORTEST * ALIKE), key=len)
        self._lengths = [len(key) for key in self._by_length]
        self._long: dict[str, list[str]] = defaultdict(list)
        for key in self._by_length[bisect_left(self._lengths, LONG) :]:
            self._long[key[:LONG]].append(key)

    def has(self, key: str) -> bool:
        """Whether one of them is the same without case, punctuation and spaces."""
        return key in self._exact

    def nearly_has(self, key: str) -> bool:
        """Whether one of them is `ALIKE`, or stands as a whole in the text and is `LONG`."""
        from rapidfuzz import process
        from rapidfuzz.distance import Levenshtein

        if len(key) < SHORTEST:
            return False
        around = slice(bisect_left(self._lengths, len(key) * ALIKE), bisect_right(self._lengths, len(key) / ALIKE))
        score = Levenshtein.normalized_similarity
        if process.extractOne(key, self._by_length[around], scorer=score, score_cutoff=ALIKE):
            return True
        starts = ((start, key[start : start + LONG]) for start in range(len(key) - LONG + 1))
        return any(key.startswith(one, start) for start, head in starts for one in self._long.get(head, ()))


class LeakCheck:
    """Tells whether a pair of `corpus` occurs in an evaluation split of the target language.

    Args:
        target_language: ISO 639-3 code.
        corpus: Hub id of the training text; rows of MAFAND are looked up in the table of a mirror as well.
        config: its configuration.

    Raises:
        HubFault: an evaluation split may be there but cannot be asked for now. Work without it is possible only where
            ``HF_HUB_OFFLINE`` says so.
    """

    def __init__(self, target_language: str, corpus: str, config: str):
        self._ids: set[str] = set()
        self._report: dict[str, Any] = {"status": "not done", "checked": [], "unreachable": []}
        self.dropped: Counter[str] = Counter()
        keys: set[str] = set()
        for split in evaluation_splits(target_language):
            try:
                # A word may be null; the rest of its sentence is matched all the same.
                keys.update(
                    matching_key("".join(word or "" for word in row["tokens"] or ())) for row in split.rows(["tokens"])
                )
            except NotAvailable as error:
                stop_without_network(error)
                self._report["unreachable"].append(str(split))
            else:
                self._report["checked"].append(str(split))
        self._sentences = Sentences(keys - {""})
        if corpus == _TABLED and mirror():
            self._read_table(config)
        if self._report["checked"]:
            self._report["status"] = "partial" if self._report["unreachable"] else "done"

    def _read_table(self, config: str) -> None:
        rows: Counter[str] = Counter()
        linked: set[str] = set()
        try:
            for row in LEAKAGE_TABLE.rows():
                if row["config"] == config:
                    rows[row["split"]] += 1
                    if row["linked"]:
                        linked.add(f"{config}/{row['split']}/{row['index']}")
            # It knows rows by their place, so it says nothing of a copy that has other rows.
            fits = all(CorpusSplit(_TABLED, config, split).count() == n for split, n in rows.items())
        except NotAvailable:
            fits = False
        if fits:
            self._ids = linked
        self._report["checked" if fits else "unreachable"].append(str(LEAKAGE_TABLE))

    def leaked(self, pair: Pair) -> bool:
        """Whether the pair must be left out; counted in `dropped` by the check that found it."""
        key = matching_key("".join(pair.target))
        if pair.id in self._ids:
            self.dropped["leakage_table"] += 1
        elif self._sentences.has(key):
            self.dropped["text_match"] += 1
        elif self._sentences.nearly_has(key):
            self.dropped["near_match"] += 1
        else:
            return False
        return True

    def report(self) -> dict[str, Any]:
        """Return what was checked, what could not be reached, and how many pairs each check dropped."""
        return {**self._report, "dropped": dict(self.dropped)}


def evaluation_splits(target_language: str) -> Iterator[CorpusSplit]:
    """Yield the splits of the gold sets of a language that nothing may be trained on."""
    for reference in language(target_language).gold:
        gold, _, config = reference.partition(":")
        for name in corpus_entry(gold, config).evaluation_splits:
            yield CorpusSplit(gold, config, name)


def stop_without_network(error: NotAvailable) -> None:
    """Raise `HubFault` where an evaluation split is missing because there is no network, which may come back.

    Else a network that is down for a moment would make a build whose leak check is smaller than that of others.
    """
    if isinstance(error, NoNetwork):
        raise HubFault(
            f"{error} Without it the text cannot be checked for sentences of evaluation sets. Try again; or set "
            "HF_HUB_OFFLINE=1 to go on without, which build.json will say."
        ) from error
