"""The test server and its fixtures."""

from __future__ import annotations

import sys
from pathlib import Path

# Test modules have no package, so that the server is found by the path; folders beside this one do the same.
sys.path.insert(0, str(Path(__file__).parent))

from hub_fixtures import hub, hub_api, hub_env, run_client, shared_hub  # noqa: E402, F401
