"""The terms that bind what is published: the most restrictive of those of everything that it was made from.

Labels and students are taken to inherit the terms of the tagger's training data and of the translation model. That is
the cautious reading; a card says so, and only a person with a reason, which goes on the card, can decide otherwise.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xner_hf.errors import XnerError, nearest
from xner_hf.languages import corpus_entry
from xner_hf.pipeline.licences import RESTRICTIVENESS, Licence
from xner_hf.publish import Refused
from xner_hf.publish.licence_table import KnownLicence, hub_licences, readings
from xner_hf.training.provenance import public_name

_BY_HAND = "or decide by hand, with --licence and --reason, which the card will show"
_TEXT_ROLES = ("text", "parallel", "translated-labels", "source-labels", "gold")


@dataclass(frozen=True)
class Terms:
    """The terms of a publication.

    Attributes:
        licence: licence id of the Hub; ``other`` where the terms have none.
        name: name of the terms, where `licence` is ``other``.
        link: where they stand, where `licence` is ``other``.
        licence_class: one of `RESTRICTIVENESS`.
        inputs: what they were found from, by name.
        notes: what else a reader has to know, in sentences.
        override: ``licence`` and ``reason``, where a person decided.
    """

    licence: str
    name: str | None
    link: str | None
    licence_class: str
    inputs: tuple[Licence, ...]
    notes: tuple[str, ...] = ()
    override: Mapping[str, str] | None = None

    def metadata(self) -> dict[str, str]:
        """Return the licence as the metadata of a card name it."""
        found = {"license": self.licence, "license_name": self.name, "license_link": self.link}
        return {key: value for key, value in found.items() if value is not None}

    def __str__(self) -> str:
        return self.licence if self.licence != "other" else f"{self.licence} ({self.name})"


@dataclass(frozen=True)
class _Input:
    """An input as we read it."""

    source: Licence
    licence: str
    licence_class: str
    known: KnownLicence
    why: str | None
    name: str | None
    link: str | None

    @property
    def terms(self) -> str:
        return self.licence if self.licence != "other" else self.name or f"other, {self.licence_class}"

    def __str__(self) -> str:
        return f"{public_name(self.source.name)} ({self.terms})"


def binding_terms(
    inputs: Sequence[Licence], override: Mapping[str, str] | None = None, *, passes_text: bool = True
) -> Terms:
    """Return the terms that bind what was made from some inputs; their order does not matter.

    Args:
        inputs: terms of every corpus and model that it was made from.
        override: ``licence`` and ``reason``, with ``name`` and ``link`` where the licence is ``other``: a person's.
        passes_text: whether the text of the corpora is passed on, as a data set does and a model does not.

    Raises:
        Refused: there is no input, the terms of one are not known, forbid passing on what was made from it, or cannot
            be combined with those of another; or the override is none.
    """
    ordered = tuple(sorted(dict.fromkeys(inputs), key=lambda one: (one.name, one.licence, one.licence_class)))
    if override:
        return _by_hand(ordered, override)
    if not ordered:
        raise Refused(f"nothing says what it was made from, so its terms are not known; say it, {_BY_HAND}.")
    found = [_read(one) for one in ordered]
    problems = [*_forbidden(found, passes_text), *_conflicts(found)]
    if problems:
        raise Refused(f"{' '.join(problems)} Leave out those inputs, {_BY_HAND}.")
    licence_class = _strictest(one.licence_class for one in found)
    # Share-alike terms that survived are the strictest: whatever rules them out was refused above.
    strictest = [one for one in found if one.known.share_alike]
    strictest = strictest or [one for one in found if one.licence_class == licence_class]
    binding = max(strictest, key=lambda one: (_order(one.licence), one.link is not None))
    if binding.licence != "other":
        return Terms(binding.licence, None, None, licence_class, ordered, _notes(found))
    link = binding.link or _page(binding.source.name)
    return Terms("other", binding.name or licence_class, link, licence_class, ordered, _notes(found))


def read_terms(one: Mapping[str, Any]) -> str:
    """Return the terms of an input of ``build.json`` or ``training.json`` in a word, as we read them."""
    read = _read(Licence(one["name"], one["licence"], one["licence_class"]))
    if read.licence_class == "unknown":
        return "not known"
    return read.licence_class if read.licence == "other" else f"{read.licence} ({read.licence_class})"


def strictest_terms(terms: Iterable[Terms]) -> Terms:
    """Return the strictest of the terms of several works that lie side by side, each under its own."""
    return max(terms, key=lambda one: (RESTRICTIVENESS.index(one.licence_class), _order(one.licence), str(one)))


def _read(source: Licence) -> _Input:
    """Return our reading of an input: that of the table, else what its licence says, the stricter class of both."""
    reading = readings().get(_repo(source.name))
    if reading:
        licence, licence_class, why = reading.licence, reading.licence_class, reading.why
        name, link = reading.name, reading.link
    else:
        licence, licence_class, why, name, link = source.licence, source.licence_class, None, None, None
    if licence == "unknown" and licence_class in RESTRICTIVENESS[:-1]:
        licence = "other"  # it states no licence of its own, but we know what its text or training data allow
    if licence_class not in RESTRICTIVENESS or licence not in hub_licences():
        return _Input(source, licence, "unknown", hub_licences()["unknown"], why, name, link)
    known = hub_licences()[licence]
    if licence != "other":
        licence_class = _strictest((licence_class, known.licence_class))
    return _Input(source, licence, licence_class, known, why, name, link)


def _strictest(classes: Iterable[str]) -> str:
    return max(classes, key=RESTRICTIVENESS.index)


def _forbidden(found: Sequence[_Input], passes_text: bool) -> list[str]:
    """Return what of the inputs must not be passed on, or is not known to be free to be."""
    problems = []
    for one in found:
        name, licence = one.source.name, one.licence
        if one.licence_class == "unknown":
            said = "" if licence in hub_licences() else nearest(licence, hub_licences())
            problems.append(f"the terms of {name} are not known (its licence is given as {licence!r}).{said}")
        elif not one.known.derivatives:
            problems.append(f"{name} ({licence}) does not allow passing on anything made from it.")
        elif passes_text and one.licence_class == "research-only" and _role(name) in _TEXT_ROLES:
            problems.append(f"{name} holds text for research only, which must not be passed on.")
    return problems


def _conflicts(found: Sequence[_Input]) -> list[str]:
    """Return which inputs demand a licence of their own for what is made from them that another rules out."""
    problems = []
    for alike, other in itertools.permutations(found, 2):
        family = alike.known.share_alike
        if family in (None, other.known.share_alike) or "unknown" in (alike.licence_class, other.licence_class):
            continue
        clash = None
        if other.known.share_alike:
            # Told once, not the other way round as well.
            clash = f"asks the same for {other.licence}" if str(alike) < str(other) else None
        elif RESTRICTIVENESS.index(other.licence_class) > RESTRICTIVENESS.index(alike.licence_class):
            clash = "allows less than that"
        elif other.licence == "other" and other.licence_class != "permissive":
            clash = "has further terms of its own"
        if clash:
            problems.append(
                f"{alike} asks that whatever is made from it goes out under {alike.licence}, and {other} {clash}: "
                "they cannot be combined."
            )
    return problems


def _notes(found: Sequence[_Input]) -> tuple[str, ...]:
    notes = []
    named = [str(one) for one in found if one.known.attribution and one.licence != "other"]
    if named:
        notes.append(f"The authors of these have to be named: {', '.join(named)}.")
    alike = next((one for one in found if one.known.share_alike), None)
    if alike:
        notes.append(f"Share alike: what is made from this has to go out under the same licence, as {alike} asks.")
    notes += [f"{public_name(one.source.name)} is read as {one.terms}: {one.why}." for one in found if one.why]
    return tuple(notes)


def _by_hand(inputs: tuple[Licence, ...], override: Mapping[str, str]) -> Terms:
    licence, reason = override.get("licence") or "", (override.get("reason") or "").strip()
    name, link = override.get("name"), override.get("link")
    if licence not in hub_licences() or licence == "unknown":
        raise Refused(
            f"the licence {licence!r} given by hand is unknown to the Hub.{nearest(licence, hub_licences())} See "
            "https://huggingface.co/docs/hub/repositories-licenses, or give 'other' with a name and a link."
        )
    if not reason:
        raise Refused(f"the licence {licence} was given by hand without a reason. Give one; the card shows it.")
    if licence == "other" and not (name and link):
        raise Refused("the licence 'other' given by hand needs the name of the terms and a link to them.")
    if licence != "other":
        name = link = None
    return Terms(licence, name, link, hub_licences()[licence].licence_class, inputs, (), dict(override))


def _order(licence: str) -> int:
    return list(hub_licences()).index(licence)


def _role(name: str) -> str | None:
    """Return the role of a corpus of the language table, None for anything else."""
    try:
        return corpus_entry(_repo(name)).role
    except XnerError:
        return None


def _page(name: str) -> str:
    """Return the page of an input on the Hub."""
    return f"https://huggingface.co/{'datasets/' if _role(name) else ''}{_repo(name)}"


def _repo(name: str) -> str:
    """Return the Hub id of an input, which may be named with its configuration."""
    return name.partition(":")[0]


def terms_of(
    licences: Iterable[Mapping[str, Any]], override: Mapping[str, str] | None = None, **options: Any
) -> Terms:
    """Return `binding_terms` of licences as ``build.json`` and ``training.json`` hold them.

    Raises:
        Refused: as `binding_terms` does.
    """
    fields = ("name", "licence", "licence_class")
    return binding_terms([Licence(*(str(one[key]) for key in fields)) for one in licences], override, **options)
