"""The one exception that users meet: wrong input, said with its place and its remedy."""

from __future__ import annotations

from collections.abc import Iterable


class XnerError(ValueError):
    """Wrong input or an input that cannot be had.

    The message says what is wrong, where (file, line, value) and how to mend it. The command line prints it without a
    traceback and exits with 2; every other exception is a bug of this package.
    """


class NotAvailable(XnerError):
    """An input that is named correctly but cannot be had here: not in the mirror, not on the Hub, or no network."""


def nearest(value: object, known: Iterable[object], *, most: int = 3) -> str:
    """Return a clause such as `` Did you mean 'hau'?``, or an empty string when nothing known is close to `value`."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    names = [str(one) for one in known]
    found = process.extract(str(value), names, scorer=OSA.normalized_similarity, limit=most, score_cutoff=0.6)
    if not found:
        return ""
    return " Did you mean " + " or ".join(repr(name) for name, _, _ in found) + "?"
