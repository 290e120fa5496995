"""The command line of what people write on runs and studies, of experiments and of webhooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.api import Client
from tests.client.conftest import Realspike

pytestmark = pytest.mark.usefixtures("service_env")


@pytest.fixture
def run_id(client: Client) -> str:
    """A run that nobody trains: it was cancelled."""
    document = {"name": "to write on", "experiment": "writing", "spec": {"dataset": "digits"}}
    found = client.runs.create(document)["id"]
    client.runs.cancel(found)
    return found


def test_edit_a_run(realspike: Realspike, run_id: str, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("# Why\nIt diverged.\n")
    said = realspike(
        *("run", "edit", run_id, "--name", "renamed", "--tag", "odd", "--tag", "seen"),
        *("--notes-file", str(notes)),
    )
    assert (said.code, said.out) == (0, f"run {run_id} (renamed) is changed\n")
    shown = realspike("run", "show", run_id).out
    assert "renamed" in shown
    assert "odd, seen" in shown
    assert "It diverged." in shown
    found = realspike("run", "list", "--search", "DIVERGED renamed", "--json").document
    assert [run["id"] for run in found["items"]] == [run_id]

    said = realspike("run", "edit", run_id, "--untag", "odd", "--notes", "", "--archive", "--json")
    assert (said.document["tags"], said.document["notes"]) == (["seen"], None)
    assert "no run has all of 'renamed'" in realspike("run", "list", "--search", "renamed").out
    assert run_id in realspike("run", "list", "--archived", "--experiment", "writing").out
    assert realspike("run", "show", run_id[-9:]).code == 0
    assert realspike("run", "edit", run_id, "--unarchive").code == 0
    assert run_id in realspike("run", "list", "--search", "renamed").out


@pytest.mark.parametrize("noun", ["run", "study"])
def test_edit_needs_something_to_change(realspike: Realspike, noun: str) -> None:
    said = realspike(noun, "edit", "any")
    assert said.code == 2
    assert "--archive or --unarchive" in said.err.replace("\n", " ")
    said = realspike(noun, "edit", "any", "--notes", "a", "--notes-file", "b")
    assert (said.code, said.err) == (2, "error: give --notes or --notes-file, not both\n")
    said = realspike(noun, "edit", "any", "--notes-file", "/no/such/file")
    assert said.code == 2
    assert "/no/such/file" in said.err


def test_edit_a_study(realspike: Realspike, client: Client) -> None:
    base = {"dataset": "digits"}
    study = client.studies.create({"name": "mistyped", "base": base, "seeds": [0]})
    client.studies.cancel(study["id"])
    said = realspike(
        *("study", "edit", study["id"], "--name", "spelled right", "--experiment", "written"),
        *("--notes", "Look at *seed 0*."),
    )
    assert said.out == f"study {study['id']} (spelled right) is changed\n"
    assert "Look at *seed 0*." in realspike("study", "show", study["id"]).out
    assert study["id"] in realspike("study", "list", "--search", "right seed").out
    said = realspike("study", "edit", study["id"], "--archive")
    assert said.out == f"study {study['id']} (spelled right) is archived\n"
    assert "no study fits" in realspike("study", "list", "--experiment", "written").out
    assert study["id"] in realspike("study", "list", "--archived").out
    realspike("study", "edit", study["id"], "--unarchive")
    rows = realspike("experiment", "list").out.splitlines()
    (row,) = [row for row in rows if row.startswith("written")]
    assert "1 cancelled" in row


def test_webhooks(realspike: Realspike) -> None:
    said = realspike("webhook", "add", "https://localhost/hook")
    assert said.code == 2
    assert "error: url: localhost is at" in said.err
    assert "REALSPIKE_WEBHOOK_PRIVATE" in said.err

    made = realspike("webhook", "add", "https://8.8.8.8/h", "--event", "study_ended", "--json")
    webhook, secret = made.document["id"], made.document["secret"]
    listed = realspike("webhook", "list").out
    assert webhook in listed
    assert "study_ended" in listed
    assert secret not in listed
    assert "it was told nothing yet" in realspike("webhook", "show", webhook).out
    said = realspike("webhook", "remove", webhook)
    assert said.out == f"webhook {webhook} is removed\n"
    assert "no webhooks; add one" in realspike("webhook", "list").out
    assert realspike("webhook", "test", webhook).code == 3


def test_the_secret_is_said_to_a_person_once(realspike: Realspike) -> None:
    said = realspike("webhook", "add", "https://8.8.8.8/h")
    assert "is told of study_ended, study_paused, run_failed" in said.out
    assert "not shown again: whsec_" in said.out
    webhook = said.out.split()[1]
    assert realspike("webhook", "remove", webhook).code == 0
