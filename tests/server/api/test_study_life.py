"""Failed runs again, more seeds, and workers in quarantine, over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from server.api.services import Services
from server.storage import heartbeats, lifecycle, quarantine
from server.storage.database import Database
from tests.support.runs import make_run
from tests.support.workers import register_worker

DOCUMENT: dict[str, Any] = {
    "name": "ablation",
    "base": {"epochs": 2},
    "ablate": {"granularity": ["binary", "channel"]},
    "seeds": [0, 1],
}
SWEEP: dict[str, Any] = {
    "name": "sweep",
    "method": "random",
    "parameters": {"lr": {"min": 0.001, "max": 0.1}},
}


def end(db: Database, run_id: str, reason: str | None = None, worker_id: str = "w") -> None:
    with db.write() as session:
        claim = lifecycle.claim(
            session, run_id, worker_id=worker_id, host="h", device="cpu", lease_seconds=60
        )
        assert claim is not None
        if reason is None:
            lifecycle.succeed(session, run_id, claim.attempt)
        else:
            lifecycle.fail(session, run_id, claim.attempt, reason=reason, detail="d")
            quarantine.judge(session, run_id, claim.attempt, after=3)


def runs_of(client: httpx.Client, study_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/runs", params={"study_id": study_id}).json()["items"]
    return items[::-1]


@pytest.fixture
def study(client: httpx.Client) -> str:
    return str(client.post("/studies", json=DOCUMENT).json()["id"])


class TestRerun:
    def test_failed_runs_by_default_and_how_many(
        self, client: httpx.Client, services: Services, study: str
    ) -> None:
        first, second, third, fourth = (run["id"] for run in runs_of(client, study))
        for run_id, reason in ((first, "internal_error"), (second, None), (third, "lost")):
            end(services.db, run_id, reason)
        client.post(f"/runs/{fourth}/cancel")
        at = f"/studies/{study}/rerun"
        answer = client.post(at)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["queued"], body["scripts"], body["study"]["status"]) == (2, 0, "running")
        assert body["study"]["counts"]["queued"] == 2
        again = client.post(at, json={"which": "failed"})
        assert again.status_code == 409
        assert "which=both" in again.json()["detail"]
        assert client.post(at, json={"which": "cancelled"}).json()["queued"] == 1
        assert client.post(at, json={"which": "all"}).status_code == 422
        assert client.post("/studies/stu_none/rerun").status_code == 404
        assert len(runs_of(client, study)) == 4


class TestSeeds:
    def test_every_cell_gets_them_and_the_document_names_them(
        self, client: httpx.Client, services: Services, study: str
    ) -> None:
        for run in runs_of(client, study):
            end(services.db, run["id"])
        assert client.get(f"/studies/{study}").json()["status"] == "finished"
        at = f"/studies/{study}/seeds"
        planned = client.post(f"{at}/plan", json={"count": 2}).json()
        assert (planned["seeds"], planned["runs"]) == ([2, 3], 4)
        assert len(runs_of(client, study)) == 4
        added = client.post(at, json={"seeds": [2, 3]}).json()
        assert added == planned | {"study": added["study"]}
        assert added["study"]["document"]["seeds"] == [0, 1, 2, 3]
        assert (added["study"]["status"], added["study"]["counts"]["queued"]) == ("running", 4)
        made = runs_of(client, study)[4:]
        assert [run["name"] for run in made] == planned["names"]
        assert [run["spec"]["seed"] for run in made] == [2, 2, 3, 3]
        again = client.post(at, json={"seeds": [2, 3]}).json()
        assert (again["runs"], again["study"]) == (0, added["study"])
        table = client.get(f"/studies/{study}/table").json()
        assert [cell["runs"] for cell in table["cells"]] == [4, 4]

    def test_a_count_with_a_key_adds_once(self, client: httpx.Client, study: str) -> None:
        at, key = f"/studies/{study}/seeds", {"Idempotency-Key": "key-1"}
        first = client.post(at, json={"count": 1}, headers=key).json()
        again = client.post(at, json={"count": 1}, headers=key).json()
        assert (first["runs"], again["runs"]) == (2, 0)
        assert client.post(at, json={"count": 2}, headers=key).status_code == 409
        assert client.post(at, json={"count": 1}).json()["seeds"] == [3]
        assert len(runs_of(client, study)) == 8

    def test_who_cannot_have_them_is_told_why(self, client: httpx.Client, study: str) -> None:
        at = f"/studies/{study}/seeds"
        wrong: list[dict[str, Any]] = [
            {},
            {"seeds": []},
            {"count": 1, "seeds": [1]},
            {"seeds": [-1]},
        ]
        for body in wrong:
            assert client.post(at, json=body).status_code == 422
        assert "the limit is" in client.post(at, json={"count": 999}).json()["detail"]
        client.post(f"/studies/{study}/cancel")
        for path in (at, f"{at}/plan"):
            refused = client.post(path, json={"count": 1})
            assert refused.status_code == 409
            assert f"study rerun {study} --cancelled" in refused.json()["detail"]
        client.post(f"/studies/{study}/rerun", json={"which": "cancelled"})
        assert client.post(at, json={"count": 1}).json()["runs"] == 2
        sweep = client.post("/studies", json=SWEEP).json()["id"]
        problem = client.post(f"/studies/{sweep}/seeds", json={"count": 1})
        assert problem.status_code == 422
        assert "confirm its best setting" in problem.json()["errors"][0]["hint"]


class TestQuarantine:
    @pytest.fixture(autouse=True)
    def _bad_worker(self, services: Services) -> None:
        with services.db.write() as session:
            heartbeats.beat(session, heartbeats.SCHEDULER)
            register_worker(session)
        for _ in range(3):
            end(services.db, make_run(services.db), "internal_error")

    def test_the_list_and_readiness_say_so(self, client: httpx.Client, services: Services) -> None:
        (worker,) = client.get("/workers").json()["items"]
        assert worker["status"] == "quarantined"
        assert worker["quarantined_at"] is not None
        assert "3 runs in a row failed on it" in worker["quarantine_reason"]
        nobody, why = client.get("/ready").json()["warnings"]
        assert nobody.startswith("EVERY worker is quarantined")
        assert f"worker w on h is quarantined: {worker['quarantine_reason']}" == why
        with services.db.write() as session:
            register_worker(session, "well", host="h2")
        assert client.get("/ready").json()["warnings"] == [why]

    def test_a_person_releases_it(self, client: httpx.Client) -> None:
        released = client.post("/workers/w/release").json()
        assert (released["status"], released["quarantine_reason"]) == ("alive", None)
        assert client.get("/ready").json()["warnings"] == []
        assert client.post("/workers/w/release").status_code == 409
        assert client.post("/workers/nobody/release").status_code == 404
        assert client.post("/workers/..%20/release").status_code in (404, 422)
