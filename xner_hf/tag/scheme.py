"""How the labels of a tagger mark entities, found once from their names, and what they are in this package's own.

Checkpoints use IOB2 (``B-`` opens every entity), IOB1 (``B-`` opens only one that stands right behind another of its
type), IO (no ``B-`` at all, or bare types such as ``PER``), and IOBES alias BILOU (``E-``/``L-`` ends an entity,
``S-``/``U-`` is one of a single word), in upper or lower case, and types of several names.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from xner_hf.errors import XnerError, nearest
from xner_hf.spans import ENTITY_TYPES, NER_LABELS

if TYPE_CHECKING:
    import numpy as np

_log = logging.getLogger(__name__)

IOB2, IOB1, IO, IOBES = "IOB2", "IOB1", "IO", "IOBES"

DEFAULT_MEANINGS = {
    **dict.fromkeys(("PER", "PERS", "PERSON"), "PER"),
    **dict.fromkeys(("ORG", "ORGANIZATION", "ORGANISATION"), "ORG"),
    **dict.fromkeys(("LOC", "LOCATION", "GPE", "FAC", "FACILITY"), "LOC"),
}
"""What a type means unless ``tagger.labels`` says otherwise, whatever its case. Those of OntoNotes are mapped to those
of CoNLL as by Tedeschi et al. (2021, WikiNEuRal): countries and towns (GPE) and buildings (FAC) are places."""

_FORM = re.compile(r"([BIMELSU])[-_](.+)", re.IGNORECASE)
_PLACES = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S"}
_OUTSIDE = ("O", "")


@dataclass(frozen=True)
class Scheme:
    """The labels of a tagger.

    Attributes:
        kind: `IOB2`, `IOB1`, `IO` or `IOBES`.
        labels: where in an entity every label stands (``B``, ``I``, ``E``, ``S``, or ``O`` outside) and the type that
            it means; a type that is none of `ENTITY_TYPES` keeps its own name and becomes no entity.
    """

    kind: str
    labels: tuple[tuple[str, str], ...]

    def tags(self, rows: np.ndarray) -> list[str]:
        """Return the IOB2 tags of a sentence.

        Labels of IOB2 stay as they are, an ``I-`` that continues nothing included. In all other schemes an entity goes
        on where an ``I-`` or ``E-`` follows its type, but not behind ``E-`` or ``S-``; every other label opens one.

        Args:
            rows: label distributions ``[words, labels]``; a zero row, which says nothing of its word, is ``O``.
        """
        best = self._likeliest(rows)
        if self.kind == IOB2:
            read = [_OUTSIDE if number is None else self.labels[number] for number in best]
        else:
            read = [("I" if goes_on else "B", meaning) for place, meaning, goes_on in self._read(best)]
        return [f"{'I' if place == 'I' else 'B'}-{meaning}" if meaning else "O" for place, meaning in read]

    @staticmethod
    def _likeliest(rows: np.ndarray) -> list[int | None]:
        return [n if known else None for n, known in zip(rows.argmax(-1).tolist(), rows.any(-1), strict=True)]

    def _read(self, best: Sequence[int | None]) -> Iterator[tuple[str, str, bool]]:
        """Yield place and type of every word's label, and whether it goes on with the entity before it."""
        before = ""
        for number in best:
            place, meaning = _OUTSIDE if number is None else self.labels[number]
            yield place, meaning, place in "IE" and meaning == before
            before = meaning if place in "BI" else ""

    def distributions(self, rows: np.ndarray) -> np.ndarray:
        """Return label distributions over `NER_LABELS`, float32 ``[words, 7]``; what means no type is ``O``.

        The mass of a type X stays what it is; what has to be found is how much of it opens an entity. For word i be
        b the mass of ``B-X`` and ``S-X``, m that of ``I-X`` and ``E-X``, and w the mass of word i - 1 behind which an
        X may go on: that of its ``B-X`` and ``I-X``; 0 for the first word.

        In IO and IOB1 an ``I-X`` goes on exactly where the word before is X, and opens an entity elsewhere. A
        token classifier gives the labels of words independently, so the mass that goes on is the product m w:
        I = m w, B = b + m (1 - w).

        In IOB2 and IOBES the labels say themselves what goes on: I = m, B = b. But where the likeliest label of a word
        goes on with X and the entity before it is none of X, it opens one, as the CoNLL scorer reads it: I = 0,
        B = b + m. So a tagger that was trained on IOB1 but has all labels of IOB2 loses no entity either.

        Args:
            rows: ``[words, labels]``; a zero row, which says nothing of its word, stays zero.
        """
        import numpy as np

        masks = {
            places: np.array(
                [[place in places and meaning == one for one in ENTITY_TYPES] for place, meaning in self.labels],
                dtype=np.float32,
            )
            for places in ("BS", "IE", "BI")
        }
        opening, inside = rows @ masks["BS"], rows @ masks["IE"]
        if self.kind in (IO, IOB1):
            before = np.zeros_like(inside)
            before[1:] = (rows @ masks["BI"])[:-1]
            goes_on = inside * before
        else:
            goes_on = inside.copy()
            for word, (place, meaning, continues) in enumerate(self._read(self._likeliest(rows))):
                if place in "IE" and not continues and meaning in ENTITY_TYPES:
                    goes_on[word, ENTITY_TYPES.index(meaning)] = 0
        found = np.empty((len(rows), len(NER_LABELS)), dtype=np.float32)
        found[:, 0] = rows @ np.array([meaning not in ENTITY_TYPES for _, meaning in self.labels], dtype=np.float32)
        found[:, 1::2] = opening + (inside - goes_on)
        found[:, 2::2] = goes_on
        return found


