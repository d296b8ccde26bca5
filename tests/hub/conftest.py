"""The test server and its fixtures."""

from __future__ import annotations

# Test modules have no package, so that the server is found by the path; folders beside this one do the same.
from hub_fixtures import hub, hub_api, hub_env, run_client, shared_hub  # noqa: F401
