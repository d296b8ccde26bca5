"""Faults on demand, seen without any client."""

from __future__ import annotations

import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hub_raw import ask, commit
from server import Fault

FILE = ("file", {"path": "a.txt", "encoding": "base64", "content": "YWJjZGVmZ2g="})


@pytest.fixture
def hub(shared_hub):
    """A server without faults, log and repositories."""
    shared_hub.faults.clear()
    shared_hub.hub.repos.clear()
    shared_hub.log.clear()
    return shared_hub


@pytest.fixture
def url(hub):
    """The address of the commits of the model xner/model."""
    assert ask(f"{hub.url}/api/repos/create", "POST", {"name": "model", "organization": "xner"}).status == 200
    hub.log.clear()
    return f"{hub.url}/api/models/xner/model/commit/main"


def landed(hub):
    return len(hub.hub.commits("model", "xner/model")) - 1


@pytest.mark.parametrize("status", [401, 403, 409, 412, 429, 500, 503])
@pytest.mark.parametrize("after", [False, True])
def test_a_request_is_refused_before_or_after_its_effect(hub, url, status, after):
    hub.faults.append(Fault("status", path="/commit/", status=status, after=after, headers={"Retry-After": "1"}))
    answer = commit(url, FILE)
    assert (answer.status, answer.headers["retry-after"]) == (status, "1")
    assert answer.value["error"] == f"fault on demand {'after' if after else 'before'} the effect"
    assert landed(hub) == after


@pytest.mark.parametrize("kind", ["drop", "cut"])
def test_a_connection_is_closed_before_the_effect(hub, url, kind):
    hub.faults.append(Fault(kind, path="/commit/"))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        commit(url, FILE)
    assert landed(hub) == 0
    assert [(record.status, record.sent, record.fault) for record in hub.log] == [(None, 0, kind)]


def test_half_of_a_long_upload_arrives_where_it_is_cut(hub, url):
    hub.faults.append(Fault("cut", path="/__lfs/"))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(f"{hub.url}/__lfs/{'0' * 64}", "PUT", bytes(8_000_000))
    assert 4_000_000 <= hub.log[-1].received < 8_000_000


def test_a_reply_is_lost_after_the_effect(hub, url):
    hub.faults.append(Fault("drop", path="/commit/", after=True))
    with pytest.raises(http.client.RemoteDisconnected):
        commit(url, FILE)
    assert landed(hub) == 1


def test_a_reply_is_cut_in_the_middle(hub, url):
    commit(url, FILE)
    hub.faults.append(Fault("cut", path="/resolve/", after=True))
    with pytest.raises(http.client.IncompleteRead) as raised:
        ask(f"{hub.url}/xner/model/resolve/main/a.txt")
    assert raised.value.partial == b"abcd"
    assert (hub.log[-1].status, hub.log[-1].sent) == (200, 4)


def test_a_reply_without_body_is_not_cut_but_dropped(hub, url):
    commit(url, FILE)
    hub.faults.append(Fault("cut", path="/resolve/", after=True))
    with pytest.raises(http.client.RemoteDisconnected):
        ask(f"{hub.url}/xner/model/resolve/main/a.txt", "HEAD")


def test_a_bit_is_changed_on_the_way_in_or_out(hub, url):
    hub.faults.append(Fault("corrupt", path="/resolve/", nth=2, after=True))
    commit(url, FILE)
    assert ask(f"{hub.url}/xner/model/resolve/main/a.txt").body == b"abcdefgh"
    assert ask(f"{hub.url}/xner/model/resolve/main/a.txt").body == b"abcddfgh"
    hub.faults.append(Fault("corrupt", path="/create"))
    body = b'{"organization": "xner", "name": "letter"}'
    assert body[len(body) // 2 :].startswith(b'r", ')
    assert ask(f"{hub.url}/api/repos/create", "POST", body).value["error"].endswith('namespace "xnes"')


def test_a_delay_holds_back_one_request_and_no_other(hub, url):
    hub.faults.append(Fault("delay", path="/commit/", seconds=1))
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(commit, url, FILE)
        while not hub.faults[0].hits:
            time.sleep(0.01)
        assert ask(f"{hub.url}/api/whoami-v2").status == 200
        assert slow.result().status == 200
    assert [record.path.split("/")[-1] for record in hub.log] == ["whoami-v2", "main"]
    assert landed(hub) == 1


def test_a_fault_hits_the_nth_matching_request_and_as_many_as_it_is_told(hub, url):
    fault = Fault("status", path="/tag/main$", method="POST|PUT", status=500, nth=2, times=2)
    hub.faults.append(fault)
    tags = f"{url.removesuffix('/commit/main')}/tag/main"
    statuses = []
    for i in range(5):
        statuses.append(ask(tags, "POST", {"tag": f"v{i}"}).status)
        assert ask(tags.replace("/tag/", "/commits/")).status == 200
    assert statuses == [200, 500, 500, 200, 200]
    assert (fault.matched, fault.hits) == (5, 2)
    assert hub.hub.repo("model", "xner/model").tags.keys() == {"v0", "v3", "v4"}


def test_every_fault_counts_but_the_first_that_is_due_happens(hub, url):
    first, second = Fault("status", status=500), Fault("status", status=502, times=2)
    hub.faults += [first, second]
    assert [ask(f"{hub.url}/api/whoami-v2").status for _ in range(3)] == [500, 502, 200]
    assert (first.matched, second.matched) == (3, 3)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="no fault is called 'explode'; there are drop, delay, status, cut, corrupt"):
        Fault("explode")
    with pytest.raises(ValueError, match="count from 1, not 0 and 1"):
        Fault("drop", nth=0)
