"""One attempt of one run: claim, check the data, resume, train, fold, certify, register."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from rscore.data import missing
from rscore.errors import CheckpointError, DatasetMissingError, SpecError
from rscore.reporting import StopReason
from rscore.spec import RunSpec, parse_spec
from server import logs
from server.errors import StaleAttemptError, StorageError, StorageUnavailableError
from server.settings import Settings
from server.storage import artifacts, folded_models, lifecycle, quarantine, sweep
from server.storage.artifacts import ArtifactFiles, StoredFile
from server.storage.database import Database
from server.storage.lifecycle import Claim
from worker.checkpoints import Checkpoints
from worker.failures import DeviceMissingError, Failure, explain_failure, traceback_tail
from worker.holdings import Holdings
from worker.lease import Lease
from worker.machine import Machine
from worker.orphan import is_orphaned
from worker.patience import after, disk_is_full, patiently
from worker.reporter import StorageReporter
from worker.scratch import attempt_folder
from worker.taking import sit_out, takes_runs

if TYPE_CHECKING:
    from rscore.finish import Finished
    from rscore.training import TrainResult

logger = logging.getLogger(__name__)

CLAIM_SECONDS = 10.0
PUBLISH_SECONDS = 300.0
"""How long a trained run waits for a file store that does not answer, or for room on a disk."""

MEDIA_TYPES = {
    ".json": "application/json",
    ".onnx": "application/onnx",
    ".nir": "application/x-hdf5",
    ".pt2": "application/zip",
}
ORPHANED = "orphaned"
"""Why a run was handed back whose worker died and left its child alone."""
OTHER_MEDIA_TYPE = "application/octet-stream"
COSTS = ("synops", "macs", "energy_estimate_pj")
"""Of one sample through the folded network: metrics too, so that studies can compare them."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What every attempt in one process works with."""

    settings: Settings
    machine: Machine
    device: str
    database: Database
    files: ArtifactFiles
    scratch: Path


def look_at_run(run_id: str, bench: Bench) -> None:
    """Try a run if it waits for a worker; what comes of it is in the database."""
    claim = patiently(lambda: _claim(run_id, bench), give_up=after(CLAIM_SECONDS))
    if claim is None:
        logger.info("run %s does not wait for this worker", run_id)
        sit_out(bench.database, bench.machine.worker_id, look=bench.settings.heartbeat_seconds)
        return
    with logs.bound(run_id=run_id, attempt=claim.attempt):
        logger.info("attempt %d of run %s begins", claim.attempt, run_id)
        try:
            Attempt(claim, bench).work()
        except StaleAttemptError as error:
            logger.warning("%s", error)
            _give_way(claim, bench)


def _claim(run_id: str, bench: Bench) -> Claim | None:
    machine = bench.machine
    with bench.database.write() as session:
        if not takes_runs(session, machine.worker_id):
            lifecycle.pass_on(session, run_id)
            return None
        return lifecycle.claim(
            session,
            run_id,
            worker_id=machine.worker_id,
            host=machine.host,
            device=bench.device,
            lease_seconds=bench.settings.lease_seconds,
        )


def _give_way(claim: Claim, bench: Bench) -> None:
    """Note that writes of this attempt were refused, and remove what it stored in vain."""
    try:
        with bench.database.write() as session:
            lifecycle.note_refused(session, claim.run_id, claim.attempt)
        sweep.sweep_attempt(bench.database, bench.files, claim.run_id, claim.attempt)
    except StorageError as error:
        logger.warning("what attempt %d left behind is swept later: %s", claim.attempt, error)


