"""Train one run file with no server and no database: `python -m rscore presets/digits.yaml`.

On several GPUs, or several processes of a CPU: `torchrun --nproc-per-node 4 -m rscore FILE`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

from rscore.errors import (
    CheckpointError,
    DatasetCorruptError,
    DatasetMissingError,
    RscoreError,
    SpecError,
)
from rscore.hints import command
from rscore.process import prepare_process
from rscore.runfile import RunFile, read_run_file

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Run file, for example presets/digits.yaml.")
    ],
    data_dir: Annotated[
        Path,
        typer.Option(envvar="REALSPIKE_DATA_DIR", help="Folder with one sub-folder per data set."),
    ] = Path(".realspike/data"),
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the results; .realspike/trained/<file's name> if not given."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change a field; may be repeated."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Download the data set first if it is not there.")
    ] = False,
) -> None:
    """Train one run, fold it, prove the fold and export it.

    A run that was interrupted goes on from the checkpoint in its folder. The processes that
    torchrun starts train one run together: each takes its part of every batch.
    Exit codes: 0 done, 1 the run failed, 2 it cannot start, 130 interrupted.
    """
    prepare_process()
    folder = out or Path(".realspike/trained") / file.stem
    try:
        run = read_run_file(file, settings or [])
        _get_data(run, data_dir, fetch=fetch)
        folder.mkdir(parents=True, exist_ok=True)
        place = _device(device)
    except (RscoreError, OSError) as error:
        _give_up(error, BAD_INPUT)
    _train(run, data_dir, folder, place)


def _get_data(run: RunFile, data_dir: Path, *, fetch: bool) -> None:
    from rscore import data
    from rscore.training.ranks import launched_ranks

    dataset = run.spec.dataset
    if fetch and launched_ranks().size > 1:
        raise SpecError(f"--fetch: run `{command(f'data fetch {dataset}')}` once before torchrun")
    if fetch:
        data.fetch(dataset, data_dir, progress=True)
    remedy = data.missing(dataset, data_dir)
    if remedy:
        raise DatasetMissingError(f"{remedy} (or add --fetch)")


def _device(name: str) -> str:
    import torch

    from rscore.training.ranks import launched_ranks

    available = torch.cuda.is_available()
    kind, _, number = name.partition(":")
    if kind not in {"auto", "cpu", "cuda"} or (number and not number.isdecimal()):
        raise SpecError(f"--device {name!r} is not one of auto, cpu, cuda, cuda:N")
    if kind == "cpu" or (kind == "auto" and not available):
        return "cpu"
    ranks = launched_ranks()
    if ranks.size > 1 and number:
        raise SpecError(f"--device {name}: torchrun gives each process its own; use --device cuda")
    index = int(number or ranks.local)
    if not available or index >= torch.cuda.device_count():
        raise SpecError(f"--device {name}: this machine has no such device; use --device cpu")
    return f"cuda:{index}"


def _train(run: RunFile, data_dir: Path, out: Path, device: str) -> None:
    from rscore.standalone import Interrupted, train_and_finish

    try:
        train_and_finish(run.spec, data_dir=data_dir, out=out, device=device)
    except Interrupted as error:
        sys.stderr.write(f"{error}\n" if str(error) else "")
        raise typer.Exit(INTERRUPTED) from error
    except CheckpointError as error:
        _give_up(f"{error}, or train into another folder with --out", BAD_INPUT)
    except DatasetCorruptError as error:
        _give_up(error, BAD_INPUT)
    except (RscoreError, OSError) as error:
        _give_up(error, FAILED)
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        _give_up("not enough memory; use a smaller batch_size or width", FAILED)


def _give_up(error: Exception | str, code: int) -> NoReturn:
    sys.stderr.write(f"error: {error}\n")
    raise typer.Exit(code)


def run() -> int:
    """Run the command line; the exit code is of the table in `main`'s help."""
    program = "python -m rscore"
    try:
        code = app(prog_name=program, standalone_mode=False)
    except TyperException as error:
        message = error.format_message()
        said = f"{message[:1].lower()}{message[1:]}"
        sys.stderr.write(f"error: {said}\nsee what it takes with: {program} --help\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    sys.exit(run())
