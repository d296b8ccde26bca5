"""Word alignment by the external program eflomal (Östling and Tiedemann 2016), which is not part of this package.

Only its documented command line is used: ``eflomal-align`` aligns a text in both directions, and
``eflomal-makepriors`` turns these alignments into priors, with which further text is aligned.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from xner_hf.align.base import Link
from xner_hf.align.counts import LinkCounts, form
from xner_hf.align.folder import read_whole, written_whole
from xner_hf.align.symmetrise import SYMMETRISATIONS
from xner_hf.errors import XnerError, nearest

_FILES = ("priors", "links.json", "settings.json")
_MODEL = "3"  # IBM 1, then HMM, then fertility: the best of eflomal's models
_TEXT = ("source", "target")
_LINKS = ("forward", "backward")
_LINK = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_STDERR_LINES = 5


@dataclass(frozen=True)
class EflomalConfig:
    """Settings of `EflomalAligner`."""

    symmetrisation: str = field(
        default="grow-diag-final-and",
        metadata={"help": f"how the alignments of both directions are joined: {' | '.join(SYMMETRISATIONS)}"},
    )

    def __post_init__(self) -> None:
        if self.symmetrisation not in SYMMETRISATIONS:
            raise XnerError(
                f"aligner.symmetrisation is {self.symmetrisation!r}."
                f"{nearest(str(self.symmetrisation), list(SYMMETRISATIONS))} Known: {', '.join(SYMMETRISATIONS)}."
            )


class EflomalAligner:
    """A trained model; make one with `train`, keep it in a folder, load it with the constructor.

    eflomal draws its links at random, without a seed: they differ from run to run, and so do the priors. It also
    estimates from the pairs it aligns, so the links of a pair depend on the others of the same call. A build with
    this aligner is cached, but made anew it does not give the same bytes.

    Args:
        folder: where `train` wrote the model.

    Raises:
        XnerError: the folder holds no whole model.
    """

    def __init__(self, folder: Path):
        with read_whole(folder, "EflomalAligner") as settings:
            self._counts = LinkCounts.load(folder / "links.json")
            self._join = SYMMETRISATIONS[EflomalConfig(**settings).symmetrisation]
            self._priors = (folder / "priors").resolve(strict=True)

    @classmethod
    def train(
        cls,
        pairs: Iterable[tuple[Sequence[str], Sequence[str]]],
        folder: Path,
        config: EflomalConfig | None = None,
    ) -> EflomalAligner:
        """Train on pairs of word lists and write the model, with its settings, to `folder`.

        Words are compared without case. Pairs with an empty side are passed over.

        Raises:
            XnerError: there is no pair to train on, `folder` holds other files, or eflomal is missing or failed.
        """
        config = config or EflomalConfig()
        for program in ("eflomal-align", "eflomal-makepriors"):
            _program(program)  # missing programs are reported before the text is read
        with written_whole(folder, _FILES) as aside:
            with tempfile.TemporaryDirectory(dir=aside) as work:
                _train(pairs, Path(work), aside, config)
            (aside / "settings.json").write_text(json.dumps(asdict(config)), encoding="utf-8")
        return cls(folder)

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> list[list[Link]]:
        """Return the links of each pair, with probabilities estimated from the links of the training text.

        The program is run once a call and reads the whole model, so few large calls are faster than many small ones.

        Raises:
            XnerError: eflomal is missing, failed, or wrote something that is no alignment of these pairs.
        """
        links: list[list[Link]] = [[] for _ in sources]
        filled = [i for i, (source, target) in enumerate(zip(sources, targets, strict=True)) if source and target]
        if not filled:
            return links
        with tempfile.TemporaryDirectory(prefix="xner-eflomal-") as name:
            work = Path(name)
            _write(((sources[i], targets[i]) for i in filled), work)
            _align(work, len(filled), self._priors)
            for i, (source, target, forward, backward) in zip(filled, _read(work), strict=True):
                links[i] = [
                    Link(a, b, self._counts.probability(source[a], target[b]))
                    for a, b in sorted(self._join(forward, backward))
                ]
        return links


def _train(
    pairs: Iterable[tuple[Sequence[str], Sequence[str]]], work: Path, folder: Path, config: EflomalConfig
) -> None:
    """Write priors and counts to `folder`, everything else to `work`."""
    used = _write(pairs, work)
    if not used:
        raise XnerError("there is no pair with words on both sides to train the aligner on.")
    _align(work, used)
    _run("eflomal-makepriors", *_arguments(work), "--priors", str(folder / "priors"))
    if not (folder / "priors").is_file():
        raise XnerError("eflomal-makepriors ended well but wrote no priors. Reinstall eflomal, version 2 or later.")
    counts = LinkCounts()
    join = SYMMETRISATIONS[config.symmetrisation]
    for source, target, forward, backward in _read(work):
        counts.add(source, target, join(forward, backward))
    counts.save(folder / "links.json")


def _write(pairs: Iterable[tuple[Sequence[str], Sequence[str]]], work: Path) -> int:
    """Write the pairs that have words on both sides; return how many there are."""
    used = 0
    with (work / "source").open("w", encoding="utf-8") as left, (work / "target").open("w", encoding="utf-8") as right:
        for source, target in pairs:
            if source and target:
                left.write(" ".join(map(form, source)) + "\n")
                right.write(" ".join(map(form, target)) + "\n")
                used += 1
    return used


def _arguments(work: Path) -> list[str]:
    return [
        argument
        for option, name in zip(("-s", "-t", "-f", "-r"), (*_TEXT, *_LINKS), strict=True)
        for argument in (option, str(work / name))
    ]


def _align(work: Path, count: int, priors: Path | None = None) -> None:
    """Align the text in `work`, in both directions, and check that every one of its `count` pairs has its line."""
    _run("eflomal-align", *_arguments(work), "--model", _MODEL, *(["--priors", str(priors)] if priors else []))
    for name in _LINKS:
        lines = 0
        if (work / name).is_file():
            with (work / name).open("rb") as file:
                lines = sum(1 for _ in file)
        if lines != count:
            raise XnerError(
                f"eflomal-align wrote {lines} lines of {name} links for {count} sentence pairs; it must write one a "
                "pair. See that the disk is not full and that eflomal is version 2 or later."
            )


def _read(work: Path) -> Iterator[tuple[list[str], list[str], set[tuple[int, int]], set[tuple[int, int]]]]:
    """Yield the words of each pair as they were written, and its links of both directions."""
    with (
        (work / "source").open(encoding="utf-8") as sources,
        (work / "target").open(encoding="utf-8") as targets,
        (work / "forward").open("rb") as forwards,
        (work / "backward").open("rb") as backwards,
    ):
        for number, lines in enumerate(zip(sources, targets, forwards, backwards, strict=True), start=1):
            source, target = (line.rstrip("\n").split(" ") for line in lines[:2])
            forward, backward = (
                _links(line.decode("ascii", errors="replace"), source, target, f"line {number} of its {name} links")
                for name, line in zip(_LINKS, lines[2:], strict=True)
            )
            yield source, target, forward, backward


def _links(line: str, source: Sequence[str], target: Sequence[str], place: str) -> set[tuple[int, int]]:
    links: set[tuple[int, int]] = set()
    for item in line.split():
        match = _LINK.fullmatch(item)
        if not match or int(match[1]) >= len(source) or int(match[2]) >= len(target):
            raise XnerError(
                f"eflomal-align wrote {item!r} in {place}, where i-j stands for a source word below {len(source)} and "
                f"a target word below {len(target)}. Reinstall eflomal, version 2 or later."
            )
        links.add((int(match[1]), int(match[2])))
    return links


def _program(name: str) -> str:
    """Return the path of a program of eflomal."""
    path = shutil.which(name)
    if path is None:
        raise XnerError(
            f"the aligner eflomal needs the program {name}, which is not on PATH. eflomal is an optional external "
            f"program: run 'pip install eflomal' in any environment and put the folder that holds {name} on PATH. "
            "Without it, use the aligner statistical."
        )
    return path


def _run(name: str, *arguments: str) -> None:
    # Standard output belongs to the caller, who may print JSON there.
    command = [_program(name), *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
    except OSError as error:
        raise XnerError(f"{command[0]} cannot be run ({error}). Install eflomal anew.") from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", errors="replace").splitlines()
        said = "\n".join(lines[-_STDERR_LINES:]) or "nothing"
        raise XnerError(
            f"{command[0]} ended with status {done.returncode}. The last it said on standard error:\n{said}\n"
            "Mend that, or use the aligner statistical."
        )
