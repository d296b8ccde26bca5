"""A server on loopback that answers the unmodified client of the Hugging Face Hub, for tests of publishing.

It keeps everything in memory and speaks the interface of repositories, Git LFS (basic and multipart), Xet, and
downloads. ``../EXPECTATIONS.md`` lists what the client relies on.

    from server import Fault, start

    with start() as server:
        server.faults.append(Fault("status", path="/commit/", status=503, after=True))
        ...                                       # a client with HF_ENDPOINT=server.url and HF_TOKEN=hf_write
        server.hub.files("dataset", "xner/projected")

It stands for the Hub in tests alone: its accounts and their tokens (see `server.accounts`) are known to everybody.
"""

from .app import Server, start
from .faults import Fault
from .log import Record
from .messages import HubError
from .state import Hub

__all__ = ["Fault", "Hub", "HubError", "Record", "Server", "start"]
