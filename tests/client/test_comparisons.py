"""Runs side by side, from the command line and in Python."""

from __future__ import annotations

from typing import Any

import pytest

from client.api import Client
from client.comparisons import Comparisons
from client.transport import Transport
from client.wire import Json
from tests.client.conftest import Realspike

EXPERIMENT = "side by side"


@pytest.fixture(scope="module")
def runs(service_url: str) -> dict[str, str]:
    """Ids of ended runs of a script by what tells them apart."""
    found = {}
    with Client(service_url) as client:
        http = client.runs._http
        for kind, base in (("plain", 0.5), ("real", 0.6)):
            for seed in range(3):
                run = http.json(
                    "POST",
                    "/runs/scripts",
                    body={
                        "name": "net",
                        "experiment": EXPERIMENT,
                        "config": {"kind": kind, "opt": {"lr": 0.1}, "seed": seed},
                    },
                )
                curve: Any = [{"step": step, "value": base + seed / 100} for step in range(50)]
                client.runs.write_metrics(run["id"], {"test_acc": curve})
                status = "failed" if kind == "real" and seed == 2 else "succeeded"
                http.json("POST", f"/runs/{run['id']}/finish", body={"status": status})
                found[f"{kind} {seed}"] = run["id"]
    return found


@pytest.mark.usefixtures("service_env", "runs")
def test_groups(realspike: Realspike) -> None:
    said = realspike("run", "groups", "--experiment", EXPERIMENT, "--baseline", "kind=plain")
    assert said.code == 0
    head, best, other, *rest = said.out.splitlines()
    assert head.split()[:4] == ["script", "kind", "test_acc", "95"]
    assert "real" in best
    assert "2 succeeded, 1 failed" in best
    assert "baseline" in other
    assert any("net kind=real beats net kind=plain" in line for line in rest)


@pytest.mark.usefixtures("service_env", "runs")
def test_groups_by_a_field_say_what_they_mix(realspike: Realspike) -> None:
    said = realspike("run", "groups", "--where", f'experiment = "{EXPERIMENT}"', "--by", "opt.lr")
    assert "runs of one group differ in kind; add --by to part them" in said.out
    as_json = realspike(
        "run", "groups", "--experiment", EXPERIMENT, "--by", "opt.lr", "--bootstrap", "--json"
    ).document
    (group,) = as_json["groups"]
    assert group["levels"] == {"opt.lr": 0.1}
    assert group["metrics"][0]["bootstrap"]


@pytest.mark.usefixtures("service_env", "runs")
def test_a_baseline_that_is_none(realspike: Realspike) -> None:
    said = realspike("run", "groups", "--experiment", EXPERIMENT, "--baseline", "kind=plan")
    assert said.code == 2
    assert 'no group has kind = "plan"' in said.err
    assert realspike("run", "groups", "--baseline", "kind").code == 2


@pytest.mark.usefixtures("service_env")
def test_groups_of_nothing(realspike: Realspike) -> None:
    said = realspike("run", "groups", "--experiment", "nobody has this")
    assert said.out.startswith("no run is selected")


@pytest.mark.usefixtures("service_env")
def test_diff(realspike: Realspike, runs: dict[str, str]) -> None:
    ids = [runs["plain 0"], runs["real 1"]]
    said = realspike("run", "diff", *ids)
    assert said.code == 0
    head, *rows, last = said.out.splitlines()
    assert head.split() == ["FIELD", *ids]
    assert [row.split() for row in rows] == [
        ["name", "net", "net"],
        ["kind", "plain", "real"],
        ["seed", "0", "1"],
    ]
    assert last == "1 other fields are the same"
    assert realspike("run", "diff", *ids, "--json").document["same"] == 1
    assert realspike("run", "diff", ids[0], ids[0]).code == 2


def test_overlays(client: Client, runs: dict[str, str]) -> None:
    found = client.comparisons.overlays(["test_acc"], run_ids=list(runs.values()), points=10)
    assert [curve["run_id"] for curve in found["series"]] == list(runs.values())
    assert found["pending"] == []
    assert all(curve["total"] == 50 for curve in found["series"])
    assert all(len(curve["steps"]) <= 10 for curve in found["series"])


class Slow(Transport):
    """A service that is done with one run a call."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")

    def json(self, *_: Any, body: Any = None, **__: Any) -> Any:
        first, *pending = body["run_ids"]
        curve: Json = {"run_id": first, "name": "loss", "total": 0}
        return {"run_ids": body["run_ids"], "series": [curve], "pending": pending}


def test_overlays_ask_again_for_what_is_pending() -> None:
    transport = Slow()
    found = Comparisons(transport).overlays(["loss"], run_ids=["a", "b", "c"])
    transport.close()
    assert [curve["run_id"] for curve in found["series"]] == ["a", "b", "c"]
    assert found["run_ids"] == ["a", "b", "c"]
    assert found["pending"] == []
