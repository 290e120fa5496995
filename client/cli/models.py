"""Commands of `realspike model`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from client.cli.certificate import print_certificate
from client.cli.context import JsonFlag, UrlOption, invocation
from client.cli.render import age, percent, print_fields, print_table
from client.errors import InputError
from client.wire import Image, Model, ModelPage, Prediction

app = typer.Typer(no_args_is_help=True, help="Folded models: certificate, download, predict.")

ModelId = Annotated[
    str, typer.Argument(metavar="ID", help="Id of a model, or a unique part of it.")
]


@app.command("list")
def list_models(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="At most so many.")] = 20,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """List folded models, newest first."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        page = client.models.page(limit=limit)
    cli.show(page, lambda out: _print_page(out, page))


@app.command()
def show(
    ctx: typer.Context, model_id: ModelId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Show a folded model with its files."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        model = client.models.find(model_id)
    cli.show(model, lambda out: _print_model(out, model))


@app.command()
def certificate(
    ctx: typer.Context, model_id: ModelId, as_json: JsonFlag = False, url: UrlOption = None
) -> None:
    """Print the proof that a model's fold is exact, with its numbers."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        found = client.models.certificate(client.models.find(model_id)["id"])
    cli.show(found, lambda out: print_certificate(out, found["certificate"]))


@app.command()
def download(
    ctx: typer.Context,
    model_id: ModelId,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help="onnx, folded, graph, weights, certificate, samples; as `model show` lists.",
        ),
    ] = "onnx",
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to put the file in.")
    ] = Path(),
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Download a file of a folded model; it is kept only when its SHA-256 is right."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        path, file = client.models.download(client.models.find(model_id), kind, folder)
    cli.show(
        {"path": str(path), **file},
        lambda out: out.print(f"{path} ({file['size']} bytes, SHA-256 {file['sha256']})"),
    )


@app.command()
def predict(
    ctx: typer.Context,
    model_id: ModelId,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE.json]", help="Images [N, C, H, W] in [0, 1], or {inputs, labels}."
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="Without a file: so many held-out samples.")
    ] = 10,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Classify images of a file, or held-out samples of the model's data set."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        model = client.models.find(model_id)
        if file is not None:
            images, labels = _read_images(file)
        else:
            held_out = client.models.samples(model["id"])
            images, labels = held_out["inputs"][:samples], held_out["labels"][:samples]
        predictions = client.models.predict(model["id"], images)
    document = {"model_id": model["id"], "predictions": predictions, "labels": labels}
    cli.show(document, lambda out: print_predictions(out, predictions, labels, model["classes"]))


def print_predictions(
    out: Console,
    predictions: list[Prediction],
    labels: list[int] | None,
    classes: list[str],
    *,
    show: int | None = None,
) -> None:
    """Predicted beside true class, one image a row (the first `show`), and the accuracy of all."""
    if labels is None:
        print_table(
            out,
            ("IMAGE", "PREDICTED", "PROBABILITY"),
            (
                (index, found["name"], percent(found["probability"]))
                for index, found in enumerate(predictions)
            ),
        )
        return
    right = [found["label"] == label for found, label in zip(predictions, labels, strict=True)]
    print_table(
        out,
        ("IMAGE", "PREDICTED", "TRUE", "PROBABILITY", ""),
        (
            (
                index,
                found["name"],
                classes[label],
                percent(found["probability"]),
                "" if right[index] else "wrong",
            )
            for index, (found, label) in enumerate(zip(predictions[:show], labels, strict=False))
        ),
    )
    out.print(f"{sum(right)} of {len(right)} right ({percent(sum(right) / len(right))})")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def _read_images(file: Path) -> tuple[list[Image], list[int] | None]:
    try:
        document: Any = json.loads(file.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{file}: this is not JSON: {error}") from error
    labels = None
    if isinstance(document, dict):
        labels = document.get("labels")
        document = document.get("inputs")
    if not isinstance(document, list) or not document:
        raise InputError(f'{file}: expected a list of images [C, H, W], or {{"inputs": [...]}}')
    if labels is not None and len(labels) != len(document):
        raise InputError(f"{file}: {len(document)} inputs, but {len(labels)} labels")
    return document, labels


def _print_page(out: Console, page: ModelPage) -> None:
    if not page["items"]:
        out.print("no models yet; every run that succeeds makes one")
        return
    print_table(
        out,
        ("ID", "NAME", "FOLD", "ACCURACY", "RUN", "CREATED"),
        (
            (
                model["id"],
                model["name"],
                model["verdict"],
                percent(model["test_acc"]),
                model["run_id"],
                age(model["created_at"]),
            )
            for model in page["items"]
        ),
    )
    if page["total"] > len(page["items"]):
        out.print(f"{len(page['items'])} of {page['total']}; see more with --limit")


def _print_model(out: Console, model: Model) -> None:
    print_fields(
        out,
        [
            ("id", model["id"]),
            ("name", model["name"]),
            ("fold", model["verdict"]),
            ("accuracy", percent(model["test_acc"])),
            ("run", model["run_id"]),
            ("input", "x".join(str(side) for side in model["input_shape"])),
            ("classes", ", ".join(model["classes"])),
            ("created", age(model["created_at"])),
        ],
    )
    print_table(
        out,
        ("KIND", "FILE", "BYTES", "SHA-256"),
        ((file["kind"], file["name"], file["size"], file["sha256"]) for file in model["files"]),
    )
