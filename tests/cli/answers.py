"""What a command answered: exit code, standard output, standard error."""

from __future__ import annotations

import json


def done(answer):
    """Return the one JSON object of a command that went well."""
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


def refused(answer, *words):
    """Check that a command was refused in one message, with exit code 2 and nothing on standard output."""
    code, out, err = answer
    assert (code, out) == (2, "") and "error: " in err, err
    assert all(word in err for word in words), err
    assert "Traceback" not in err
