"""Speed and agreement of the solvers of candidate matching, on real sentences and on hard instances.

    XNER_MIRROR=... python benchmarks/solvers.py [--sentences 2000] [--pairwise 500]

Real instances: the first MAFAND English-Luo sentences in which the tagger finds an entity, statistical links, all
n-grams of up to 10 words, scores as candidate matching has them by default; once with its threshold and once with one
so low that many cells live. Hard instances: many entities, every n-gram of the sentence, every score random.
The pairwise programme is that of Politov et al. (2025), one row for each pair of overlapping candidates, restricted to
candidates and entities with a score above the threshold as theirs is; it is solved on the first `--pairwise` sentences
that have a live cell, and its rate and ratio are those of these sentences.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array
from taggers import TAGGERS

from xner_hf.align.statistical import StatisticalAligner
from xner_hf.corpora.parallel import corpus_splits, read_split
from xner_hf.project.projector import is_punctuation
from xner_hf.project.scores.alignment import alignment_score
from xner_hf.project.scores.surface import surface_score
from xner_hf.project.scores.text import fold
from xner_hf.project.solvers import exact, objective, solve_exact, solve_greedy, solve_milp
from xner_hf.tag.model import ModelTagger

HARD = ((6, 40, 10), (6, 60, 60), (10, 40, 10), (10, 60, 60), (12, 40, 10), (12, 60, 60), (16, 40, 10), (16, 60, 60))
HARDEST = ((20, 40, 10), (20, 40, 40), (20, 50, 50), (20, 60, 60))
SEEDS = 5


class Instance(NamedTuple):
    scores: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    threshold: float


def ngrams(length: int, longest: int) -> tuple[np.ndarray, np.ndarray]:
    spans = [(a, a + size) for size in range(1, min(length, longest) + 1) for a in range(length - size + 1)]
    starts, ends = np.array(spans).T
    return starts, ends


def real_instances(sentences: int) -> list[Instance]:
    """Return instances of real sentences at the default threshold."""
    pairs = [
        pair
        for split in corpus_splits("masakhane/mafand", "en-luo", None, None)
        for pair in read_split(split, "eng", "luo")
        if pair.source and pair.target
    ]
    tagger = ModelTagger(TAGGERS["eng"])
    chosen = []
    for start in range(0, len(pairs), 1000):
        chunk = pairs[start : start + 1000]
        chosen += [
            (pair, spans) for pair, spans in zip(chunk, tagger.tag([p.source for p in chunk]), strict=True) if spans
        ]
        if len(chosen) >= sentences:
            break
    chosen = chosen[:sentences]
    with tempfile.TemporaryDirectory() as folder:
        aligner = StatisticalAligner.train(((p.source, p.target) for p in pairs), Path(folder) / "model")
        all_links = aligner.align([p.source for p, _ in chosen], [p.target for p, _ in chosen])
    instances = []
    for (pair, spans), links in zip(chosen, all_links, strict=True):
        starts, ends = ngrams(len(pair.target), 10)
        border = np.array([not is_punctuation(word) for word in pair.target])
        kept = border[starts] & border[ends - 1]
        starts, ends = starts[kept], ends[kept]
        words = [fold(word) for word in pair.target]
        texts = [" ".join(words[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        names = [" ".join(map(fold, pair.source[span.start : span.end])) for span in spans]
        surface = surface_score(names, texts)
        scores = np.maximum(0.7 * alignment_score(spans, links, starts, ends), np.where(surface >= 0.85, surface, 0.0))
        instances.append(Instance(scores, starts, ends, 0.4))
    return instances


def hard_instance(entities: int, length: int, longest: int, seed: int) -> Instance:
    starts, ends = ngrams(length, longest)
    return Instance(np.random.default_rng(seed).random((entities, len(starts))), starts, ends, 0.0)


def solve_pairwise(scores: np.ndarray, starts: np.ndarray, ends: np.ndarray, threshold: float) -> list[int]:
    """Solve the programme of the paper: ``sum over p of x[p, t1] + x[p, t2] <= 1`` for overlapping t1 and t2."""
    chosen = [-1] * len(scores)
    live = scores > threshold
    entities, candidates = np.nonzero(live.any(axis=1))[0], np.nonzero(live.any(axis=0))[0]
    if not len(entities):
        return chosen
    gains = np.where(live, scores - threshold, 0.0)[np.ix_(entities, candidates)]
    rows, columns = gains.shape
    first, last = starts[candidates], ends[candidates]
    one, two = np.nonzero(np.triu((first[:, None] < last) & (first < last[:, None]), 1))
    alone = np.setdiff1d(np.arange(columns), np.concatenate([one, two]))
    # Variable p * columns + t; first the rows of entities, then those of pairs, then those of candidates without any.
    every = np.arange(rows)[:, None] * columns
    parts = [
        (np.repeat(np.arange(rows), columns), np.arange(rows * columns)),
        *((np.tile(rows + np.arange(len(one)), rows), (every + side).ravel()) for side in (one, two)),
        (np.tile(rows + len(one) + np.arange(len(alone)), rows), (every + alone).ravel()),
    ]
    at, variable = (np.concatenate(side) for side in zip(*parts, strict=True))
    matrix = coo_array(
        (np.ones(len(at)), (at, variable)), shape=(rows + len(one) + len(alone), rows * columns)
    ).tocsc()
    result = milp(
        -(2.0**20) * gains.ravel(),
        integrality=np.ones(rows * columns),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, ub=1),
        options={"mip_rel_gap": 0.0},
    )
    for cell in np.nonzero(result.x > 0.5)[0]:
        entity, candidate = divmod(int(cell), columns)
        if gains[entity, candidate] > 0:
            chosen[entities[entity]] = int(candidates[candidate])
    return chosen


def run(
    solve: Callable[..., list[int]], instances: list[Instance], repeat: int = 1
) -> tuple[list[float], list[float]]:
    """Return the seconds (least of `repeat` runs) and the objective of every instance."""
    seconds, won = [], []
    for instance in instances:
        best = float("inf")
        for _ in range(repeat):
            start = time.perf_counter()
            chosen = solve(*instance)
            best = min(best, time.perf_counter() - start)
        seconds.append(best)
        won.append(objective(instance.scores, chosen, instance.threshold))
    return seconds, won


def report_real(name: str, instances: list[Instance], pairwise: int) -> None:
    live = [int((one.scores > one.threshold).sum()) for one in instances]
    busy = list(islice((i for i, cells in enumerate(live) if cells), pairwise))
    entities, candidates = (
        statistics.mean(sizes) for sizes in zip(*(one.scores.shape for one in instances), strict=True)
    )
    print(
        f"\n{name}: {len(instances):,} sentences, on average {entities:.1f} entities, {candidates:.0f} candidates, "
        f"{statistics.mean(live):.1f} live cells"
    )
    exact_seconds, best = run(solve_exact, instances, 3)
    greedy_seconds, greedy = run(solve_greedy, instances, 3)
    clique_seconds, clique = run(solve_milp, instances, 3)
    pair_seconds, pair = run(solve_pairwise, [instances[i] for i in busy], 3)
    exact_there = sum(exact_seconds[i] for i in busy)
    print(f"{'':28}{'sentences/s':>12}{'exact is faster':>17}{'largest difference of objectives':>34}")
    total = sum(exact_seconds)
    for label, seconds, ratio, gap in (
        (
            f"pairwise rows ({len(busy)} sentences)",
            pair_seconds,
            sum(pair_seconds) / exact_there,
            differences(pair, [best[i] for i in busy]),
        ),
        ("clique rows (milp)", clique_seconds, sum(clique_seconds) / total, differences(clique, best)),
        ("greedy", greedy_seconds, sum(greedy_seconds) / total, None),
        ("exact", exact_seconds, 1.0, None),
    ):
        shown = "" if gap is None else f"{gap:.1e}"
        print(f"{label:28}{len(seconds) / sum(seconds):12,.0f}{ratio:16,.1f}x{shown:>34}")
    lost = [more - less for more, less in zip(best, greedy, strict=True)]
    assert min(lost) > -1e-9, "greedy is better than exact"
    short = [loss for loss in lost if loss > 1e-9]
    print(
        f"greedy is below the optimum on {len(short)} sentences ({100 * len(short) / len(lost):.2f} %), there by "
        f"{statistics.mean(short or [0]):.3f} on average and {max(short, default=0):.3f} at most"
    )


def differences(one: list[float], two: list[float]) -> float:
    largest = max((abs(a - b) for a, b in zip(one, two, strict=True)), default=0.0)
    assert largest <= 1e-9, f"objectives differ by {largest}"
    return largest


def solve_with(most_for_few: int) -> Callable[..., list[int]]:
    def solve(*instance) -> list[int]:
        normal, exact.MOST_FOR_FEW = exact.MOST_FOR_FEW, most_for_few
        try:
            return solve_exact(*instance)
        finally:
            exact.MOST_FOR_FEW = normal

    return solve


def report_hard() -> None:
    print(
        f"\nhard: milliseconds, median and largest of {SEEDS} random instances; `few` and `many` are the two "
        f"programmes of exact, which changes over beyond {exact.MOST_FOR_FEW} entities"
    )
    header = "".join(f"{name:>16}" for name in ("milp", "exact", "few", "many", "greedy loses", "difference"))
    print(f"{'entities, words, n':20}{header}")
    solve_exact(*hard_instance(14, 10, 10, 0))  # imports what it needs
    for shape in (*HARD, *HARDEST):
        instances = [hard_instance(*shape, seed) for seed in range(SEEDS)]
        clique_seconds, clique = run(solve_milp, instances, 1)
        exact_seconds, best = run(solve_exact, instances, 1)
        few_seconds = run(solve_with(shape[0]), instances, 1)[0] if shape[0] <= 16 else None
        many_seconds, many = run(solve_with(0), instances, 1)
        gap = max(differences(clique, best), differences(many, best))
        lost = statistics.mean(
            more - less for more, less in zip(best, run(solve_greedy, instances, 1)[1], strict=True)
        )
        cells = "".join(
            f"{'-' if seconds is None else f'{1e3 * statistics.median(seconds):.0f} / {1e3 * max(seconds):.0f}':>16}"
            for seconds in (clique_seconds, exact_seconds, few_seconds, many_seconds)
        )
        print(f"{', '.join(map(str, shape)):20}{cells}{lost:16.2f}{gap:16.1e}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sentences", type=int, default=2000)
    parser.add_argument("--pairwise", type=int, default=500, help="real sentences that the pairwise programme solves")
    options = parser.parse_args()
    instances = real_instances(options.sentences)
    report_real("default threshold .4", instances, options.pairwise)
    report_real("threshold .05", [one._replace(threshold=0.05) for one in instances], options.pairwise)
    report_hard()


if __name__ == "__main__":
    main()
