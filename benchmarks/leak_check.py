"""What the leak check finds of the rows of MAFAND that the table of a mirror links to an evaluation sentence.

XNER_MIRROR=... python benchmarks/leak_check.py
"""

from __future__ import annotations

import time

from xner_hf.corpora.hub import splits_of
from xner_hf.corpora.leakage import LEAKAGE_TABLE, LeakCheck
from xner_hf.corpora.parallel import corpus_splits, read_split
from xner_hf.languages import languages

MAFAND = "masakhane/mafand"


def main() -> None:
    linked = {f"{row['config']}/{row['split']}/{row['index']}" for row in LEAKAGE_TABLE.rows() if row["linked"]}
    print("code    rows  linked   exact    near  missed  others  seconds")
    for one in languages():
        if not one.mafand or not splits_of(MAFAND, one.mafand):
            continue
        check = LeakCheck(one.code, "", "")  # without the table
        if not check.report()["checked"]:
            continue  # the mirror has no gold of it
        found, rows, seconds = set(), 0, 0.0
        for split in corpus_splits(MAFAND, one.mafand, None, None):
            pairs = list(read_split(split, one.source, one.code))
            start = time.perf_counter()
            found |= {pair.id for pair in pairs if check.leaked(pair)}
            seconds += time.perf_counter() - start
            rows += len(pairs)
        own = {name for name in linked if name.startswith(f"{one.mafand}/")}
        exact, near = (check.dropped[name] for name in ("text_match", "near_match"))
        counts = (rows, len(own), exact, near, len(own - found), len(found - own))
        print(one.code, *(f"{count:7,}" for count in counts), f"{seconds:8.1f}", flush=True)


if __name__ == "__main__":
    main()
