"""What Prometheus reads, and that it is documented."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update
from sqlalchemy.orm import Session

from server.storage import figures
from server.storage.database import Database
from server.storage.models import Attempt
from server.storage.states import AttemptOutcome, RunStatus
from tests.conftest import SettingsFactory
from tests.server.api.conftest import LiveServer, serving
from tests.support.runs import make_run, run_in
from tests.support.waiting import wait_until

DOCUMENT = Path(__file__).parents[3] / "docs" / "operations" / "monitoring.md"


def scraped(server: LiveServer) -> dict[str, Metric]:
    """Every family by its name."""
    answer = httpx.get(f"{server.url}/metrics", timeout=20)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value(families: dict[str, Metric], sample: str, **labels: str) -> float:
    """The one sample of that name with these labels."""
    found = [
        each.value
        for family in families.values()
        for each in family.samples
        if each.name == sample and each.labels == labels
    ]
    known = [each for family in families.values() for each in family.samples if each.name == sample]
    assert len(found) == 1, (labels, known)
    return found[0]


@pytest.mark.parametrize("mode", ["embedded", "team"])
def test_figures_of_the_database(settings: SettingsFactory, mode: str, tmp_path: Path) -> None:
    own = settings(mode)
    db = Database(own.resolved_database_url)
    run_in(db, RunStatus.SUCCEEDED)
    lost = run_in(db, RunStatus.FAILED)
    with db.write() as session:
        session.execute(
            update(Attempt)
            .where(Attempt.run_id == lost)
            .values(outcome=AttemptOutcome.LOST, refused=3)
        )
    make_run(db)
    db.close()
    with serving(own, web_folder=tmp_path) as server:
        families = scraped(server)
    assert value(families, "realspike_up", dependency="database") == 1
    assert value(families, "realspike_runs", status="queued") == 1
    assert value(families, "realspike_runs", status="paused") == 0
    assert value(families, "realspike_queue_depth") == 1
    assert value(families, "realspike_queue_oldest_age_seconds") > 0
    assert value(families, "realspike_workers", status="alive") == 0
    assert value(families, "realspike_scheduler_silence_seconds") == float("inf")
    assert value(families, "realspike_attempts_total", outcome="succeeded") == 1
    assert value(families, "realspike_leases_lost_total") == 1
    assert value(families, "realspike_refused_writes_total") == 3
    assert value(families, "realspike_run_duration_seconds_count", status="succeeded") == 1
    assert value(families, "realspike_run_duration_seconds_count", status="cancelled") == 0
    assert (
        value(families, "realspike_run_duration_seconds_bucket", status="succeeded", le="5.0") == 1
    )


def test_requests_are_counted_by_the_template_of_their_path(live: LiveServer) -> None:
    for run_id in ("a", "b"):
        live.client.get(f"/runs/{run_id}")
    live.client.patch("/runs/a")
    live.client.get("/no/such/thing")
    assert httpx.request("BREW", f"{live.url}/", timeout=20).status_code == 405
    families = scraped(live)
    counted = "realspike_http_requests_total"
    assert value(families, counted, method="GET", route="/api/v1/runs/{run_id}", status="404") == 2
    assert value(families, counted, method="GET", route="none", status="404") == 1
    assert value(families, counted, method="other", route="none", status="405") == 1
    seconds = "realspike_http_request_duration_seconds_count"
    assert value(families, seconds, method="GET", route="/api/v1/runs/{run_id}") == 2
    assert not any("/runs/a" in str(family.samples) for family in families.values())


def test_listeners_are_counted_while_they_listen(live: LiveServer) -> None:
    with live.client.stream("GET", "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        wait_until(lambda: value(scraped(live), "realspike_event_subscribers") == 1, "one listens")
        families, route = scraped(live), "/api/v1/events"
        counted = "realspike_http_requests_total"
        assert value(families, counted, method="GET", route=route, status="200") == 1


def test_a_second_scraper_does_not_ask_the_database_again(
    live: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counted(session: Session, *, lost_after: float) -> figures.Figures:
        asked.append(1)
        return figures.snapshot(session, lost_after=lost_after)

    monkeypatch.setattr("server.api.monitor.FRESH_SECONDS", 60.0)
    monkeypatch.setattr("server.api.monitor.snapshot", counted)
    for _ in range(3):
        assert value(scraped(live), "realspike_queue_depth") == 0
    assert asked == [1]


def test_it_answers_while_there_is_no_database(settings: SettingsFactory, tmp_path: Path) -> None:
    own = settings("embedded", database_url=f"sqlite:///{tmp_path / 'empty.db'}")
    with serving(own, web_folder=tmp_path) as server:
        server.client.get("/runs")
        families = scraped(server)
    assert value(families, "realspike_up", dependency="database") == 0
    assert "realspike_runs" not in families
    counted = "realspike_http_requests_total"
    assert value(families, counted, method="GET", route="/api/v1/runs", status="503") == 1


def test_every_metric_is_documented_and_no_other(live: LiveServer) -> None:
    """With the name that queries use: of a counter with `_total`."""
    exported = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in scraped(live).values()
    }
    rows = re.findall(r"^\| `((?:realspike|process)_[a-z_]+)", DOCUMENT.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(exported)


def test_queries_of_the_document_name_metrics_that_exist(live: LiveServer) -> None:
    text = DOCUMENT.read_text()
    rules = "\n".join(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    named = set(re.findall(r"\brealspike_[a-z_]+", rules))
    assert named
    families = scraped(live)
    known = {sample.name for family in families.values() for sample in family.samples}
    assert named <= known | set(families)