def label_names(config: Any, model: str) -> list[str]:
    """Return the names of a model's labels, by number.

    Raises:
        XnerError: the configuration does not name all of them.
    """
    names = config.id2label
    try:
        return [str(names[number]) for number in range(len(names))]
    except (KeyError, TypeError) as error:
        raise XnerError(
            f"the configuration of the model {model!r} names no label {error} (id2label); it counts them from 0."
        ) from error


def find_scheme(labels: Sequence[str], mapped: Mapping[str, str], model: str) -> Scheme:
    """Return how the labels of a tagger are to be read, and say once what is not plain about it.

    Args:
        labels: their names, by number.
        mapped: ``tagger.labels``: what types mean (PER, ORG, LOC or ``O``), or whole labels (also ``B-PER``).
        model: what the tagger is called in messages.

    Raises:
        XnerError: none of them means PER, ORG or LOC, or `mapped` names what the model does not predict, or a meaning
            that there is none.
    """
    split = [_split(label) for label in labels]
    types = list(dict.fromkeys(kind for place, kind in split if place != "O"))
    for name, meaning in mapped.items():
        if name not in types and name not in labels:
            raise XnerError(
                f"tagger.labels maps {name!r}, which the tagger {model!r} does not predict."
                f"{nearest(str(name), types)} Its types: {', '.join(types)}."
            )
        if meaning not in (*ENTITY_TYPES, *_OUTSIDE[:1]) and not (name in labels and _is_tag(meaning)):
            raise XnerError(
                f"tagger.labels maps {name!r} to {meaning!r}; it may be mapped to {', '.join(ENTITY_TYPES)} or O, and "
                "a whole label to a tag such as B-PER as well."
            )
    placed = [_meant(label, *one, mapped) for label, one in zip(labels, split, strict=True)]
    if not {meaning for _, meaning in placed} & set(ENTITY_TYPES):
        bare = [one for one in types if one in labels]
        named = zip(bare[1:] or bare, ("B-PER", "I-PER"), strict=False) if bare else [(*types, "TYPE")[:1] + ("PER",)]
        example = ", ".join(": ".join(one) for one in named)
        raise XnerError(
            f"the tagger {model!r} predicts {', '.join(labels)}. Its labels must be of entities, with some of "
            f"{', '.join(ENTITY_TYPES)}: give one trained for named-entity recognition, or say what its labels mean: "
            f"tagger.labels='{{{example}}}'."
        )
    scheme = Scheme(_kind(placed), tuple(placed))
    _tell(scheme, split, mapped, model)
    return scheme


def _split(label: str) -> tuple[str, str]:
    """Return the place and the type of a label; a bare type stands inside, as all labels of IO do."""
    if label.upper() == "O":
        return _OUTSIDE
    form = _FORM.fullmatch(label)
    return (_PLACES[form[1].upper()], form[2]) if form else ("I", label)


def _is_tag(meaning: str) -> bool:
    return bool(_FORM.fullmatch(meaning)) and _split(meaning)[1] in ENTITY_TYPES


def _meant(label: str, place: str, kind: str, mapped: Mapping[str, str]) -> tuple[str, str]:
    """Return the place of a label and the type that it means."""
    meaning = mapped.get(label, mapped.get(kind) if place != "O" else None)
    if meaning is None:
        return (place, DEFAULT_MEANINGS.get(kind.upper(), kind)) if place != "O" else _OUTSIDE
    if meaning == "O":
        return _OUTSIDE
    return _split(meaning) if _is_tag(meaning) else ("I" if place == "O" else place, meaning)


def _kind(placed: Sequence[tuple[str, str]]) -> str:
    places = {place for place, _ in placed}
    if places & {"E", "S"}:
        return IOBES
    if "B" not in places:
        return IO
    opened, inside = ({meaning for place, meaning in placed if place == one} for one in "BI")
    return IOB2 if inside <= opened else IOB1


def _tell(scheme: Scheme, split: Sequence[tuple[str, str]], mapped: Mapping[str, str], model: str) -> None:
    renamed, left_out = {}, []
    for (place, kind), (_, meaning) in zip(split, scheme.labels, strict=True):
        if place != "O" and kind not in mapped:
            if meaning not in (*ENTITY_TYPES, ""):
                left_out.append(kind)
            elif meaning not in (kind, ""):
                renamed[kind] = meaning
    said = [] if scheme.kind == IOB2 else [f"its labels are {scheme.kind}"]
    said += [f"{kind} is read as {meaning}" for kind, meaning in renamed.items()]
    said += [f"{', '.join(dict.fromkeys(left_out))}: no entities"] if left_out else []
    if said:
        _say(f"tagger {model}: {'; '.join(said)} (tagger.labels can say otherwise)")


@cache
def _say(text: str) -> None:
    """Say something once in a process, however often a model is loaded."""
    _log.warning(text)
