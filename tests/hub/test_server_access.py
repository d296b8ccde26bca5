"""Private, gated and moved repositories, and pull requests of others, through the client."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def private(hub_api):
    """A client of alice, who has made the private model xner/model with one file."""
    api = hub_api()
    api.create_repo("xner/model", private=True)
    api.upload_file(repo_id="xner/model", path_or_fileobj=b"{}", path_in_repo="config.json")
    return api


@pytest.fixture
def gated(private):
    """The same, public but gated."""
    private.update_repo_settings("xner/model", private=False, gated="manual")
    return private


def refused(call, *arguments, **settings):
    from huggingface_hub.errors import HfHubHTTPError

    with pytest.raises(HfHubHTTPError) as raised:
        call(*arguments, **settings)
    return type(raised.value).__name__, raised.value.response.status_code


def test_a_private_repository_is_read_by_its_organisation_with_any_role(private, hub_api):
    assert Path(hub_api("hf_read").hf_hub_download("xner/model", "config.json")).read_bytes() == b"{}"
    assert hub_api("hf_read").model_info("xner/model").private is True


def test_a_private_repository_is_hidden_from_everybody_else(private, hub_api):
    for call in ("model_info", "list_repo_files", "list_repo_refs", "auth_check"):
        assert refused(getattr(hub_api("hf_other"), call), "xner/model") == ("RepositoryNotFoundError", 404)
        assert refused(getattr(hub_api(False), call), "xner/model") == ("RepositoryNotFoundError", 401)
    assert refused(hub_api("hf_other").hf_hub_download, "xner/model", "config.json") == (
        "RepositoryNotFoundError",
        404,
    )
    assert not hub_api("hf_other").repo_exists("xner/model")


def test_a_private_repository_is_listed_for_its_organisation_alone(private, hub_api):
    assert [one.id for one in private.list_models(author="xner")] == ["xner/model"]
    assert list(hub_api("hf_other").list_models(author="xner")) == []


def test_a_gated_repository_shows_its_files_names_but_not_their_contents(gated, hub_api):
    assert hub_api("hf_other").model_info("xner/model").gated == "manual"
    assert "config.json" in hub_api(False).list_repo_files("xner/model")
    assert refused(hub_api("hf_other").hf_hub_download, "xner/model", "config.json") == ("GatedRepoError", 403)
    assert refused(hub_api(False).hf_hub_download, "xner/model", "config.json") == ("GatedRepoError", 401)
    assert refused(hub_api("hf_other").auth_check, "xner/model") == ("GatedRepoError", 403)
    assert Path(hub_api("hf_read").hf_hub_download("xner/model", "config.json")).read_bytes() == b"{}"


def test_access_to_a_gated_repository_is_granted_once_to_users_that_exist(gated, hub_api):
    gated.grant_access("xner/model", "bob")
    assert Path(hub_api("hf_granted").hf_hub_download("xner/model", "config.json")).read_bytes() == b"{}"
    assert refused(gated.grant_access, "xner/model", "bob") == ("BadRequestError", 400)
    assert refused(gated.grant_access, "xner/model", "nobody") == ("HfHubHTTPError", 404)
    assert refused(hub_api("hf_other").grant_access, "xner/model", "mallory") == ("HfHubHTTPError", 403)


def test_an_invented_token_is_told_from_a_hidden_repository(private, hub_api):
    assert refused(hub_api("hf_invented").model_info, "xner/model") == ("HfHubHTTPError", 401)


def test_a_deleted_repository_is_gone_and_can_be_made_again(private, hub):
    private.delete_repo("xner/model")
    assert not private.repo_exists("xner/model")
    private.delete_repo("xner/model", missing_ok=True)
    private.create_repo("xner/model")
    assert hub.hub.files("model", "xner/model").keys() == {".gitattributes"}


def test_a_moved_repository_is_found_under_both_names_and_in_any_spelling(gated, hub):
    gated.create_repo("alice/model")
    assert refused(gated.move_repo, "xner/model", "alice/model") == ("HfHubHTTPError", 409)
    assert refused(gated.move_repo, "xner/model", "google/model") == ("HfHubHTTPError", 403)
    gated.move_repo("xner/model", "xner/student")
    for name in ("xner/model", "xner/student", "XNER/Student"):
        assert gated.model_info(name).id == "xner/student"
        assert Path(gated.hf_hub_download(name, "config.json")).read_bytes() == b"{}"
    assert 307 in {record.status for record in hub.log}


def test_a_name_without_owner_is_no_repository(hub_api):
    assert refused(hub_api().model_info, "gpt2") == ("RepositoryNotFoundError", 404)
    assert refused(hub_api().hf_hub_download, "gpt2", "config.json") == ("RepositoryNotFoundError", 404)


class TestPullRequests:
    def test_a_stranger_may_propose_but_not_commit(self, gated, hub, hub_api):
        mallory, before = hub_api("hf_other"), hub.hub.head("model", "xner/model")
        settings = {"repo_id": "xner/model", "path_or_fileobj": b"new", "path_in_repo": "new.txt"}
        assert refused(mallory.upload_file, **settings) == ("HfHubHTTPError", 403)
        pull = mallory.upload_file(create_pr=True, **settings)
        assert pull.pr_revision == "refs/pr/1"
        assert hub.hub.head("model", "xner/model") == before
        mallory.upload_file(revision="refs/pr/1", **settings | {"path_in_repo": "more.txt"})
        assert refused(hub_api("hf_granted").upload_file, revision="refs/pr/1", **settings) == ("HfHubHTTPError", 403)
        gated.merge_pull_request("xner/model", 1)
        files = hub.hub.files("model", "xner/model")
        assert (files["config.json"], files["new.txt"], files["more.txt"]) == (b"{}", b"new", b"new")
        details = gated.get_discussion_details("xner/model", 1)
        assert (details.status, details.author, details.target_branch) == ("merged", "mallory", "refs/heads/main")
        assert [event.type for event in details.events] == ["comment", "commit", "commit", "status-change"]

    def test_a_merge_keeps_what_main_got_meanwhile_and_refuses_conflicts(self, private, hub):
        def commit(path, content, **settings):
            return private.upload_file(repo_id="xner/model", path_or_fileobj=content, path_in_repo=path, **settings)

        for path in ("a.txt", "b.txt"):
            commit(path, b"proposed", create_pr=True)
        commit("b.txt", b"ours")
        private.merge_pull_request("xner/model", 1)
        assert refused(private.merge_pull_request, "xner/model", 2) == ("HfHubHTTPError", 409)
        assert refused(private.merge_pull_request, "xner/model", 1) == ("BadRequestError", 400)
        files = hub.hub.files("model", "xner/model")
        assert (files["a.txt"], files["b.txt"]) == (b"proposed", b"ours")

    def test_discussions_are_listed_by_kind_and_status(self, private):
        private.create_discussion("xner/model", "A question", description="why?")
        private.create_pull_request("xner/model", "A proposal")
        private.upload_file(
            repo_id="xner/model", path_or_fileobj=b"", path_in_repo="x", create_pr=True, commit_message="Another"
        )
        private.comment_discussion("xner/model", 1, "because")
        private.change_discussion_status("xner/model", 3, "closed")

        def numbers(**settings):
            return [one.num for one in private.get_repo_discussions("xner/model", **settings)]

        assert numbers() == [1, 2, 3]
        assert numbers(discussion_type="pull_request") == [2, 3]
        assert numbers(discussion_type="pull_request", discussion_status="open") == [2]
        assert numbers(discussion_status="closed") == [3]
        assert numbers(author="mallory") == []
        comments = private.get_discussion_details("xner/model", 1).events
        assert [comment.content for comment in comments] == ["why?", "because"]
