"""Precision, recall and alignment error rate on gold links, of every aligner that runs without further downloads.

    XNER_MIRROR=... python benchmarks/link_quality.py

The statistical aligner learns from nothing but the few hundred gold sentences themselves; the encoder is an English
one and knows the other language only by its loans and names. Both are far below what their methods reach with more
text or a multilingual encoder; the table shows that the path works and what `stem` does, not what aligners can do.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from xner_hf.corpora.hub import CorpusSplit
from xner_hf.metrics import alignment_scores
from xner_hf.registry import make

ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
STATISTICAL = {"method": "statistical"}
ALIGNERS = {
    "statistical, whole words": {**STATISTICAL, "stem": 0},
    "statistical, 5 letters": STATISTICAL,
    **{
        f"English MiniLM, {name}": {"method": "encoder", "model": ENCODER, "extraction": name}
        for name in ("argmax", "itermax", "mwmf", "softmax")
    },
    "combined: 5 letters + MiniLM argmax": {
        "method": "combined",
        "members": [STATISTICAL, {"method": "encoder", "model": ENCODER, "extraction": "argmax"}],
    },
}


def main() -> None:
    for config in ("en-fr", "ro-en", "zh-en", "ja-en"):
        rows = list(CorpusSplit("xner/word-alignments", config, "test").rows())
        sources, targets = [row["source_tokens"] for row in rows], [row["target_tokens"] for row in rows]
        sure = [{tuple(link) for link in row["sure"]} for row in rows]
        possible = [{tuple(link) for link in row["possible"]} | one for row, one in zip(rows, sure, strict=True)]
        print(f"\n{config}, {len(rows)} sentences{'P':>24}{'R':>7}{'F1':>7}{'AER':>7}")
        for name, settings in ALIGNERS.items():
            settings = dict(settings)
            with tempfile.TemporaryDirectory() as folder:
                method = str(settings.pop("method"))
                pairs = list(zip(sources, targets, strict=True))
                aligner = make("aligner", method, settings, lambda pairs=pairs: pairs, Path(folder) / "model")
                links = aligner.align(sources, targets)
            scores = alignment_scores([{(one.source, one.target) for one in own} for own in links], sure, possible)
            print(
                f"  {name:36}" + "".join(f"{100 * scores[key]:7.1f}" for key in ("precision", "recall", "f1", "aer")),
                flush=True,
            )


if __name__ == "__main__":
    main()
