"""The statistical aligners that sil-thot has, side by side: links against gold, projection, seconds, equal bytes.

    XNER_MIRROR=... python benchmarks/statistical_aligners.py [NAME ...] [--on PART ...] [--split validation]

Links are scored on en-fr and ro-en (trained on these sentences alone), projection on MasakhaNER2 through its human
translations (trained on them and on MAFAND without leaked rows; for yor, of which only train has translations, that).
`xner` is the package's own: the sampler's parameters, links by posteriors, names learnt once more. The others are
decoded by sil-thot and symmetrised by grow-diag-final-and, with a score of 1 a link. `systran` is the aligner that the
package had before; it runs where systran-align is installed. Seconds are of one process, both directions one after the
other, but for `xner`, whose directions are trained at once. `xner@250` is `xner` with SWEEPS = 250.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import importlib.util
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
from taggers import tagger_of

import xner_hf.align.statistical
from xner_hf.align import Link
from xner_hf.align.statistical import StatisticalAligner, form
from xner_hf.corpora.hub import CorpusSplit
from xner_hf.evaluation.intrinsic import training_text, translated_gold
from xner_hf.metrics import alignment_scores
from xner_hf.pipeline.run import source_side
from xner_hf.recipe import make_recipe
from xner_hf.registry import make

Pairs = Sequence[tuple[Sequence[str], Sequence[str]]]
LINKS = ("en-fr", "ro-en")
PROJECTION = ("bam", "bbj", "ewe", "fon", "luo", "pcm", "tsn", "wol", "yor")
METHODS = {
    "heuristic": ("heuristic", {}),
    "alignment": ("candidates", {"alignment_weight": 1.0, "min_surface": 2.0, "null_threshold": 0.2}),
    "candidates": ("candidates", {}),
}


def xner(text: Pairs, wanted: Pairs) -> list[list[Link]]:
    with tempfile.TemporaryDirectory() as folder:
        aligner = StatisticalAligner.train(text, Path(folder) / "model")
    return aligner.align([source for source, _ in wanted], [target for _, target in wanted])


def with_sweeps(sweeps: int) -> Callable[[Pairs, Pairs], list[list[Link]]]:
    def align(text: Pairs, wanted: Pairs) -> list[list[Link]]:
        with patch.object(xner_hf.align.statistical, "SWEEPS", sweeps):
            return xner(text, wanted)

    return align


def systran(text: Pairs, wanted: Pairs) -> list[list[Link]]:
    import systran_align
    from threadpoolctl import threadpool_limits

    with tempfile.TemporaryDirectory() as name, threadpool_limits(1, user_api="openmp"):
        folder = Path(name)
        lines = (" ||| ".join(" ".join(side).replace("|", "_") for side in pair) for pair in shortened(text))
        (folder / "text").write_text("\n".join(lines) + "\n", "utf-8")
        paths = [str(folder / side) for side in ("text", "forward", "backward")]
        systran_align.generate_alignment_probabilities(
            *paths, favor_diagonal=True, optimize_tension=True, variational_bayes=True
        )
        aligner = systran_align.Aligner(*paths[1:])
        rows = aligner.align_batch(*map(list, zip(*shortened(wanted), strict=True)))
    return [[Link(int(a), int(b), 1.0) for a, b in sorted(row["alignments"])] for row in rows]


def thot(train: Callable[[Pairs], object]) -> Callable[[Pairs, Pairs], list[list[Link]]]:
    def align(text: Pairs, wanted: Pairs) -> list[list[Link]]:
        from thot.alignment import SymmetrizationHeuristic, SymmetrizedAligner

        text, wanted = shortened(text), shortened(wanted)
        aligner = SymmetrizedAligner(train(text), train([(target, source) for source, target in text]))
        aligner.heuristic = SymmetrizationHeuristic.GROW_DIAG_FINAL_AND
        found = aligner.get_best_alignments(*map(list, zip(*wanted, strict=True)))
        return [[Link(int(a), int(b), 1.0) for a, b in np.argwhere(matrix.to_numpy())] for _, matrix in found]

    return align


def fast_align(text: Pairs) -> object:
    from thot.alignment import FastAlignModel

    return trained(FastAlignModel(), text, 5)


def hmm(text: Pairs) -> object:
    from thot.alignment import HmmAlignmentModel, Ibm1AlignmentModel

    lexicon = trained(Ibm1AlignmentModel(), text, 5)
    KEPT.append(lexicon)  # the second model reads the first
    return trained(HmmAlignmentModel(lexicon), (), 5)


def eflomal(text: Pairs) -> object:
    from thot.alignment import EflomalAlignmentModel

    model = EflomalAlignmentModel()
    model.seed, model.deterministic = 1, True
    return trained(model, text, 0)


KEPT: list[object] = []
ALIGNERS: dict[str, Callable[[Pairs, Pairs], list[list[Link]]]] = {
    "systran": systran,
    "fast_align": thot(fast_align),
    "hmm": thot(hmm),
    "eflomal": thot(eflomal),
    "xner": xner,
    **{f"xner@{sweeps}": with_sweeps(sweeps) for sweeps in (125, 250, 375, 1000)},
}


def trained(model: object, text: Pairs, iterations: int) -> object:
    for source, target in text:
        model.add_sentence_pair(source, target, 1)
    model.start_training()
    for _ in range(iterations or model.scheduled_iterations):
        model.train()
    model.end_training()
    return model


def shortened(pairs: Pairs) -> list[tuple[list[str], list[str]]]:
    return [tuple(["".join(form(word, 5).split()) or "_" for word in side] for side in pair) for pair in pairs]


def measured(name: str, text: Pairs, wanted: Pairs) -> tuple[list[list[Link]], str]:
    began = time.perf_counter()
    links = ALIGNERS[name](text, wanted)
    seconds = time.perf_counter() - began
    again = ALIGNERS[name](text, wanted)
    one, other = (hashlib.sha256(repr(found).encode()).hexdigest() for found in (links, again))
    return links, f"{seconds:7.1f} s  {'same bytes' if one == other else 'OTHER BYTES'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{' | '.join(ALIGNERS)}")
    parser.add_argument("--split", default="test", help="of MasakhaNER2")
    parser.add_argument(
        "--on", nargs="+", default=[*LINKS, "luo", "tsn", "yor"], help=" | ".join((*LINKS, *PROJECTION))
    )
    arguments = parser.parse_args()
    here = ["systran"] if importlib.util.find_spec("systran_align") else []
    names = arguments.names or [*here, "fast_align", "hmm", "eflomal", "xner"]
    for config in (one for one in LINKS if one in arguments.on):
        rows = list(CorpusSplit("xner/word-alignments", config, "test").rows())
        pairs = [(row["source_tokens"], row["target_tokens"]) for row in rows]
        sure = [{tuple(link) for link in row["sure"]} for row in rows]
        possible = [{tuple(link) for link in row["possible"]} | one for row, one in zip(rows, sure, strict=True)]
        print(f"\n{config}, {len(rows)} sentences{'P':>12}{'R':>7}{'F1':>7}{'AER':>7}")
        for name in names:
            links, said = measured(name, pairs, pairs)
            scores = alignment_scores([{link[:2] for link in own} for own in links], sure, possible)
            figures = "".join(f"{100 * scores[key]:7.1f}" for key in ("precision", "recall", "f1", "aer"))
            print(f"  {name:20}{figures}{said}", flush=True)
    for code in (one for one in PROJECTION if one in arguments.on):
        split = "train" if code == "yor" else arguments.split
        recipe = make_recipe(code, "parallel", {"tagger": tagger_of(code), "aligner": "none"})
        found = translated_gold(recipe, f"masakhane/masakhaner2:{code}", split)
        own = training_text(recipe, source_side(recipe, tagged=False))
        wanted = [(pair.source, pair.target) for pair in found.pairs]
        text = [*wanted, *((pair.source, pair.target) for pair in own)]
        text = [pair for pair in text if pair[0] and pair[1]]
        print(f"\n{code} {split}, {len(text):,} pairs" + "".join(f"{name:>12}" for name in METHODS))
        for name in names:
            links, said = measured(name, text, wanted)
            linked = dataclasses.replace(found, links=links)
            figures = [100 * linked.score(make("projector", *method))["f1"] for method in METHODS.values()]
            print(f"  {name:24}" + "".join(f"{one:12.1f}" for one in figures) + said, flush=True)


if __name__ == "__main__":
    main()
