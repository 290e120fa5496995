"""Metrics: written in bulk, replaced, truncated, thinned out."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.errors import ConflictError, MetricError, NotFoundError
from server.storage import events, lifecycle, metrics
from server.storage.database import Database
from server.storage.metrics import Point, Series
from server.storage.states import TERMINAL, RunStatus
from tests.support.runs import claim_run, get, run_in


def write(db: Database, run_id: str, points: list[Point], attempt: int | None = 1) -> int:
    with db.write() as session:
        return metrics.write_metrics(session, run_id, points, attempt=attempt)


def read(
    db: Database, run_id: str, names: list[str] | None = None, max_points: int = 1000
) -> list[Series]:
    with db.read() as session:
        return metrics.read_metrics(session, run_id, names=names, max_points=max_points)


BATCHES = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", 'odd "{name},']),
            st.integers(0, 6) | st.just(2**63 - 1),
            st.none() | st.integers(0, 2**31 - 1),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        max_size=8,
    ),
    max_size=5,
)


class TestWrite:
    def test_round_trip_by_rising_step(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        points: list[Point] = [
            ("loss", 20, 2, 0.5),
            ("loss", 10, 1, 0.1 + 0.2),
            ("lr", 20, None, 3),
        ]
        assert write(db, run_id, points) == 3
        assert read(db, run_id) == [
            Series("loss", 2, [10, 20], [0.1 + 0.2, 0.5], [1, 2]),
            Series("lr", 1, [20], [3.0], [None]),
        ]

    def test_the_same_step_is_replaced_within_a_batch_and_later(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        assert write(db, run_id, [("a", 1, 0, 1.0), ("a", 1, 1, 2.0)]) == 1
        assert read(db, run_id) == [Series("a", 1, [1], [2.0], [1])]
        assert write(db, run_id, [("a", 1, None, 3.0)]) == 1
        assert read(db, run_id) == [Series("a", 1, [1], [3.0], [None])]

    def test_nothing_is_fine(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        assert write(db, run_id, []) == 0

    def test_extreme_values(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        values = [5e-324, -1.7976931348623157e308, -0.0, 1e16 + 2]
        write(db, run_id, [("a", step, None, value) for step, value in enumerate(values)])
        write(db, run_id, [("a", 2**63 - 1, None, 1.0)])
        assert read(db, run_id)[0].values == [*values, 1.0]

    def test_many_points_at_once(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        points: list[Point] = [("a", step, step // 100, step / 7) for step in range(20_000)]
        assert write(db, run_id, points) == 20_000
        (series,) = read(db, run_id, max_points=10**6)
        assert series.values == [point[3] for point in points]

    @pytest.mark.parametrize(
        ("point", "says"),
        [
            (("a", 1, None, math.nan), "'a' at step 1 is nan"),
            (("a", 1, None, math.inf), "inf"),
            (("a", 1, None, -math.inf), "-inf"),
            (("a", -1, None, 0.0), "step -1"),
            (("a", 2**63, None, 0.0), "step"),
            (("", 1, None, 0.0), "name ''"),
            (("x" * 201, 1, None, 0.0), "200"),
            (("a\x00", 1, None, 0.0), "name"),
        ],
    )
    def test_what_cannot_be_stored_is_named_and_nothing_is_written(
        self, db: Database, point: Point, says: str
    ) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        with pytest.raises(MetricError, match=says):
            write(db, run_id, [("good", 1, None, 1.0), point])
        assert read(db, run_id) == []


class TestOwnScripts:
    @pytest.mark.parametrize("status", sorted(TERMINAL))
    def test_may_write_to_a_run_that_has_ended(self, db: Database, status: RunStatus) -> None:
        run_id = run_in(db, status)
        assert write(db, run_id, [("mine", 1, None, 1.0)], attempt=None) == 1
        assert get(db, run_id).summary == {"mine": 1.0}

    @pytest.mark.parametrize("status", sorted(set(RunStatus) - TERMINAL))
    def test_but_not_while_a_worker_trains_it_or_is_still_to(
        self, db: Database, status: RunStatus
    ) -> None:
        run_id = run_in(db, status)
        with pytest.raises(ConflictError, match=f"is {status}, .* wait until it has ended"):
            write(db, run_id, [("mine", 1, None, 1.0)], attempt=None)
        assert read(db, run_id) == []
        assert get(db, run_id).summary == {}

    def test_nor_to_a_run_that_is_not_there(self, db: Database) -> None:
        with pytest.raises(NotFoundError):
            write(db, "run_nowhere", [("mine", 1, None, 1.0)], attempt=None)
        with pytest.raises(NotFoundError):
            read(db, "run_nowhere")


class TestSummary:
    def test_has_the_value_at_the_highest_step_of_each_name(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        write(db, run_id, [("a", 10, None, 1.0), ("b", 5, None, 7.0), ("a", 3, None, 9.0)])
        assert get(db, run_id).summary == {"a": 1.0, "b": 7.0}
        write(db, run_id, [("a", 4, None, 2.0)])
        assert get(db, run_id).summary == {"a": 1.0, "b": 7.0}
        write(db, run_id, [("a", 10, None, 3.0), ("c", 0, None, 0.0)])
        assert get(db, run_id).summary == {"a": 3.0, "b": 7.0, "c": 0.0}

    def test_names_with_odd_letters(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        names = ['quote"s', "sla/sh", "ünï", "com,ma", "{brace}", "back\\slash", "NULL", "'"]
        write(db, run_id, [(name, 1, None, number) for number, name in enumerate(names)])
        assert get(db, run_id).summary == {name: number for number, name in enumerate(names)}
        assert sorted(series.name for series in read(db, run_id)) == sorted(names)

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example has its own run
    )
    @given(batches=BATCHES)
    def test_is_what_is_stored_whatever_the_order(
        self, db: Database, batches: list[list[Point]]
    ) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        for batch in batches:
            write(db, run_id, batch)
        stored = {(name, step): value for batch in batches for name, step, _, value in batch}
        expected = {
            name: sorted((step, value) for (other, step), value in stored.items() if other == name)
            for name, _ in stored
        }
        found = {
            series.name: list(zip(series.steps, series.values, strict=True))
            for series in read(db, run_id)
        }
        assert found == expected
        assert get(db, run_id).summary == {name: each[-1][1] for name, each in expected.items()}


class TestResume:
    def _second_attempt(self, db: Database, run_id: str, step: int) -> None:
        with db.write() as session:
            lifecycle.hand_back(session, run_id, 1, reason="drained")
        assert claim_run(db, run_id) == 2
        with db.write() as session:
            lifecycle.set_resumed(session, run_id, 2, step)

    def test_goes_on_without_gap_or_double(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        write(db, run_id, [("loss", step, None, step) for step in range(1, 31)])
        write(db, run_id, [("late", 25, None, 1.0), ("early", 10, None, 2.0)])
        self._second_attempt(db, run_id, 20)
        assert get(db, run_id).summary == {"loss": 20.0, "early": 2.0}
        write(db, run_id, [("loss", step, None, -step) for step in range(21, 26)], attempt=2)
        loss = read(db, run_id, names=["loss"])[0]
        assert loss.steps == list(range(1, 26))
        assert loss.values == [*range(1, 21), *range(-21, -26, -1)]
        assert get(db, run_id).summary == {"loss": -25.0, "early": 2.0}

    def test_from_the_start_drops_everything(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        write(db, run_id, [("loss", 0, None, 1.0), ("loss", 9, None, 1.0)])
        self._second_attempt(db, run_id, 0)
        assert read(db, run_id) == []
        assert get(db, run_id).summary == {}

    def test_leaves_other_runs_alone(self, db: Database) -> None:
        run_id, other = run_in(db, RunStatus.RUNNING), run_in(db, RunStatus.RUNNING)
        write(db, run_id, [("loss", 9, None, 1.0)])
        write(db, other, [("loss", 9, None, 1.0)])
        self._second_attempt(db, run_id, 0)
        assert get(db, other).summary == {"loss": 1.0}


class TestRead:
    def test_named_series_in_the_order_asked_for(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        write(db, run_id, [("a", 1, None, 1.0), ("b", 1, None, 2.0)])
        series = read(db, run_id, names=["b", "none", "b", "a"])
        assert [(item.name, item.total) for item in series] == [("b", 1), ("none", 0), ("a", 1)]

    def test_thinned_out_but_counted_whole(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        values = [0.0] * 1000
        values[437], values[612] = 9.0, -9.0
        write(db, run_id, [("a", step, step, value) for step, value in enumerate(values)])
        (series,) = read(db, run_id, max_points=50)
        assert series.total == 1000
        assert len(series.steps) <= 50
        assert series.steps[0] == 0
        assert series.steps[-1] == 999
        assert {437, 612} <= set(series.steps)
        assert series.epochs == series.steps
        assert max(series.values) == 9.0
        assert min(series.values) == -9.0


class TestEvent:
    def _newest(self, db: Database) -> dict[str, object]:
        with db.read() as session:
            return events.after(session, 0)[-1].data

    def test_carries_the_points(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        write(db, run_id, [("a", 2, 1, 1.5), ("b", 3, None, 2.5), ("a", 1, 0, 0.5)])
        assert self._newest(db) == {
            "names": ["a", "b"],
            "step": 3,
            "points": {"a": [[1, 0.5, 0], [2, 1.5, 1]], "b": [[3, 2.5, None]]},
        }

    def test_of_a_large_batch_only_the_newest(self, db: Database) -> None:
        run_id = run_in(db, RunStatus.RUNNING)
        points: list[Point] = [("a", step, None, 0.0) for step in range(500)]
        write(db, run_id, points)
        data = self._newest(db)
        assert data["step"] == 499
        assert data["points"] == {"a": [[step, 0.0, None] for step in range(400, 500)]}
