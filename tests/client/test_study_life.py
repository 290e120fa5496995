"""Asking before a study is cancelled, reruns and more seeds, as a person types them."""

from __future__ import annotations

import io
from typing import Any

import pytest
import yaml

from client.api import Client
from client.cli.exits import ExitCode
from tests.client.conftest import STUDY_FILE, Realspike


class Terminal(io.StringIO):
    """A person at a keyboard."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def study(client: Client) -> str:
    """A study that nobody begins: its runs wait."""
    document = yaml.safe_load(STUDY_FILE) | {"name": "a life", "priority": -100}
    study_id = client.studies.create(document)["id"]
    client.studies.pause(study_id)
    return study_id


def counts(client: Client, study_id: str) -> dict[str, int]:
    return {name: n for name, n in client.studies.get(study_id)["counts"].items() if n}


@pytest.mark.usefixtures("service_env")
def test_cancelling_says_what_it_stops_and_asks(
    realspike: Realspike, client: Client, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counts(client, study)
    said = realspike("study", "cancel", study)
    assert (said.code, "say --yes" in said.err) == (ExitCode.BAD_INPUT, True)
    assert "that wait never begin" in said.err
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    said = realspike("study", "cancel", study)
    assert (said.code, "nothing was done" in said.err) == (ExitCode.OK, True)
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert realspike("study", "cancel", study).code == ExitCode.INTERRUPTED
    assert counts(client, study) == before
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    said = realspike("study", "cancel", study)
    assert (said.code, "cancelled" in said.out) == (ExitCode.OK, True)
    assert realspike("study", "cancel", study, "--yes").code == ExitCode.CONFLICT


@pytest.mark.usefixtures("service_env")
def test_rerun_and_more_seeds(realspike: Realspike, client: Client, study: str) -> None:
    planned = realspike("study", "add-seeds", study, "--count", "2", "--dry-run")
    assert planned.out.startswith("seeds 1, 2: 4 runs; nothing was queued\n")
    assert "two cells" not in planned.out  # runs are named after this study
    assert "  a life granularity=binary seed=1\n" in planned.out
    added = realspike("study", "add-seeds", study, "1", "2")
    assert "4 runs more" in added.out
    assert f"study resume {study}" in added.out
    assert "already" in realspike("study", "add-seeds", study, "1").out
    document: Any = realspike("study", "show", study, "--json").document["document"]
    assert document["seeds"] == [0, 1, 2]
    for wrong in ((), ("1", "--count", "1")):
        assert realspike("study", "add-seeds", study, *wrong).code == ExitCode.BAD_INPUT

    assert realspike("study", "cancel", study, "--yes").code == ExitCode.OK
    refused = realspike("study", "rerun", study)
    assert (refused.code, "--cancelled" in refused.err) == (ExitCode.CONFLICT, True)
    again = realspike("study", "rerun", study, "--cancelled")
    assert again.code == ExitCode.OK
    assert "6 runs are queued again" in again.out
    client.studies.cancel(study)


@pytest.mark.usefixtures("service_env")
def test_release_of_a_worker_that_needs_none(realspike: Realspike) -> None:
    (worker,) = realspike("worker", "list", "--json").document["items"]
    assert worker["quarantined_at"] is None
    said = realspike("worker", "release", worker["id"])
    assert (said.code, "not quarantined" in said.err) == (ExitCode.CONFLICT, True)
    assert realspike("worker", "release", "nobody").code == ExitCode.NOT_FOUND
