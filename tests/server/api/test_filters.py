"""Filters against real rows, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from server.api.filters import check_metrics, compile_filter, parse
from server.api.filters.grammar import Both, Comparison, Either, HasTag, Not, Value
from server.errors import FilterError
from server.storage import metrics, runs
from server.storage.database import Database
from server.storage.states import RunStatus
from tests.support.runs import make_run, run_in

SPEC: dict[str, Any] = {
    "dataset": "digits",
    "granularity": "channel",
    "lr": 0.01,
    "epochs": 8,
    "train_samples": None,
    "learn_decay": False,
}


@pytest.fixture
def names(db: Database) -> None:
    measured = {
        "one": make_run(db, name="one", tags=["paper", 'quo"te'], spec=SPEC, priority=2),
        "two": make_run(db, name="two", spec={**SPEC, "granularity": "binary", "lr": 0.1}),
    }
    for name, acc in (("one", 0.95), ("two", 0.5)):
        with db.write() as session:
            values = [("test_acc", 1, 0, acc), ("firing_rate/conv.1", 1, 0, acc / 10)]
            runs.cancel_run(session, measured[name])
            metrics.write_metrics(session, measured[name], values, attempt=None)
            runs.retry_run(session, measured[name])
    run_in(
        db, RunStatus.FAILED, name="three", spec={**SPEC, "train_samples": 100, "learn_decay": True}
    )


def matching(db: Database, text: str) -> set[str]:
    with db.read() as session:
        page = runs.list_runs(session, where=compile_filter(text, db.dialect))
        return {run.name for run in page.items}


@pytest.mark.usefixtures("names")
def test_filters_find_the_runs_they_mean(db: Database) -> None:
    for text, expected in {
        'status = "failed"': {"three"},
        "status != 'failed'": {"one", "two"},
        'status in ("failed", "running")': {"three"},
        "metrics.test_acc > 0.9": {"one"},
        "metrics.test_acc <= 0.5": {"two"},
        "metrics.test_acc = null": {"three"},
        "not metrics.test_acc > 0.9": {"two"},
        "metrics.firing_rate/conv.1 < 0.06": {"two"},
        'spec.granularity in ("channel", "element")': {"one", "three"},
        "spec.lr = 0.1": {"two"},
        "spec.lr in (0.1, 1e-2)": {"one", "two", "three"},
        "spec.epochs >= 8.5": set(),
        "spec.train_samples != null": {"three"},
        "spec.learn_decay = true": {"three"},
        "spec.learn_decay != TRUE": {"one", "two"},
        "spec.learn_decay in (true, false)": {"one", "two", "three"},
        'has tag "paper"': {"one"},
        'has tag "quo\\"te"': {"one"},
        'not has tag "paper"': {"two", "three"},
        'tags has "paper" and not tags has "draft"': {"one"},
        'name not in ("one", "three")': {"two"},
        'not name not in ("one", "three")': {"one", "three"},
        "metrics.test_acc not in (0.5)": {"one"},
        "priority > 0.5": {"one"},
        "priority = 2": {"one"},
        "attempt = 1": {"three"},
        "reason = 'loss_not_finite'": {"three"},
        "study_id = null and name != 'one'": {"two", "three"},
        'created_at > "2020-01-01" and created_at < "2999-01-01T00:00:00+02:00"': {
            "one",
            "two",
            "three",
        },
        "finished_at != null": {"three"},
        'name = "one" or name = "two" and status = "failed"': {"one"},
        '(name = "one" or name = "two") and not (status = "failed")': {"one", "two"},
        'status = "failed" AND name IN ("three")': {"three"},
        "name = 'one\\' or 1=1 --'": set(),
    }.items():
        assert matching(db, text) == expected, text


def test_and_binds_closer_than_or_and_not_closest() -> None:
    def priority(position: int) -> Comparison:
        return Comparison("priority", "=", (Value(1.0, position + 11),), position)

    assert parse("not priority = 1 or priority = 1 and has tag 't'") == Either(
        (Not(priority(4)), Both((priority(20), HasTag("t"))))
    )


@pytest.mark.parametrize(
    ("text", "position", "message", "hint"),
    [
        ("", 0, "expected a field", "such as status"),
        ("status", 6, "expected an operator", "after a field stands one of"),
        ("status = ", 9, "expected a value, found 'the end'", ""),
        ("status = failed", 9, "expected a value, found 'failed'", '"failed"'),
        ('status = "failed', 9, "does not belong here", "close the quote"),
        ("status = 'x' adn name = 'y'", 13, "'adn' does not belong here", "did you mean 'and'?"),
        ("(status = 'failed'", 18, "expected )", "close the parenthesis"),
        ("status in 'failed'", 10, "expected (", "in ("),
        ("status in ('failed' 'queued')", 20, "expected )", "close the list"),
        ("has 'x'", 4, "expected tag", "has tag"),
        ("has tag x", 8, "expected text in quotes", "has tag"),
        ("tags has x", 9, "expected text in quotes", "has tag"),
        ("name not 'x'", 9, "expected in", "not in"),
        ("status > 'failed'", 0, "is text", "use =, != or in"),
        ("status = 3", 9, "compares with text in quotes, not 3.0", ""),
        ("status = true", 9, "compares with text in quotes, not true", ""),
        ("spec.learn_decay = 1", 19, "compares with true or false, not 1.0", ""),
        ("spec.learn_decay > false", 0, "is true or false", "use =, != or in"),
        ("spec.epochs = false", 14, "compares with a number, not false", ""),
        ("spec.lr = 'x'", 10, "compares with a number, not 'x'", ""),
        ("spec.lr < null", 10, "null compares with = and != only", ""),
        ("spec.lr in (null)", 12, "compares with a number, not null", ""),
        ("spec.granularity = 'chanel'", 19, "is never 'chanel'", "did you mean 'channel'?"),
        ("created_at > 'today'", 13, "is not a time", "2026-01-31"),
        ("created_at > '0001-01-01T00:00:00+14:00'", 13, "is not a time", ""),
        ("spec.leraning = 1", 0, "unknown field", "spec."),
        ("granularity = 'channel'", 0, "unknown field", "did you mean 'spec.granularity'?"),
        ("summary.loss = 1", 0, "unknown field", "did you mean 'metrics.loss'?"),
        ("statsu = 'failed'", 0, "unknown field", "did you mean 'status'?"),
        ("priority = 1e999", 11, "too large", ""),
        ("priority = 1; drop table run", 12, "does not belong here", ""),
        ("name = 'a\x00b'", 9, "NUL", ""),
        ("(" * 50 + "priority = 1" + ")" * 50, 41, "nested more than", "simplify"),
        ("not " * 3000, 0, "the limit is 2000", ""),
    ],
)
def test_errors_point_at_the_place_and_offer_a_way(
    text: str, position: int, message: str, hint: str
) -> None:
    with pytest.raises(FilterError) as caught:
        compile_filter(text, "sqlite")

    assert message in caught.value.message
    assert caught.value.position == position
    assert hint in (caught.value.hint or "")


@pytest.mark.usefixtures("names")
class TestMetricsThatNoRunHas:
    def check(self, db: Database, text: str) -> None:
        with db.read() as session:
            check_metrics(session, text)

    def test_is_named_with_its_place_and_the_nearest_there_is(self, db: Database) -> None:
        with pytest.raises(FilterError, match="no run has a metric 'tset_acc'") as caught:
            self.check(db, "status = 'failed' and not (metrics.tset_acc > 2 or priority = 1)")
        assert caught.value.position == 27
        assert caught.value.hint == "did you mean 'metrics.test_acc'?"
        with pytest.raises(FilterError) as caught:
            self.check(db, "metrics.bananas > 2")
        assert caught.value.hint is None

    def test_says_nothing_of_the_others(self, db: Database) -> None:
        self.check(db, "metrics.test_acc > 2 and metrics.firing_rate/conv.1 < 0 and priority = 9")

    def test_an_old_run_counts_too(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("server.api.filters.measured.RUNS_ASKED", 1)
        metric_of_the_newest(db)
        self.check(db, "metrics.test_acc > 2")


def metric_of_the_newest(db: Database) -> None:
    run_id = run_in(db, RunStatus.SUCCEEDED, name="newest")
    with db.write() as session:
        metrics.write_metrics(session, run_id, [("other", 1, 0, 1.0)], attempt=None)


def test_nothing_is_wrong_before_anything_is_measured(db: Database) -> None:
    make_run(db)
    with db.read() as session:
        check_metrics(session, "metrics.test_acc > 0.9")
