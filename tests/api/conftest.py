"""The test server of tests/hub."""

from __future__ import annotations

from hub_fixtures import hub, hub_api, shared_hub  # noqa: F401
