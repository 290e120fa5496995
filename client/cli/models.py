"""Commands of `realspike model`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from client.cli.certificate import print_certificate
from client.cli.context import JsonFlag, UrlOption, invocation
from client.cli.predictions import print_predictions, read_samples
from client.cli.render import age, percent, print_fields, print_table
from client.cli.verify import verify
from client.wire import Model, ModelFile, ModelPage

app = typer.Typer(
    no_args_is_help=True, help="Folded models: certificate, download, verify, predict."
)
app.command()(verify)

MOST_CLASSES = 20
"""Class names that are printed before the rest is only counted."""

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
            help="onnx, folded, graph, weights, nir, pt2, certificate, samples; as `model show` "
            "lists.",
        ),
    ] = "onnx",
    everything: Annotated[
        bool, typer.Option("--all", help="Every file, as `model verify` needs them.")
    ] = False,
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to put the file in.")
    ] = Path(),
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Download files of a folded model; each is kept only when its SHA-256 is right."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        model = client.models.find(model_id)
        if everything:
            got = client.models.download_all(model, folder)
        else:
            got = [client.models.download(model, kind, folder)]
    documents = [{"path": str(path), **file} for path, file in got]
    cli.show(
        {"files": documents} if everything else documents[0], lambda out: _print_files(out, got)
    )


def _print_files(out: Console, got: list[tuple[Path, ModelFile]]) -> None:
    for path, file in got:
        out.print(f"{path} ({file['size']} bytes, SHA-256 {file['sha256']})")


@app.command()
def predict(
    ctx: typer.Context,
    model_id: ModelId,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE.json]",
            help="Images [N, C, H, W] in [0, 1] or event counts [N, T, C, H, W], or "
            "{inputs, labels}.",
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="Without a file: so many held-out samples.")
    ] = 10,
    as_json: JsonFlag = False,
    url: UrlOption = None,
) -> None:
    """Classify samples of a file, or held-out samples of the model's data set."""
    cli = invocation(ctx, url=url, as_json=as_json)
    with cli.client() as client:
        model = client.models.find(model_id)
        if file is not None:
            inputs, labels = read_samples(file)
        else:
            held_out = client.models.samples(model["id"])
            inputs, labels = held_out["inputs"][:samples], held_out["labels"][:samples]
        predictions = client.models.predict(model["id"], inputs)
    document = {"model_id": model["id"], "predictions": predictions, "labels": labels}
    cli.show(document, lambda out: print_predictions(out, predictions, labels, model["classes"]))


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


def _shortened(classes: list[str]) -> str:
    more = len(classes) - MOST_CLASSES
    return ", ".join(classes[:MOST_CLASSES]) + (f" and {more} more" if more > 0 else "")


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
            ("classes", _shortened(model["classes"])),
            ("created", age(model["created_at"])),
        ],
    )
    print_table(
        out,
        ("KIND", "FILE", "BYTES", "SHA-256"),
        ((file["kind"], file["name"], file["size"], file["sha256"]) for file in model["files"]),
    )
