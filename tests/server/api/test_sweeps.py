"""What a study found, over HTTP: best runs, importance, checks of metrics, remarks."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from server.storage import lifecycle, metrics, runs, studies, sweeps
from server.storage.database import Database
from server.studies.expand import stored_fields, trial_run
from server.studies.search.dimension import Dimension, Whole
from server.studies.search.importance import importance
from server.studies.spec import StudyDocument, parse_study
from tests.server.api.conftest import LiveServer
from tests.support.runs import claim_run

SWEEP: dict[str, Any] = {
    "name": "sweep",
    "method": "bayes",
    "base": {"epochs": 9},
    "parameters": {
        "lr": {"min": 0.001, "max": 0.1},
        "granularity": {"values": ["binary", "channel"]},
        "surrogate_width": {"min": 0.5, "max": 2.0, "when": {"granularity": "channel"}},
    },
    "early_terminate": {"type": "hyperband", "min_iter": 2, "eta": 3},
}


@pytest.fixture
def client(shared: LiveServer) -> httpx.Client:
    return shared.client


@pytest.fixture
def db(shared: LiveServer) -> Database:
    return shared.services.db


def submit(client: httpx.Client, **changes: Any) -> str:
    answer = client.post("/studies", json={**SWEEP, **changes})
    assert answer.status_code == 201, answer.text
    study_id: str = answer.json()["id"]
    return study_id


def trial(
    db: Database, study_id: str, drawn: dict[str, Any], *, epochs: int, **measured: float
) -> str:
    """A trial that was stopped behind epoch 2, or trained for all 9."""
    with db.write() as session:
        study = studies.get_study(session, study_id)
        document = StudyDocument.model_validate(study.document)
        planned = trial_run(document, drawn, len(sweeps.trials(session, study_id)) + 1)
        fields = stored_fields(document, planned)
        run_id = runs.create_run(session, **fields, study_id=study_id, drawn=drawn).id
    attempt = claim_run(db, run_id)
    points = [
        (name, epoch, epoch, value) for name, value in measured.items() for epoch in (2, epochs)
    ]
    with db.write() as session:
        metrics.write_metrics(session, run_id, list(dict.fromkeys(points)), attempt=attempt)
        if epochs == 9:
            lifecycle.succeed(session, run_id, attempt)
        else:
            sweeps.prune(session, run_id)
            lifecycle.end_cancelled(session, run_id, attempt)
    return run_id


def draw(place: int) -> dict[str, Any]:
    lr = 0.001 + 0.008 * place
    if place % 2:
        return {"lr": lr, "granularity": "binary"}
    return {"lr": lr, "granularity": "channel", "surrogate_width": 1.0}


@pytest.fixture(scope="module")
def sweep(shared: LiveServer) -> tuple[str, list[str]]:
    """A sweep of twelve trials, of which the last two were trained to their end."""
    importance([Dimension("a", Whole(1, 20))], [({"a": n}, n) for n in range(1, 21)])
    # What it imports, a busy machine takes longer to load than a client waits.
    study_id = submit(shared.client)
    found = [
        trial(
            shared.services.db,
            study_id,
            draw(place),
            epochs=9 if place >= 10 else 2,
            test_acc=0.5 + 0.04 * place,
        )
        for place in range(12)
    ]
    return study_id, found


def test_the_best_run_and_what_was_stopped(
    client: httpx.Client, sweep: tuple[str, list[str]]
) -> None:
    study_id, made = sweep
    best = client.get(f"/studies/{study_id}/best").json()
    assert best == {
        "study_id": study_id,
        "objectives": [{"name": "test_acc", "goal": "maximize"}],
        "runs": [
            {
                "run_id": made[11],
                "name": "sweep trial 12",
                "levels": {"lr": pytest.approx(0.089), "granularity": "binary"},
                "values": [pytest.approx(0.94)],
            }
        ],
        "finished": 2,
        "pruned": 10,
        "failed": 0,
    }
    table = client.get(f"/studies/{study_id}/table").json()
    assert sum(cell["pruned"] for cell in table["cells"]) == 10
    assert client.get("/studies/stu_none/best").status_code == 404


def test_importance_compares_all_trials_where_none_was_stopped_yet(
    client: httpx.Client, sweep: tuple[str, list[str]]
) -> None:
    at = f"/studies/{sweep[0]}/importance"
    found = client.get(at).json()
    assert (found["metric"], found["epoch"], found["runs"]) == ("test_acc", 2, 12)
    assert [share["name"] for share in found["shares"]] == ["lr", "granularity"]
    assert found["shares"][0]["share"] > 0.8
    assert found["left_out"] == [{"name": "surrogate_width", "reason": "not every run has it"}]
    last = client.get(at, params={"epoch": "last"}).json()
    assert (last["epoch"], last["runs"], last["shares"]) == (None, 2, [])
    assert last["notice"] == "2 runs are too few to tell: it needs 10"
    assert client.get(at, params={"epoch": "first"}).status_code == 422
    wrong = client.get(at, params={"metric": "accuracy"}).json()["errors"][0]
    assert (wrong["path"], wrong["hint"]) == ("metric", "did you mean 'test_acc'?")


@pytest.mark.parametrize("form", ["markdown", "latex", "html"])
def test_the_report_of_a_sweep_says_what_it_found(
    client: httpx.Client, sweep: tuple[str, list[str]], form: str
) -> None:
    text = client.get(f"/studies/{sweep[0]}/report", params={"format": form}).text
    for part in (
        "best: sweep trial 12",
        "stopped early",
        "over 12 runs: lr ",
        "confirm it with an ablation over seeds",
        "2 trials were trained to the end, 10 were stopped early, 0 failed",
    ):
        assert part in text


def test_a_pareto_front(client: httpx.Client, db: Database) -> None:
    study_id = submit(client, early_terminate=None, objectives=[{"name": "synops"}])
    made = [
        trial(db, study_id, draw(place), epochs=9, test_acc=acc, synops=synops)
        for place, (acc, synops) in enumerate([(0.8, 1000.0), (0.8, 2000.0), (0.9, 3000.0)])
    ]
    best = client.get(f"/studies/{study_id}/best").json()
    assert [each["goal"] for each in best["objectives"]] == ["maximize", "minimize"]
    assert [each["run_id"] for each in best["runs"]] == [made[2], made[0]]
    assert best["runs"][1]["values"] == [0.8, 1000.0]
    assert "Pareto front over" in client.get(f"/studies/{study_id}/report").text


def test_factors_of_an_ablation_have_importance_too(client: httpx.Client, db: Database) -> None:
    study = client.post(
        "/studies",
        json={"name": "ablation", "ablate": {"spike": ["binary", "ternary"]}, "seeds": 5},
    ).json()
    made = client.get("/runs", params={"study_id": study["id"], "limit": 20}).json()["items"]
    for run in made:
        attempt = claim_run(db, run["id"])
        acc = 0.8 + 0.1 * (run["spec"]["spike"] == "binary") + 0.001 * run["spec"]["seed"]
        with db.write() as session:
            metrics.write_metrics(session, run["id"], [("test_acc", 5, 1, acc)], attempt=attempt)
            lifecycle.succeed(session, run["id"], attempt)
    found = client.get(f"/studies/{study['id']}/importance").json()
    assert (found["runs"], found["epoch"]) == (10, None)
    assert found["shares"] == [{"name": "spike", "share": 1.0}]


@pytest.mark.parametrize(
    ("changes", "path", "hint"),
    [
        ({"metric": "val_accuracy"}, "metric.name", "did you mean 'test_acc'?"),
        ({"metric": {"name": "test_los"}}, "metric.name", "did you mean 'test_loss'?"),
        (
            {"early_terminate": None, "objectives": [{"name": "sops"}]},
            "objectives.0.name",
            "did you mean 'synops'?",
        ),
    ],
)
def test_a_metric_that_nothing_measures_is_refused_with_what_was_meant(
    client: httpx.Client, changes: dict[str, Any], path: str, hint: str
) -> None:
    for at in ("/studies", "/studies/plan"):
        answer = client.post(at, json={**SWEEP, **changes})
        assert answer.status_code == 422
        (problem,) = answer.json()["errors"]
        assert (problem["path"], problem["hint"]) == (path, hint)


def test_a_metric_that_a_run_has_logged_is_known(client: httpx.Client, db: Database) -> None:
    document = {**SWEEP, "metric": "my own/score", "early_terminate": None}
    assert client.post("/studies", json=document).status_code == 422
    study_id = submit(client)
    trial(db, study_id, draw(1), epochs=9, **{"my own/score": 1.0})
    assert client.post("/studies", json=document).status_code == 201
    per_layer = {**document, "metric": "firing_rate/neuron1"}
    assert client.post("/studies/plan", json=per_layer).status_code == 200


def test_levels_without_their_keyword_are_refused_with_how_to_write_them(
    client: httpx.Client,
) -> None:
    answer = client.post("/studies", json={"parameters": {"lr": [0.1, 0.2], "decay": 0.5}})
    said = {problem["path"]: problem["message"] for problem in answer.json()["errors"]}
    assert "{values: [0.1, 0.2]}" in said["parameters.lr"]
    assert "{value: 0.5}" in said["parameters.decay"]


def test_cma_es_is_refused_with_the_way_out(client: httpx.Client) -> None:
    answer = client.post("/studies", json={**SWEEP, "method": "cmaes"})
    (problem,) = answer.json()["errors"]
    assert problem["path"] == "method"
    assert "use gp for a few numbers, bayes for everything else" in problem["message"]


def test_a_plan_says_what_has_no_effect(client: httpx.Client) -> None:
    plan = client.post("/studies/plan", json={**SWEEP, "program": "train.py"}).json()
    assert plan["remarks"] == ["program: not used; what is trained is this service's own training"]
    assert parse_study({**SWEEP, "program": "train.py"}).program == "train.py"
