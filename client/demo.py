"""The demo: a real ablation from submission to a folded model, everything over HTTP."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from rich.console import Console

from client.api import Client
from client.cli.certificate import VERDICT_COLUMNS, verdict_cells
from client.cli.context import stdout
from client.cli.live import board
from client.cli.predictions import print_predictions
from client.cli.render import duration, percent, print_study_table, print_table
from client.documents import read_document
from client.errors import ClientError
from client.follow import Follower
from client.supervisor import ServiceError, service
from client.wire import Model, Study, StudyTable
from rscore.hints import command

HOME = Path(".realspike/demo")
STUDY = Path(__file__).resolve().parent.parent / "presets" / "digits-ablation.yaml"
LEAST_ACCURACY = 0.95
MOST_SLOTS = 4
"""Trainings of this size are quickest with one core each, so the demo has a slot a core."""
TEAM_SETTINGS = ("REALSPIKE_DATABASE_URL", "REALSPIKE_BROKER_URL", "REALSPIKE_ARTIFACTS_URL")

INTRO = """realspike demo: does the granularity of a learned spike amplitude matter?

scikit-learn's 1,797 handwritten digits, a small convolutional spiking network, T = 4.
Four granularities x three seeds = 12 trainings, each folded to binary spikes and proved."""


class DemoError(Exception):
    """The demo ran, but did not come to what it should."""


def main() -> int:
    """Run the demo; 0 when every run succeeded and the best granularity is accurate enough."""
    out = stdout()
    started = time.monotonic()
    # The demo is self-contained, also where the shell is set up for a team's service.
    for name in TEAM_SETTINGS:
        os.environ.pop(name, None)
    try:
        out.print(INTRO)
        _title(out, "Starting the service")
        slots = min(MOST_SLOTS, os.cpu_count() or 1)
        with service(home=HOME, workers=1, slots=slots) as url, Client(url) as client:
            out.print(f"up at {url} after {duration(time.monotonic() - started)}")
            _run(out, client, started)
            _title(out, "Stopping the service")
    except (ClientError, ServiceError, DemoError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    out.print(f"done in {duration(time.monotonic() - started)}")
    return 0


def _run(out: Console, client: Client, started: float) -> None:
    study = client.studies.create(read_document(STUDY))
    _title(out, f"Training {study['total']} runs of study {study['id']}")
    _follow(out, client, study, started)
    table = client.studies.table(study["id"])
    _title(out, "Comparison (mean ± standard deviation over the seeds)")
    print_study_table(out, table)
    models = _models_of(client, study)
    _title(out, "Certificates: is the folded network the trained one?")
    _print_verdicts(out, client, models)
    _check(table, len(models))
    model = max(models, key=lambda model: model["test_acc"] or 0.0)
    path = _download(out, client, model)
    _classify(out, client, model)
    _say_where(out, path)


def _follow(out: Console, client: Client, study: Study, started: float) -> None:
    follower = Follower(client, study_id=study["id"])
    began = None
    with board(as_json=False, epochs=False) as shown:
        for change in follower.changes():
            if began is None and change.run.status == "running":
                began = time.monotonic() - started
            shown.show(change, follower)
    took = duration(time.monotonic() - started)
    out.print(f"first training began after {duration(began)}, the last ended after {took}")
    bad = [run for run in follower.runs.values() if run.status != "succeeded"]
    if bad:
        run = client.runs.get(bad[0].id)
        lines = client.runs.log(run["id"], limit=5)
        tail = "\n".join(f"  {line['text']}" for line in lines)
        raise DemoError(
            f"{len(bad)} of {len(follower.runs)} runs did not succeed; {run['name']} "
            f"{run['status']}: {run['reason']}, {run['detail']}\n{tail}"
        )


def _models_of(client: Client, study: Study) -> list[Model]:
    models = client.models.page(study_id=study["id"], limit=200)["items"]
    return sorted(models, key=lambda model: (model["spec"]["granularity"], model["spec"]["seed"]))


def _print_verdicts(out: Console, client: Client, models: list[Model]) -> None:
    print_table(
        out,
        ("GRANULARITY", "SEED", *VERDICT_COLUMNS),
        (
            (
                model["spec"]["granularity"],
                model["spec"]["seed"],
                *verdict_cells(client.models.certificate(model["id"])["certificate"]),
            )
            for model in models
        ),
    )


def _check(table: StudyTable, models: int) -> None:
    runs = sum(cell["runs"] for cell in table["cells"])
    if models != runs:
        raise DemoError(f"{runs} runs succeeded, but there are {models} folded models")
    best = max(cell["mean"] or 0.0 for cell in table["cells"])
    if best < LEAST_ACCURACY:
        raise DemoError(
            f"the best granularity has {percent(best)} test accuracy, "
            f"less than {percent(LEAST_ACCURACY)}"
        )


def _download(out: Console, client: Client, model: Model) -> Path:
    spec = model["spec"]
    _title(out, f"Downloading the best single model ({spec['granularity']}, seed {spec['seed']})")
    path, file = client.models.download(model, "onnx", HOME / "downloads" / model["id"])
    out.print(f"{path}\n{file['size']} bytes, SHA-256 {file['sha256']} is right")
    return path


def _classify(out: Console, client: Client, model: Model) -> None:
    _title(out, "Classifying held-out digits with the folded model, by the service")
    samples = client.models.samples(model["id"])
    predictions = client.models.predict(model["id"], samples["inputs"])
    print_predictions(out, predictions, samples["labels"], model["classes"], show=8)


def _say_where(out: Console, path: Path) -> None:
    _title(out, "Where everything is")
    out.print(f"model      {path.absolute()}")
    out.print(f"database   {(HOME / 'realspike.db').absolute()}")
    out.print(f"artifacts  {(HOME / 'artifacts').absolute()}")
    out.print(f"logs       {(HOME / 'logs').absolute()}")
    out.print(f"look at this study again:   {command(f'up --home {HOME}')}")
    out.print("start a service of your own: make up")


def _title(out: Console, text: str) -> None:
    out.print(f"\n{text}")
    out.print("-" * len(text))


if __name__ == "__main__":
    sys.exit(main())
