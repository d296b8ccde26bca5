"""``python tests/hub/server [PORT]``: run the server until it is interrupted; its address is the first line of output.

Its log is at ``/__test__/log``; faults are set by a PUT of a list to ``/__test__/faults`` (see `server.control`).
"""

import signal
import sys
from pathlib import Path

# Python puts this folder, not the one above it, on the path of a folder that is run.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from server import start  # noqa: E402

if __name__ == "__main__":
    if len(sys.argv) > 2 or not all(word.isdigit() for word in sys.argv[1:]):
        sys.exit("usage: python tests/hub/server [PORT]")
    ends = {signal.SIGINT, signal.SIGTERM}
    # Blocked before the server's thread starts, which inherits it, so that this thread alone gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with start(int(sys.argv[1]) if len(sys.argv) > 1 else 0) as server:
        print(server.url, flush=True)
        signal.sigwait(ends)
