"""Methods, and where they are found: a method is one file, and one line in it registers it.

The file holds a frozen dataclass of the method's settings below `Method`, with ``@register(kind, name)`` above it.
All else is read off that class: recipes and their errors, cache keys, checks before a build, revisions, licences,
citations, help texts and the reference page.

A package of its own registers methods through an entry point of the group ``xner_hf.methods``, which names a module:

    [project.entry-points."xner_hf.methods"]
    mine = "my_package.my_aligner"
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, make_dataclass, replace
from functools import cache, lru_cache
from importlib.metadata import entry_points, version
from typing import Any, ClassVar, TypeVar, get_type_hints

from xner_hf.errors import XnerError, nearest
from xner_hf.settings import check_settings, check_values

ROOMS = {
    "translator": "xner_hf.translate",
    "tagger": "xner_hf.tag",
    "aligner": "xner_hf.align",
    "projector": "xner_hf.project",
    "score": "xner_hf.project.scores",
    "filter": "xner_hf.project.filters",
    "loss": "xner_hf.training.soft_losses",
}
"""Every kind of method, and the package whose modules hold those that come with this one."""

SECTIONS = {"score": "projector", "filter": "filters"}
"""The section of a recipe or of training settings where the settings of a kind stand, unless it is the kind's name."""

ENTRY_POINTS = "xner_hf.methods"

MODEL, CORPUS, FILES, SAMPLE, FITTED = "model", "corpus", "files", "sample", "fitted"

MODEL_PACKAGES = ("torch", "transformers", "tokenizers")
"""Distributions whose versions decide what a model of transformers gives."""


@dataclass(frozen=True)
class Input:
    """Something that a recipe reads.

    Attributes:
        kind: ``model``; ``corpus`` on the Hub or in a mirror; ``files`` of the user; ``sample``, the bundled one; or
            ``fitted``: gold that weights were fitted on, which is named and not read.
        name: Hub id, folder or reference to files.
        role: what it is used as, such as ``tagger`` or ``projector.target_tagger``; `used_as` puts it together.
        config: configuration of a corpus.
        splits: its splits; None for all of them.
        revision: Hub branch, tag or commit; None for the main branch.
        licence: SPDX or Hub licence id, where the method knows what the language table does not.
        licence_class: ``permissive``, ``non-commercial``, ``research-only`` or ``unknown``.
    """

    kind: str
    name: str
    role: str = ""
    config: str | None = None
    splits: tuple[str, ...] | None = None
    revision: str | None = None
    licence: str | None = None
    licence_class: str = "unknown"

    def to_dict(self) -> dict[str, Any]:
        """Return what is known of the input as plain values, for JSON."""
        known = {**vars(self), "splits": self.splits and list(self.splits)}
        return {key: value for key, value in known.items() if value is not None}

    def used_as(self, role: str) -> Input:
        """Return this input with its role below `role`."""
        return replace(self, role=f"{role}.{self.role}" if self.role else role)


class Method:
    """Base class of the settings of a method.

    A method may apply others (`part_settings`): what they read, need and depend on, it does too.

    Attributes:
        registered_as: name under which it is registered.
        section: where its settings stand in a recipe or in training settings, for messages.
        distribution: the other package that registers it; None for those of this package.
        version: raise it when the method gives other results; cached results of older versions are not used again.
        packages: distributions whose versions decide the results, beside the one that registers the method.
        parts: a kind of method whose registered methods this one applies; their settings are settings of this one.
        order: methods of a kind are listed and applied by it, smallest first.
        citations: keys of `xner_hf/publish/papers.bib`, or whole BibTeX entries.
    """

    version: ClassVar[int] = 1
    packages: ClassVar[tuple[str, ...]] = ()
    citations: ClassVar[tuple[str, ...]] = ()
    registered_as: ClassVar[str]
    section: ClassVar[str] = ""
    distribution: ClassVar[str | None] = None
    parts: ClassVar[str | None] = None
    order: ClassVar[int] = 10

    def __post_init__(self) -> None:
        check_values(self, self.section)

    @property
    def is_on(self) -> bool:
        """Whether the settings ask for the method, where it is a part of another one."""
        return True

    def part_settings(self) -> list[Any]:
        """Return the settings objects of the methods that this one applies: of its `parts`, those which are on."""
        found = methods(self.parts).values() if self.parts else ()
        made = (kind(**{one.name: getattr(self, one.name) for one in fields(kind)}) for kind in found)
        return [one for one in made if one.is_on]

    def inputs(self) -> Iterable[Input]:
        """Return the models and corpora that the method reads."""
        return tuple(one for part in self.part_settings() for one in part.inputs())

    @property
    def is_trained(self) -> bool:
        """Whether the method is trained on the text of the build."""
        return any(part.is_trained for part in self.part_settings())

    def check(self, *languages: str) -> None:
        """Check what needs no download, such as a package that must be installed.

        Args:
            *languages: of a translator: ISO 639-3 codes of the source and the target language.

        Raises:
            XnerError: the method cannot be used here; the message says how to fix it.
        """
        for part in self.part_settings():
            part.check(*languages)

    def preflight(self, *languages: str) -> None:
        """Check what needs no more than configurations and tokenizers of models; arguments as for `check`.

        Raises:
            XnerError: the method cannot be used; the message says how to fix it.
        """
        for part in self.part_settings():
            part.preflight(*languages)

    def cited(self) -> set[str]:
        """Return `citations`, those of the methods that this one applies among them."""
        return set(self.citations).union(*(part.cited() for part in self.part_settings()))

    def state(self) -> dict[str, Any]:
        """Return what decides the results but for the inputs: version, settings and versions of packages.

        Settings that name an input are left out: its content decides, not its place. So are parts that are off.
        """
        named = {name for one in self.inputs() for name in (one.name, one.revision)} - {None}
        theirs = {one.name for kind in methods(self.parts).values() for one in fields(kind)} if self.parts else set()
        settings = {key: value for key, value in asdict(self).items() if key not in theirs}  # type: ignore[call-overload]
        parts = [part.state() for part in self.part_settings()]
        packages = {name: number for part in parts for name, number in part["packages"].items()}
        names = (*self.packages, *([self.distribution] if self.distribution else ()))
        return {
            "method": f"{type(self).__module__}.{type(self).__qualname__}",
            "version": self.version,
            "settings": {
                key: None if isinstance(value, str) and value in named else value for key, value in settings.items()
            },
            "packages": {name: version(name) for name in names} | packages,
            "parts": parts,
        }


