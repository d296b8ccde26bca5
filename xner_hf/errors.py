"""The one exception that users meet: what is wrong, where, and how to fix it."""

from __future__ import annotations

from collections.abc import Iterable


class XnerError(ValueError):
    """Wrong input, or an input that is not available.

    The message says what is wrong, where (file, line, value) and how to fix it. The command line prints it without a
    traceback and exits with 2; every other exception is a bug of this package.
    """


class NotAvailable(XnerError):
    """An input that is named correctly but is not available here.

    It is not in the mirror, the Hub refuses it, or it is not in the cache and ``HF_HUB_OFFLINE`` is set.
    """


class NoNetwork(NotAvailable):
    """The Hub cannot be reached, or something else answers in its place, and the cache has no copy."""


class HubFault(XnerError):
    """The Hub, or the connection to it, fails, so that it is unknown whether the input exists.

    Where work goes on without an input that is `NotAvailable`, it must not do so here.
    """


def nearest(value: object, known: Iterable[object], *, most: int = 3) -> str:
    """Return a clause such as `` Did you mean 'hau'?``, or an empty string when nothing known is close to `value`."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    names = [str(one) for one in known]
    found = process.extract(str(value), names, scorer=OSA.normalized_similarity, limit=most, score_cutoff=0.6)
    if not found:
        return ""
    return " Did you mean " + " or ".join(repr(name) for name, _, _ in found) + "?"
