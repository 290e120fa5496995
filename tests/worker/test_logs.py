"""Log lines of a real worker: JSON, and every one of an attempt says which."""

from __future__ import annotations

import json

import pytest

from tests.worker.plant import Plant

TALKS = """
import logging, sys, threading
from rscore import training
from worker.__main__ import main
from worker.reporter import StorageReporter

logger = logging.getLogger("some.library")
write = StorageReporter._write

def said(self):
    if threading.current_thread().name == "reporter":
        logger.warning("the reporter writes")
    write(self)

StorageReporter._write = said
train = training.train

def trained(*args, **named):
    logger.warning("the training begins")
    return train(*args, **named)

training.train = trained
sys.exit(main())
"""


@pytest.mark.parametrize("plant", ["embedded"], indirect=True)
def test_every_line_of_an_attempt_names_it(plant: Plant) -> None:
    worker = plant.start_worker(TALKS)
    run_id = plant.submit()
    plant.wait(run_id)

    lines = [json.loads(line) for line in worker.log.read_text().splitlines()]

    row = plant.worker_row(worker)
    assert row is not None
    assert {line["worker_id"] for line in lines} == {row[1]}
    assert {line["process"] for line in lines} == {"worker"}
    for event in (
        "the training begins",
        "the reporter writes",
        f"attempt 1 of run {run_id} begins",
    ):
        said = [line for line in lines if line["event"] == event]
        assert said, event
        assert {(line.get("run_id"), line.get("attempt")) for line in said} == {(run_id, 1)}, event
    worker.end()
