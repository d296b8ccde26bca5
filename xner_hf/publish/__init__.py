"""Cards, licences and uploads: what makes a build or a student something that a stranger can use."""

from __future__ import annotations

from xner_hf.errors import XnerError


class Refused(XnerError):
    """What was given must not be published as it is; the message lists every reason and its remedy."""