class Attempt:
    """One claimed try at a run."""

    def __init__(self, claim: Claim, bench: Bench) -> None:
        self._claim = claim
        self._bench = bench
        self._lease = Lease(
            bench.database,
            claim.run_id,
            claim.attempt,
            seconds=bench.settings.lease_seconds,
        )
        self._checkpoints = Checkpoints(bench.database, bench.files, self._lease)
        self._hold = Holdings(bench.scratch).hold(claim.run_id, claim.attempt)
        self._reporter = StorageReporter(
            bench.database, self._lease, self._checkpoints, pulse=self._hold.pulse
        )

    def work(self) -> None:
        """Bring the run to an end, or back to the queue; raises StaleAttemptError when lost."""
        kept = self._lease.kept(self._bench.settings.heartbeat_seconds)
        with self._hold, kept, self._reporter:
            try:
                with attempt_folder(self._bench.scratch, self._claim.run_id) as folder:
                    self._try(folder)
            except StaleAttemptError:
                raise
            except Exception as error:  # noqa: BLE001 - the attempt's edge: recorded in the run
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Record an error as the run's failure; an outage in the midst of a stop is none."""
        outage = isinstance(error, StorageUnavailableError)
        stop = self._lease.stop_reason() if outage else None
        if stop:
            self._leave(stop)
        else:
            self._fail(error)

    def _try(self, folder: Path) -> None:
        spec = parse_spec(self._claim.spec)
        remedy = missing(spec.dataset, self._bench.settings.resolved_data_dir)
        if remedy:
            raise DatasetMissingError(remedy)
        self._reporter.log(
            f"attempt {self._claim.attempt} on {self._bench.machine.host} "
            f"({self._bench.device}), worker {self._bench.machine.worker_id}"
        )
        trained = self._train(spec, folder)
        if trained is None:
            return
        finished = self._finish(spec, trained, folder / "model")
        if self._lease.stop_reason() is StopReason.CANCELLED:
            self._leave(StopReason.CANCELLED)
            return
        self._publish(finished, trained)

    def _train(self, spec: RunSpec, folder: Path) -> TrainResult | None:
        resume = self._checkpoints.fetch(folder, log=self._reporter.log)
        self._settle(lifecycle.set_resumed, resume.step)
        # Loading torch takes seconds, and a pool's parent that has it hangs its children.
        from worker.torch_setup import usable_device

        device = usable_device(self._bench.device, self._bench.machine)
        stop = self._reporter.stop_requested()
        if stop:
            self._leave(stop)
            return None
        from rscore.training import train

        trained = train(
            spec,
            self._reporter,
            workdir=folder,
            data_dir=self._bench.settings.resolved_data_dir,
            device=device,
            resume_from=resume.path,
            checkpoint_seconds=self._bench.settings.checkpoint_seconds,
        )
        if trained.stopped:
            self._leave(trained.stopped)
            return None
        return trained

    def _finish(self, spec: RunSpec, trained: TrainResult, outdir: Path) -> Finished:
        from rscore.finish import finish

        def once() -> Finished:
            try:
                return finish(spec, trained.network, *trained.held_out, outdir)
            except Exception as error:
                if disk_is_full(error):
                    raise StorageUnavailableError(f"no room for the model: {error}") from error
                raise

        self._reporter.log("trained; folding, proving and exporting")
        finished = patiently(once, give_up=self._waited(), tell=self._tell_wait)
        self._reporter.log(f"the fold is {finished.verdict}")
        return finished

    def _waited(self) -> Callable[[], bool]:
        """A `give_up` that is true after a while, or when the attempt is to stop."""
        enough = after(PUBLISH_SECONDS)
        return lambda: enough() or self._lease.stop_reason() is not None

    def _tell_wait(self, why: str) -> None:
        self._reporter.log(f"{why}; trying again for {PUBLISH_SECONDS:.0f} s")

    def _publish(self, finished: Finished, trained: TrainResult) -> None:
        """Upload all files, then record them, the model and the success in one transaction."""
        give_up = self._waited()
        folder = sweep.attempt_folder(self._claim.run_id, self._claim.attempt)
        stored: dict[str, StoredFile] = {}
        for kind, path in finished.files.items():
            put = partial(
                self._bench.files.put, path, f"{folder}/{path.name}", allow=self._lease.require
            )
            stored[kind] = patiently(put, give_up=give_up, tell=self._tell_wait)
        cost = finished.certificate["cost"]["after"]
        self._reporter.metrics(
            step=trained.steps,
            epoch=trained.epochs,
            values={name: float(cost[name]) for name in COSTS},
        )
        self._reporter.flush()

        def succeed(session: Session, run_id: str, attempt: int) -> list[str]:
            for kind, file in stored.items():
                name = finished.files[kind].name
                artifacts.record_artifact(
                    session,
                    run_id,
                    attempt,
                    kind=kind,
                    name=name,
                    media_type=MEDIA_TYPES.get(Path(name).suffix, OTHER_MEDIA_TYPE),
                    stored=file,
                )
            folded_models.register(
                session,
                run_id,
                attempt,
                name=self._claim.name,
                verdict=finished.verdict,
                certificate=finished.certificate,
                test_acc=trained.metrics.get("test_acc"),
            )
            dropped = self._checkpoints.drop_in(session)
            lifecycle.succeed(session, run_id, attempt)
            return dropped

        self._checkpoints.delete_files(self._settle(succeed))

    def _leave(self, reason: StopReason) -> None:
        if reason is StopReason.SUPERSEDED:
            raise StaleAttemptError(self._claim.run_id, self._claim.attempt)
        self._reporter.flush()
        if reason is StopReason.CANCELLED:
            self._settle(lifecycle.end_cancelled)
        else:
            self._settle(lifecycle.hand_back, reason=ORPHANED if is_orphaned() else reason.value)

    def _fail(self, error: Exception) -> None:
        failure = explain_failure(error)
        logger.warning("run %s failed: %s: %s", self._claim.run_id, failure.reason, failure.detail)
        if not isinstance(error, (SpecError, DatasetMissingError, DeviceMissingError)):
            self._reporter.log(traceback_tail(error))
        self._reporter.log(f"failed: {failure.reason}: {failure.detail}")
        self._reporter.flush()
        if isinstance(error, CheckpointError):
            self._checkpoints.drop()
        self._settle(self._end_failed, failure)

    def _end_failed(self, session: Session, run_id: str, attempt: int, failure: Failure) -> None:
        lifecycle.fail(session, run_id, attempt, reason=failure.reason, detail=failure.detail)
        limit = self._bench.settings.quarantine_after
        why = quarantine.judge(session, run_id, attempt, after=limit)
        if why:
            logger.error("worker %s is quarantined: %s", self._bench.machine.worker_id, why)

    def _settle(self, change: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Make one fenced change, again and again while the database is away and the lease holds.

        A change whose commit went through unnoticed is refused the second time, which is right.
        """

        def once() -> Any:
            with self._bench.database.write() as session:
                return change(session, self._claim.run_id, self._claim.attempt, *args, **named)

        try:
            return patiently(once, give_up=lambda: self._lease.lost)
        except StorageUnavailableError:
            self._lease.require()
            raise