M = TypeVar("M", bound=type)
_known: dict[str, dict[str, type]] = {kind: {} for kind in ROOMS}
_loading: list[str] = []
"""The distribution whose entry point is being loaded."""


def register(kind: str, name: str) -> Callable[[M], M]:
    """Register the settings class of a method under a name.

    Raises:
        XnerError: the kind is unknown, or another class has the name.
    """
    if kind not in ROOMS:
        raise XnerError(f"there is no kind of method {kind!r}.{nearest(kind, list(ROOMS))} Known: {', '.join(ROOMS)}.")

    def add(settings: M) -> M:
        other = _known[kind].get(name)
        if other is not None and (other.__module__, other.__qualname__) != (
            settings.__module__,
            settings.__qualname__,
        ):
            raise XnerError(
                f"two methods are called {kind} {name!r}: {other.__module__} and {settings.__module__}. Rename one "
                "or uninstall its package."
            )
        settings.registered_as = name  # type: ignore[attr-defined]
        settings.section = SECTIONS.get(kind, kind)  # type: ignore[attr-defined]
        settings.distribution = _loading[-1] if _loading else None  # type: ignore[attr-defined]
        _known[kind][name] = settings
        return settings

    return add


@lru_cache(maxsize=1)
def _load() -> None:
    """Import the modules of all methods.

    Raises:
        XnerError: one of another package cannot be imported.
    """
    for room in dict.fromkeys(ROOMS.values()):
        package = importlib.import_module(room)
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
            importlib.import_module(f"{room}.{module.name}")
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda one: one.name):
        _loading.append(point.dist.name if point.dist else point.value)
        try:
            point.load()
        except ImportError as error:
            raise XnerError(
                f"the package {_loading[-1]} registers methods in {point.value}, which cannot be imported: {error}. "
                "Update or uninstall it."
            ) from error
        finally:
            _loading.pop()


def methods(kind: str) -> Mapping[str, Any]:
    """Return the settings classes of a kind of method by name: by `Method.order`, those of this package first."""
    _load()
    found = sorted(_known[kind].items(), key=lambda item: (item[1].order, item[1].distribution or "", item[0]))
    return {name: with_parts(settings) for name, settings in found}


@cache
def with_parts(settings: type) -> type:
    """Return a settings class with the settings of its parts beside its own.

    Raises:
        XnerError: two of them have a setting of the same name.
    """
    if not settings.parts:  # type: ignore[attr-defined]
        return settings
    owners = {one.name: settings for one in fields(settings)}
    added = []
    for part in methods(settings.parts).values():  # type: ignore[attr-defined]
        hints = get_type_hints(part)
        for one in fields(part):
            if one.name in owners:
                raise XnerError(
                    f"{part.__module__} and {owners[one.name].__module__} both have a setting {one.name!r}. Rename "
                    "one or uninstall its package."
                )
            owners[one.name] = part
            copied = field(default=one.default, default_factory=one.default_factory, metadata=one.metadata)
            added.append((one.name, hints[one.name], copied))

    def check_parts(self: Any) -> None:
        settings.__post_init__(self)  # type: ignore[attr-defined]
        self.part_settings()

    namespace = {"__post_init__": check_parts, "__doc__": settings.__doc__, "__module__": settings.__module__}
    return make_dataclass(settings.__name__, added, bases=(settings,), namespace=namespace, frozen=True)


def settings_of(kind: str, name: str, values: Mapping[str, Any]) -> Any:
    """Return the settings object of a method.

    Raises:
        XnerError: the method or one of its settings is unknown, or a value does not fit.
    """
    known = methods(kind)
    if not isinstance(name, str) or name not in known:
        raise XnerError(f"unknown {kind} {name!r}.{nearest(str(name), list(known))} Known: {', '.join(known)}.")
    given = dict(values)
    check_settings(given, known[name], f"the {kind} {name!r}")
    return known[name](**given)


def make(kind: str, name: str, values: Mapping[str, Any], *given: Any) -> Any:
    """Return a method, ready to use: `settings_of`, then its ``make`` with what the kind of method is made from.

    Raises:
        XnerError: as `settings_of`, or a model or corpus cannot be used.
    """
    return settings_of(kind, name, values).make(*given)
