"""A run whose worker is killed at random, again and again; the long form is `chaos.kills`."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.kills import SETTINGS, disturb
from rscore.spec import RunSpec
from server.settings import Settings
from tests.worker.plant import SMALL, Plant, make_plant

KILLS = 5


@pytest.fixture
def plant(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Plant]:
    shutil.copyfile(migrated_sqlite, tmp_path / "realspike.db")
    settings = Settings(
        **{**SETTINGS, "checkpoint_seconds": 0.2},
        home=tmp_path / "home",
        database_url=f"sqlite:///{tmp_path / 'realspike.db'}",
    )
    with make_plant(settings, tmp_path) as made:
        yield made


def test_weights_and_model_are_those_of_the_undisturbed_run(plant: Plant) -> None:
    said: list[str] = []
    spec = RunSpec(**{**SMALL, "epochs": 8, "batch_size": 8})

    report = disturb(plant, spec, kills=KILLS, rng=random.Random(4), say=said.append)

    assert report.same, f"{report.text()}\n{said}"
    assert report.kills >= KILLS - 1, f"{report.text()}\n{said}"
    assert report.attempts[-1] == "succeeded"
    assert report.metrics > 100
