"""Many runs that do nothing through real workers: each once, and nobody waits for a scheduler."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select

from server.storage.models import Attempt, FoldedModel, Run
from server.storage.states import AttemptOutcome, RunStatus
from server.waking import wake
from tests.support.waiting import wait_until
from tests.worker.plant import Plant

RUNS = 25


def statuses(plant: Plant) -> Counter[str]:
    with plant.database.read() as session:
        rows = session.execute(select(Run.status, func.count()).group_by(Run.status))
        return Counter({str(status): count for status, count in rows})


def test_each_of_many_runs_is_worked_once_by_workers_that_wake_each_other(plant: Plant) -> None:
    """No scheduler is there: a worker that has become free sees to the next run itself."""
    for _ in range(2):
        plant.start("-m", "tests.support.no_op_worker")
    wait_until(lambda: plant.free_slots() == 2, "two workers are there", 120)
    made = [plant.submit(enqueue=0) for _ in range(RUNS)]

    wake(plant.database, plant.queue, plant.settings)

    wait_until(
        lambda: statuses(plant) == {RunStatus.SUCCEEDED: RUNS},
        f"all runs succeeded, see {plant.story(made[0])}",
        120,
    )
    with plant.database.read() as session:
        attempts = session.execute(
            select(Attempt.run_id, Attempt.number, Attempt.outcome, Attempt.refused)
        ).all()
        models = session.scalars(select(FoldedModel.run_id)).all()
    assert sorted(attempts) == sorted((each, 1, AttemptOutcome.SUCCEEDED, 0) for each in made)
    assert sorted(models) == sorted(made)
