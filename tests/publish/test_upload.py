"""Publishing against a server that answers as the Hub does: one commit, nothing lost, and the truth about it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from server import Fault

from xner_hf.errors import XnerError
from xner_hf.publish import Refused
from xner_hf.publish.checks import check_dataset
from xner_hf.publish.remote import Remote
from xner_hf.publish.upload import TRIES, publish

REPO = "xner/projected"
CAMPAIGN = Path(__file__).parents[2] / "benchmarks" / "publish_faults.py"


@pytest.fixture(autouse=True)
def logged_in(hub_api, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_write")


@pytest.fixture
def send(exported):
    """The function (name, **options) that publishes a copy of an exported folder without waiting between tries."""

    def publish_it(name, repo=REPO, revision="main", **options):
        publication = check_dataset(exported(name))
        return publish(publication, Remote("dataset", repo, revision), sleep=lambda _: None, **options)

    return publish_it


@pytest.fixture
def held(hub):
    """The functions that return the files and the number of commits of the repository."""
    return lambda revision="main": dict(hub.hub.files("dataset", REPO, revision))


@pytest.fixture
def commits(hub):
    return lambda revision="main": len(hub.hub.commits("dataset", REPO, revision))


def configs(text):
    import yaml

    return [one["config_name"] for one in yaml.safe_load(text.split("---\n")[1])["configs"]]


# One commit


def test_all_files_of_a_config_arrive_in_one_commit(send, held, commits):
    outcome = send("hau")
    assert outcome.state == "published"
    assert commits() == 2  # the server makes the first, as the Hub does
    assert {"hau/train-00000-of-00003.parquet", "hau/export.json", "README.md", "scripts/projected.py"} <= set(held())
    assert sorted(outcome.changes.added) == sorted(set(held()) - {".gitattributes"})


def test_a_second_identical_publication_makes_no_commit(send, commits, hub):
    first = send("hau")
    asked = len(hub.log)
    second = send("hau")
    assert (second.state, second.commit, commits()) == ("unchanged", first.commit, 2)
    assert not [one for one in hub.log[asked:] if one.method in ("PUT", "POST")]


def test_a_new_build_replaces_the_old_one_and_leaves_other_files_alone(send, held, hub_api):
    send("old-hau")
    api = hub_api()
    for name in ("hau/notes.txt", "LICENSE"):
        api.upload_file(repo_id=REPO, repo_type="dataset", path_or_fileobj=b"by hand\n", path_in_repo=name)
    outcome = send("hau")
    assert outcome.changes.deleted == ["hau/train-00000-of-00002.parquet", "hau/train-00001-of-00002.parquet"]
    now = held()
    assert now["hau/notes.txt"] == now["LICENSE"] == b"by hand\n"
    assert {name for name in now if "train" in name} == {f"hau/train-0000{i}-of-00003.parquet" for i in range(3)}


def test_a_file_of_ours_that_somebody_changed_is_not_deleted(send, held, hub_api):
    send("old-hau")
    name = "hau/train-00001-of-00002.parquet"
    hub_api().upload_file(repo_id=REPO, repo_type="dataset", path_or_fileobj=b"theirs", path_in_repo=name)
    outcome = send("hau")
    assert outcome.changes.deleted == ["hau/train-00000-of-00002.parquet"]
    assert held()[name] == b"theirs"


def test_configs_that_are_published_one_after_the_other_stand_on_one_card(send, held):
    send("hau")
    before = held()
    send("swa")
    now = held()
    assert configs(now["README.md"].decode()) == ["hau", "swa"]
    assert {name: now[name] for name in before if name != "README.md"} == {
        name: content for name, content in before.items() if name != "README.md"
    }


def test_sections_and_keys_that_were_written_by_hand_survive(send, held, hub_api):
    send("hau")
    text = held()["README.md"].decode()
    text = text.replace("---\n", "---\nours: kept\n", 1) + "\n## By hand\n\nAsk Amina.\n"
    hub_api().upload_file(repo_id=REPO, repo_type="dataset", path_or_fileobj=text.encode(), path_in_repo="README.md")
    send("swa")
    now = held()["README.md"].decode()
    assert "## By hand\n\nAsk Amina." in now and "ours: kept" in now
    assert configs(now) == ["hau", "swa"]


def test_two_publishers_at_once_both_land(exported, held, commits):
    outcomes, errors = {}, []
    gate = threading.Barrier(2)

    class Together(Remote):
        """Waits before its first commit until the other has read the same head."""

        waited = False

        def commit(self, *arguments):
            if not self.waited:
                self.waited = True
                gate.wait(30)
            return super().commit(*arguments)

    send_first = publish(check_dataset(exported("old-hau")), Remote("dataset", REPO), sleep=lambda _: None)
    assert send_first.state == "published"

    def send(name):
        try:
            outcomes[name] = publish(check_dataset(exported(name)), Together("dataset", REPO), sleep=lambda _: None)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=send, args=(name,)) for name in ("hau", "swa")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not errors
    assert [one.state for one in outcomes.values()] == ["published", "published"]
    assert any("newer commit" in note for one in outcomes.values() for note in one.notes)
    assert commits() == 4
    now = held()
    assert configs(now["README.md"].decode()) == ["hau", "swa"]
    assert {"hau/train-00002-of-00003.parquet", "swa/export.json"} <= set(now)


def test_a_file_that_somebody_else_changed_stays_and_is_no_part_of_the_data(send, held, hub_api):
    from fnmatch import fnmatch

    import yaml

    send("hau")
    theirs = "hau/train-00001-of-00003.parquet"
    hub_api().upload_file(path_or_fileobj=b"theirs", path_in_repo=theirs, repo_id=REPO, repo_type="dataset")
    send("old-hau")
    now = held()
    assert theirs in now and "hau/train-00000-of-00003.parquet" not in now
    (config,) = yaml.safe_load(now["README.md"].decode().split("---\n")[1])["configs"]
    export = json.loads(now["hau/export.json"])
    for one in config["data_files"]:
        assert [name for name in sorted(now) if fnmatch(name, one["path"])] == export["splits"][one["split"]]["files"]


# What was asked for


def test_a_dry_run_names_what_would_change_and_changes_nothing(send, held, commits, hub):
    send("old-hau")
    before, asked = held(), len(hub.log)
    outcome = send("hau", dry_run=True)
    assert outcome.state == "dry run"
    assert outcome.changes.added == [f"hau/train-0000{i}-of-00003.parquet" for i in range(3)]
    assert outcome.changes.deleted == [f"hau/train-0000{i}-of-00002.parquet" for i in range(2)]
    assert held() == before and commits() == 2
    assert not [one for one in hub.log[asked:] if one.method not in ("GET", "HEAD")]
    done = send("hau")
    assert (done.changes.added, done.changes.changed, done.changes.deleted) == (
        outcome.changes.added,
        outcome.changes.changed,
        outcome.changes.deleted,
    )


def test_a_dry_run_of_a_new_repository_makes_none(send, hub):
    outcome = send("hau", dry_run=True)
    assert outcome.commit is None and "README.md" in outcome.changes.added
    assert not hub.hub.repos


def test_a_pull_request_leaves_main_alone_and_is_opened_once(send, held, commits):
    send("old-hau")
    before = held()
    first = send("hau", create_pr=True)
    again = send("hau", create_pr=True)
    assert first.state == again.state == "pull request"
    assert first.pull_request == again.pull_request
    assert held() == before and commits() == 2
    assert "hau/train-00002-of-00003.parquet" in held("refs/pr/1")


def test_a_branch_is_made_from_main(send, held, commits):
    send("old-hau")
    before = held()
    outcome = send("hau", revision="next")
    assert outcome.revision == "next" and held() == before
    assert "hau/train-00002-of-00003.parquet" in held("next")
    assert commits("next") == 3


def test_a_tag_names_the_commit_and_is_not_moved(send, hub_api):
    first = send("old-hau", tag="v1.0")
    tags = {one.name: one.target_commit for one in hub_api().list_repo_refs(REPO, repo_type="dataset").tags}
    assert tags == {"v1.0": first.commit}
    assert send("old-hau", tag="v1.0").tag == "v1.0"
    with pytest.raises(Refused, match="v1.0 exists .* names another commit"):
        send("hau", tag="v1.0")


def test_a_new_repository_is_private_on_request_and_a_public_one_is_refused(send, hub, hub_api):
    send("hau", private=True)
    assert hub_api().repo_info(REPO, repo_type="dataset").private
    send("swa", repo="xner/open")
    with pytest.raises(Refused, match="is public"):
        send("hau", repo="xner/open", private=True)


# What may not


@pytest.mark.parametrize(
    ("token", "told"),
    [
        (None, "hf auth login"),
        ("hf_read", "must be a token with the right to write"),
        ("hf_other", "may not write to xner/projected"),
        ("hf_nobody", "still valid"),
    ],
)
def test_without_the_right_to_write_the_message_says_what_to_do(send, hub, monkeypatch, token, told):
    monkeypatch.delenv("HF_TOKEN") if token is None else monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(Refused, match=told) as caught:
        send("hau")
    assert not hub.hub.repos
    assert token is None or token not in str(caught.value)


@pytest.mark.parametrize("name", ["projected", "a/b/c", "../x", "xner/..", "xner/a b"])
def test_a_name_that_is_none_on_the_hub_is_refused(name):
    with pytest.raises(XnerError, match="--repo"):
        Remote("dataset", name)


# On a line that fails


def test_a_lost_reply_makes_neither_a_second_commit_nor_a_failure(send, held, commits, hub):
    for fault in (
        Fault("drop", path="/commit/", after=True),
        Fault("status", path="/commit/", status=403, after=True),
    ):
        hub.hub.forget()
        send("old-hau")
        hub.faults.append(fault)
        outcome = send("hau")
        assert fault.hits == 1 and outcome.state == "published" and commits() == 3
        assert outcome.notes
        assert "hau/train-00002-of-00003.parquet" in held()


def test_a_refusal_before_the_effect_is_told(send, held, hub):
    send("old-hau")
    before = held()
    hub.faults.append(Fault("status", path="/commit/", status=403))
    with pytest.raises(Refused, match="may not write"):
        send("hau")
    assert held() == before


def test_what_was_uploaded_is_not_sent_again(send, hub):
    send("old-hau")
    hub.faults.append(Fault("status", path="/commit/", status=403))
    with pytest.raises(Refused):
        send("hau")
    asked = len(hub.log)
    send("hau")
    assert not [one for one in hub.log[asked:] if "/__lfs/" in one.path]


def test_a_hub_that_stays_away_is_told_with_what_is_known(send, commits, hub):
    send("old-hau")
    hub.faults.append(Fault("status", path="/commit/", status=503, times=TRIES))
    with pytest.raises(XnerError, match=rf"failed {TRIES} times.*may have landed.*same command again"):
        send("hau")
    hub.faults.clear()
    assert send("hau").state == "published" and commits() == 3


def test_a_damaged_card_is_read_again(send, held, hub):
    send("hau")
    hub.faults.append(Fault("corrupt", path="README.md", method="GET", after=True))
    send("swa")
    assert configs(held()["README.md"].decode()) == ["hau", "swa"]


def test_a_short_fault_campaign_breaks_no_promise():
    done = subprocess.run(
        [sys.executable, CAMPAIGN, "--runs", "8", "--seed", "7", "--transport", "lfs"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    last = next(line for line in done.stdout.splitlines() if line.startswith("all ")).split()
    assert last[1] == last[5] == "8" and last[6] == "0"


def test_the_command_prints_one_object_and_no_token(exported, hub, run_client, hub_env, tmp_path):
    folder = exported("hau")
    script = Path(__file__).parents[2] / "push_to_hub.py"
    done = subprocess.run(
        [sys.executable, script, "dataset", folder, "--repo", REPO, "--tag", "v1", "--json"],
        env=hub_env(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["state"], told["tag"]) == ("published", "v1")
    assert "hf_write" not in done.stdout + done.stderr


def test_the_command_says_how_to_load_what_it_changed(send, exported, hub_env):
    send("old-hau")
    script = Path(__file__).parents[2] / "push_to_hub.py"
    done = subprocess.run(
        [sys.executable, script, "dataset", exported("hau"), "--repo", REPO],
        env=hub_env(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert f'Next:  load_dataset("{REPO}", "hau")' in done.stdout


def test_what_would_have_to_be_made_is_named(send):
    assert send("hau", dry_run=True, private=True, tag="v1").made == ["private repository xner/projected", "tag v1"]
    send("hau")
    assert send("hau", dry_run=True, revision="next").made == ["branch next"]
    assert send("hau", dry_run=True).made == []


@pytest.mark.parametrize("tag", ["v1.0 beta", "", "-v1", "a..b", "v1.", "a:b", "v1.lock", "@"])
def test_a_name_that_git_does_not_allow_is_refused_before_anything_is_there(send, hub, tag):
    with pytest.raises(Refused, match="is not a name that git allows"):
        send("hau", tag=tag)
    assert not any(one.method == "POST" for one in hub.log)


def test_where_the_tag_alone_fails_the_commit_is_said_to_be_there(send, commits, hub):
    hub.faults.append(Fault("status", path="/tag/", status=403, times=100))
    with pytest.raises(Refused, match=r"The commit \w{7} is there, and only the tag v1.0 is missing"):
        send("hau", tag="v1.0")
    hub.faults[:] = [Fault("status", path="/tag/", status=503, times=100)]
    with pytest.raises(XnerError, match=r"failed 8 times.* The commit \w{7} is there, and only the tag v1.0"):
        send("hau", tag="v1.0")
    hub.faults.clear()
    assert send("hau", tag="v1.0").tag == "v1.0" and commits() == 2


def test_a_pull_request_takes_no_tag(send):
    with pytest.raises(Refused, match="--tag"):
        send("hau", create_pr=True, tag="v1")


def test_an_answer_that_cannot_be_read_is_asked_for_again(send, commits, hub):
    for nth in range(1, 27):
        hub.hub.forget()
        hub.faults.clear()
        send("old-hau")
        hub.faults.append(Fault("corrupt", path="/api/", nth=nth, after=True))
        assert send("hau").state == "published" and commits() == 3
