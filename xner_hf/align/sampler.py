"""Trains one direction of the statistical aligner: ``python -m xner_hf.align.sampler INPUT OUTPUT SEED SWEEPS``.

Each direction has a process of its own: sil-thot holds the interpreter's lock, so threads would take turns.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from xner_hf.errors import XnerError

Numbers = tuple[list[int], list[int]]
"""A pair whose words are numbers, from 1."""

SAMPLERS = 4000
"""Samplers whose counts are averaged: this over the number of pairs, from 1 to 8. Little text needs more."""


def sample(text: Sequence[Numbers], names: Sequence[Numbers], seed: int, sweeps: int) -> list[dict[str, np.ndarray]]:
    """Train both directions at once, and return the arrays of `xner_hf.align.posterior.Parameters` of each.

    Args:
        text: pairs of sentences, words as numbers from 1.
        names: pairs of one word each, which are trained on once more.
        seed: of the sampler.
        sweeps: over the text without jumps; as many follow with jumps, and four times as many with fertilities.

    Raises:
        XnerError: a process ended before it was done.
    """
    from safetensors.numpy import load_file, save_file

    pairs = [*text, *names]
    # The processes find the packages that this one finds, wherever they are.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)), "OMP_NUM_THREADS": "1"}
    sides = []
    for side in (0, 1):
        words = np.array([word for pair in pairs for word in pair[side]], dtype=np.int32)
        sides.append((words, np.array([len(pair[side]) for pair in pairs])))
    with tempfile.TemporaryDirectory(prefix="xner-align-") as name:
        folder, runs = Path(name), []
        try:
            for side in (0, 1):
                (source, source_lengths), (target, target_lengths) = sides[side], sides[1 - side]
                arrays = {"source": source, "source_lengths": source_lengths, "target": target}
                arrays |= {"target_lengths": target_lengths, "names": np.array([len(names)])}
                save_file(arrays, folder / f"in{side}")
                command = [sys.executable, "-m", "xner_hf.align.sampler", f"in{side}", f"out{side}", str(seed)]
                runs.append(
                    subprocess.Popen(
                        [*command, str(sweeps)], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
                    )
                )
            for run in runs:
                _, output = run.communicate()
                if run.returncode:
                    raise XnerError(f"training the aligner failed with exit code {run.returncode}:\n{output[-2000:]}")
        finally:
            for run in runs:
                run.kill()
                run.wait()
        return [load_file(folder / f"out{side}") for side in (0, 1)]


def _learn(pairs: Sequence[Numbers], samplers: int, seed: int, sweeps: int) -> Mapping[str, np.ndarray]:
    """Train ``p(target | source)``. Number 0 is the null word."""
    from thot.alignment import EflomalAlignmentModel

    model = EflomalAlignmentModel()
    model.seed, model.deterministic, model.auto_iterations = seed, True, False
    model.num_samplers = samplers
    model.set_iterations(sweeps, sweeps, 4 * sweeps)
    for source, target in pairs:
        # Numbers as words: no word of a text can be one of the model's own, such as NULL.
        model.add_sentence_pair(list(map(str, source)), list(map(str, target)), 1)
    model.start_training()
    for _ in range(6 * sweeps):
        model.train()
    model.end_training()
    sources, targets = (1 + max(max(pair[side]) for pair in pairs) for side in (0, 1))
    rows: list[tuple[int, float]] = []
    numbers = {model.get_trg_word_index(str(number)): number for number in range(1, targets)}
    for number in range(sources):
        index = model.get_src_word_index(str(number)) if number else 0
        rows += [(number * targets + numbers[t], p) for t, p in model.get_translations(index) if t in numbers]
    rows.sort()
    window = model.jump_window
    return {
        "keys": np.array([key for key, _ in rows], dtype=np.int64),
        "probabilities": np.array([probability for _, probability in rows]),
        "jumps": np.array([model.jump_prob(offset) for offset in range(-window, window + 1)]),
        "sizes": np.array([targets], dtype=np.int64),
        "null": np.array([model.p0]),
    }


def main(given: str, output: str, seed: str, sweeps: str) -> None:
    from safetensors.numpy import load_file, save_file

    arrays = load_file(given)
    sides = [
        [part.tolist() for part in np.split(arrays[key], np.cumsum(arrays[f"{key}_lengths"])[:-1])]
        for key in ("source", "target")
    ]
    pairs = list(zip(*sides, strict=True))
    samplers = min(8, max(1, SAMPLERS // (len(pairs) - int(arrays["names"][0]))))
    save_file(dict(_learn(pairs, samplers, int(seed), int(sweeps))), output)


if __name__ == "__main__":
    main(*sys.argv[1:])
