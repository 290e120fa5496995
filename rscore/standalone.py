"""One training in the foreground: shown on the terminal, stopped by Ctrl-C, resumed by name."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from rscore import reporting
from rscore.checkpoint import write_tensors
from rscore.finish import finish
from rscore.reporting import StopReason
from rscore.spec import RunSpec
from rscore.training import CHECKPOINT_NAME, TrainResult, train
from rscore.training.ranks import joined_ranks


class Interrupted(Exception):  # noqa: N818 - it is no error
    """The training was stopped by a signal; its checkpoint is written. Rank 0 says where."""


class TerminalReporter:
    """Reporter that keeps one progress line at the foot of the terminal and logs above it."""

    def __init__(self, console: Console) -> None:
        self.stop: StopReason | None = None
        self.bars = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[values]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self.bars.add_task("training", total=None, epoch="", values="")

    def log(self, message: str) -> None:
        """Print one line."""
        self.bars.console.print(message, markup=False, highlight=False)

    def metrics(self, *, step: int, epoch: int, values: Mapping[str, float]) -> None:
        """Metrics are in the log lines."""

    def histogram(
        self, *, step: int, epoch: int, name: str, low: float, high: float, counts: Sequence[int]
    ) -> None:
        """Distributions are not for a terminal."""

    def progress(self, progress: reporting.Progress) -> None:
        """Move the bar."""
        shown = {
            "loss": None if progress.loss is None else f"{progress.loss:.3f}",
            "accuracy": None if progress.accuracy is None else f"{progress.accuracy:.1%}",
            "to go": None if progress.eta_seconds is None else f"{progress.eta_seconds:.0f} s",
        }
        self.bars.update(
            self._task,
            total=progress.steps,
            completed=progress.step,
            epoch=f"{min(progress.epoch + 1, progress.epochs)}/{progress.epochs}",
            values=" · ".join(f"{name} {text}" for name, text in shown.items() if text),
        )

    def checkpoint(self, path: Path, *, step: int, epoch: int) -> None:
        """The checkpoint stays where it is."""

    def stop_requested(self) -> StopReason | None:
        """What a signal asked for."""
        return self.stop


def train_and_finish(spec: RunSpec, *, data_dir: Path, out: Path, device: str) -> None:
    """Train, or go on with a training, into `out`; then fold, prove and export it there.

    Started by torchrun, all its processes train together, and the first finishes alone.

    Raises:
        Interrupted: after SIGINT or SIGTERM, once the checkpoint is written.
        RscoreError: what training, folding, proof or export refuse; the weights are kept.
    """
    with joined_ranks(device) as ranks:
        console = Console(soft_wrap=True, quiet=not ranks.main)
        reporter = TerminalReporter(console)
        existing = out / CHECKPOINT_NAME
        with reporter.bars, stop_on_signals(reporter, patient=ranks.size > 1):
            result = train(
                spec,
                reporter,
                workdir=out,
                data_dir=data_dir,
                device=device,
                resume_from=existing if existing.exists() else None,
                ranks=ranks,
            )
    if result.stopped:
        where = f"the checkpoint is in {out}; run the same command to go on from it"
        raise Interrupted(where if ranks.main else "")
    if ranks.main:
        _finish(spec, result, out=out, console=console)


def _finish(spec: RunSpec, result: TrainResult, *, out: Path, console: Console) -> None:
    weights = out / "weights.safetensors"
    write_tensors(weights, result.network.state_dict(), {"spec": spec.model_dump_json()})
    with console.status("folding, proving and exporting"):
        finished = finish(spec, result.network, *result.held_out, out)
    rows = {
        "test accuracy": f"{result.metrics['test_acc']:.2%}",
        "certificate": finished.verdict,
    } | {kind: str(path) for kind, path in finished.files.items() if kind != "certificate"}
    rows["proof"] = str(finished.files["certificate"])
    for name, text in rows.items():
        console.print(f"{name:>13}  {text}", markup=False, highlight=False)


@contextmanager
def stop_on_signals(reporter: TerminalReporter, *, patient: bool) -> Iterator[None]:
    """The first signal asks for a stop at the next step; a second one ends the process.

    A `patient` process waits for the step whatever comes: what is sent to torchrun reaches its
    processes twice.
    """
    watched = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in watched}

    def ask(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        reporter.stop = StopReason.DRAINED
        if not patient:
            put_back()

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in watched:
        signal.signal(number, ask)
    try:
        yield
    finally:
        put_back()
