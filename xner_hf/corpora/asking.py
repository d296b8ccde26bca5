"""Asking the Hub, or a host of raw files: what a failure says of the thing that was asked for.

Only a refusal (401, 403, 404 and the like) means that it is not available. A limit of requests, a fault of the
server, a timeout and a dropped connection pass: they are tried again, and then stop the work. Were they taken for
absence, a build would lose evaluation sets, and so a part of its leak check, without anybody's noticing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from xner_hf.errors import HubFault, NoNetwork, NotAvailable, XnerError

T = TypeVar("T")

PAUSES = (1.0, 4.0, 16.0)
"""Seconds before each further attempt, where the answer names no time of its own."""

LONGEST_PAUSE = 310.0
"""Seconds that are waited at most where it does: the Hub counts requests over five minutes."""

_REFUSALS = (401, 403, 404, 410, 451)


def ask_hub(what: str, call: Callable[[], T], remedy: str = "") -> T:
    """Return what `call` returns, and call it again after a fault that may pass.

    Args:
        what: the thing that is asked for, as in a message: ``the corpus org/name``.
        call: asks by means of `huggingface_hub`, which uses what was fetched before where it cannot ask.
        remedy: what helps where there is no network, as a whole sentence.

    Raises:
        NotAvailable: the Hub refuses, or may not be asked (``HF_HUB_OFFLINE``); `NoNetwork`: it cannot be reached.
        HubFault: the Hub, or the way to it, still fails.
        XnerError: it cannot be kept on this machine.
    """
    for pause in (*PAUSES, None):
        try:
            with hub_errors(what, remedy):
                return call()
        except HubFault as fault:
            if pause is None:
                raise
            time.sleep(min(_told(fault) or pause, LONGEST_PAUSE))
    raise AssertionError("unreachable")


@contextmanager
def hub_errors(what: str, remedy: str = "") -> Iterator[None]:
    """Turn what `huggingface_hub` raises into our errors, as `ask_hub` but at once."""
    import httpx2
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except XnerError:
        raise
    except HFValidationError as error:
        raise NotAvailable(f"{what} is not available from the Hub: {error}") from error
    except (httpx2.HTTPError, OSError, RuntimeError) as error:  # RuntimeError: how hf_xet says that a download failed
        problem = f"{what} is not available from the Hub:"
        if _has(error, OfflineModeIsEnabled):
            forbidden = "it is not in the cache, and HF_HUB_OFFLINE is set, which forbids to ask. Unset it."
            raise NotAvailable(f"{problem} {forbidden} {remedy}".strip()) from error
        if any(_status(one) in _REFUSALS for one in _causes(error)):
            raise NotAvailable(f"{problem} {error} {remedy}".strip()) from error
        if _has(error, httpx2.ConnectError) and not _has(error, httpx2.ProxyError):
            raise NoNetwork(f"{problem} there is no network, and it is not in the cache. {error} {remedy}") from error
        if not _may_pass(error):
            raise XnerError(
                f"{what} cannot be read or kept here: {error}. Is there room below HF_HOME, and may it be written?"
            ) from error
        raise HubFault(
            f"the Hub, or the way to it, fails just now, so that nothing is known of {what}: {error} Try again later."
        ) from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _has(error: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(one, kind) for one in _causes(error))


def _status(error: BaseException) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _may_pass(error: BaseException) -> bool:
    """Whether the failure is one of the server or the network, not one of this machine's disk."""
    import httpx2
    from huggingface_hub.errors import FileMetadataError, LocalEntryNotFoundError

    kinds = (httpx2.HTTPError, FileMetadataError, LocalEntryNotFoundError, TimeoutError, ConnectionError, RuntimeError)
    return any(isinstance(one, kinds) for one in _causes(error))


def _told(error: BaseException) -> float | None:
    """Return the seconds after which the answer says to come back."""
    from huggingface_hub.utils import parse_ratelimit_headers

    for one in _causes(error):
        headers = getattr(getattr(one, "response", None), "headers", {})
        if (limit := parse_ratelimit_headers(headers)) and not limit.remaining:
            return limit.reset_in_seconds + 1.0
        if headers.get("retry-after", "").isdecimal():
            return float(headers["retry-after"])
    return None
