"""Named-entity recognition for languages without labelled data.

Importing this package lets ``datasets.load_dataset("xner/projected", "hau")`` build the corpus here, from the recipe
of the language, instead of downloading a published one.
"""

from __future__ import annotations

from xner_hf.builders import install as _install

__version__ = "0.1.0"

_install()
