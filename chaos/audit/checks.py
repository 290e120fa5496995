"""What must hold at the end, whatever happened before: one function a promise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chaos.audit.evidence import Evidence, Outcome, Point, spec_key, values_of
from chaos.audit.reading import Row

ENDED = frozenset({"succeeded", "failed", "cancelled"})
KEPT_CHECKPOINTS = 2

NEXT: Mapping[str | None, frozenset[str]] = {
    None: frozenset({"queued"}),
    "queued": frozenset({"queued", "running", "paused", "cancelled"}),
    "paused": frozenset({"paused", "queued", "cancelled"}),
    "running": frozenset({"running", "queued", "succeeded", "failed", "cancelled"}),
    "succeeded": frozenset({"succeeded"}),
    "failed": frozenset({"failed", "queued"}),
    "cancelled": frozenset({"cancelled", "queued"}),
}
"""The statuses that an event may tell after another; the same one again is news of a detail."""

FORBIDDEN_WORDS = ("database is locked",)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check looked at, and each violation in words."""

    check: str
    looked_at: int
    violations: list[str]


Check = Callable[[Evidence], Iterator[str | None]]
"""Yields once for each thing it looks at: None where it is well, else what is wrong."""


def run_checks(evidence: Evidence) -> list[Finding]:
    """The finding of every check, in the order of `CHECKS`."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        said = list(check(evidence))
        findings.append(Finding(name, len(said), [words for words in said if words]))
    return findings


def submissions(evidence: Evidence) -> Iterator[str | None]:
    """Every submission became exactly the runs it asked for."""
    ledger = evidence.ledger
    stored = {run["id"]: run for run in evidence.ours if run["study_id"] is None}
    named = Counter(run["name"] for run in stored.values())
    single = {run_id: asked for run_id, asked in ledger.runs.items() if asked.name}
    for run_id, asked in single.items():
        if run_id not in stored:
            yield f"run {run_id} ({asked.name}) was acknowledged and is not there"
        elif named[asked.name] != 1:
            yield f"{asked.name} was submitted once and is there {named[asked.name]} times"
        else:
            yield None
    for run_id in stored.keys() - single.keys():
        yield f"run {run_id} ({stored[run_id]['name']}) is there and nobody was told of it"
    for name in ledger.unanswered:
        yield f"the submission of {name} was never answered"
    yield from _studies(evidence)
    yield from ledger.mistakes


def _studies(evidence: Evidence) -> Iterator[str | None]:
    sizes = Counter(run["study_id"] for run in evidence.runs if run["study_id"])
    for study_id, wanted in evidence.ledger.studies.items():
        found = sizes.pop(study_id, 0)
        yield None if found == wanted else f"study {study_id} has {found} of {wanted} runs"
    for study_id in sizes:
        yield f"study {study_id} is there and nobody was told of it"


def ends(evidence: Evidence) -> Iterator[str | None]:
    """Every run has ended, in a way that somebody asked for, and nothing holds it any more."""
    for run in evidence.ours:
        asked = evidence.ledger.runs.get(run["id"])
        wanted = asked.ends if asked else frozenset({"succeeded"})
        if run["status"] not in ENDED:
            yield f"run {run['id']} is {run['status']} for ever"
        elif run["status"] not in wanted:
            yield f"run {run['id']} is {run['status']} ({run['reason']}), not {_or(wanted)}"
        elif run["worker_id"] or run["lease_expires_at"]:
            yield f"run {run['id']} has ended and is still leased to {run['worker_id']}"
        else:
            yield None


def failures(evidence: Evidence) -> Iterator[str | None]:
    """An attempt failed only for a reason that a fault explains."""
    for run_id, number, attempt in _attempts(evidence):
        failed = attempt["outcome"] == "failed" and (
            attempt["reason"] not in evidence.ledger.excused
        )
        yield f"attempt {number} of {run_id} failed: {attempt['reason']}" if failed else None


def attempts(evidence: Evidence) -> Iterator[str | None]:
    """Attempts are numbered without a gap, each has ended, and one succeeded where the run did."""
    for run in evidence.ours:
        tries = evidence.attempts.get(run["id"], [])
        outcomes = [attempt["outcome"] for attempt in tries]
        numbers = [attempt["number"] for attempt in tries]
        if numbers != list(range(1, run["attempt"] + 1)):
            yield f"run {run['id']} is in attempt {run['attempt']} and has attempts {numbers}"
        elif "running" in outcomes or not all(attempt["finished_at"] for attempt in tries):
            yield f"run {run['id']} has ended and an attempt of it has not: {outcomes}"
        elif outcomes.count("succeeded") != (run["status"] == "succeeded"):
            yield f"run {run['id']} is {run['status']} after attempts {outcomes}"
        elif "succeeded" in outcomes[:-1]:
            yield f"run {run['id']} was tried again after it succeeded: {outcomes}"
        else:
            yield None


def overlaps(evidence: Evidence) -> Iterator[str | None]:
    """No attempt begins before the one before it has ended."""
    for run_id, tries in evidence.attempts.items():
        for earlier, later in pairwise(tries):
            ended = earlier["finished_at"]
            if ended is None or later["started_at"] < ended:
                yield (
                    f"attempt {later['number']} of {run_id} began at {later['started_at']}, "
                    f"attempt {earlier['number']} ended at {ended}"
                )
            else:
                yield None


def fencing(evidence: Evidence) -> Iterator[str | None]:
    """No write was accepted from an attempt after a later one had claimed the run."""
    claimed: dict[str, dict[int, float]] = defaultdict(dict)
    for line in evidence.journal:
        if line["what"] == "claim":
            claimed[line["run"]][line["attempt"]] = line["done"]
    for line in evidence.journal:
        if line["what"] != "write":
            continue
        later = [
            number
            for number, done in claimed[line["run"]].items()
            if number > line["attempt"] and done < line["asked"]
        ]
        yield (
            f"attempt {line['attempt']} of {line['run']} wrote after attempt {max(later)} began"
            if later
            else None
        )


def executions(evidence: Evidence) -> Iterator[str | None]:
    """What really ran is what the database knows, each attempt once."""
    ran = Counter(
        (line["run"], line["attempt"]) for line in evidence.journal if line["what"] == "claim"
    )
    known = {(run_id, number): attempt for run_id, number, attempt in _attempts(evidence)}
    for (run_id, number), times in ran.items():
        if (run_id, number) not in known:
            yield f"attempt {number} of {run_id} ran and the database does not know it"
        elif times > 1:
            yield f"attempt {number} of {run_id} ran {times} times"
        else:
            yield None
    for (run_id, number), attempt in known.items():
        # A worker that died, or lost the database, right at the claim wrote nothing down.
        if (run_id, number) not in ran and attempt["outcome"] != "lost":
            yield f"attempt {number} of {run_id} is {attempt['outcome']} and never ran"


def progress(evidence: Evidence) -> Iterator[str | None]:
    """An attempt goes on from no earlier a step than the ones before it."""
    for run_id, tries in evidence.attempts.items():
        furthest = 0
        for attempt in tries:
            step = attempt["resumed_step"]
            said = step > 0 or attempt["outcome"] == "succeeded"
            if said and step < furthest:
                yield (
                    f"attempt {attempt['number']} of {run_id} went on from step {step}, "
                    f"one before it from step {furthest}"
                )
            else:
                yield None
            furthest = max(furthest, step)


def metrics(evidence: Evidence) -> Iterator[str | None]:
    """Every metric has the points and the values of a run that nobody disturbed."""
    return _measured(evidence, evidence.metrics, "metric", lambda outcome: outcome.metrics)


def histograms(evidence: Evidence) -> Iterator[str | None]:
    """Every distribution is that of a run that nobody disturbed."""
    return _measured(evidence, evidence.histograms, "histogram", lambda outcome: outcome.histograms)


def _measured(
    evidence: Evidence,
    stored: Mapping[str, Mapping[Point, Row]],
    noun: str,
    wanted: Callable[[Outcome], Mapping[Point, Any]],
) -> Iterator[str | None]:
    for run in evidence.ours:
        outcome = evidence.reference[spec_key(run["spec"])]
        found = values_of(stored.get(run["id"], {}))
        problem = _difference(found, wanted(outcome), whole=run["status"] == "succeeded")
        yield f"{noun} of run {run['id']} ({run['status']}): {problem}" if problem else None


def _difference(
    found: Mapping[Point, Any], wanted: Mapping[Point, Any], *, whole: bool
) -> str | None:
    reached = max((step for _, step in found), default=0)
    for point in sorted(wanted.keys() | found.keys(), key=lambda point: (point[1], point[0])):
        name, step = point
        if point not in wanted:
            return f"{name} has a point at step {step} that does not belong there"
        if point not in found:
            # A run that did not succeed ends anywhere, yet has no hole before its end.
            if whole or step < reached:
                return f"{name} has no point at step {step}"
        elif found[point] != wanted[point]:
            return f"{name} at step {step} is {found[point]}, undisturbed {wanted[point]}"
    return None


def summaries(evidence: Evidence) -> Iterator[str | None]:
    """The newest values that a run shows are the newest that it has."""
    for run in evidence.ours:
        newest: dict[str, float] = {}
        for (name, _), row in sorted(
            evidence.metrics.get(run["id"], {}).items(), key=lambda item: item[0][1]
        ):
            newest[name] = row["value"]
        same = newest == run["summary"]
        yield None if same else f"run {run['id']} shows {run['summary']}, its newest are {newest}"


def weights(evidence: Evidence) -> Iterator[str | None]:
    """A run that succeeded left, byte for byte, the files of a run that nobody disturbed."""
    made: dict[str, dict[str, str]] = defaultdict(dict)
    for row in evidence.artifacts:
        made[row["run_id"]][row["kind"]] = row["sha256"]
    for run in evidence.ours:
        if run["status"] != "succeeded":
            continue
        wanted = evidence.reference[spec_key(run["spec"])].files
        other = sorted(
            kind
            for kind in wanted.keys() | made[run["id"]].keys()
            if wanted.get(kind) != made[run["id"]].get(kind)
        )
        yield f"run {run['id']} left other files: {', '.join(other)}" if other else None


def files(evidence: Evidence) -> Iterator[str | None]:
    """Every recorded file is in the store, with its size and hash."""
    for row in evidence.artifacts:
        file = evidence.files.get(row["location"])
        if file is None:
            yield f"{row['kind']} {row['id']} is not at {row['location']}"
        elif (file.size, file.sha256) != (row["size"], row["sha256"]):
            yield f"{row['kind']} {row['id']} at {row['location']} is not what was recorded"
        else:
            yield None


def orphans(evidence: Evidence) -> Iterator[str | None]:
    """Every file in the store is recorded, and workers left no temporary file."""
    known = {row["location"] for row in evidence.artifacts}
    for location in evidence.files:
        yield None if location in known else f"nothing refers to the stored file {location}"
    for path in evidence.scratch:
        yield f"the temporary file {path} was left behind"


def checkpoints(evidence: Evidence) -> Iterator[str | None]:
    """A run that succeeded keeps no checkpoint, any other at most two."""
    kept = Counter(row["run_id"] for row in evidence.artifacts if row["kind"] == "checkpoint")
    for run in evidence.ours:
        most = 0 if run["status"] == "succeeded" else KEPT_CHECKPOINTS
        count = kept[run["id"]]
        yield f"run {run['id']} keeps {count} checkpoints" if count > most else None


def models(evidence: Evidence) -> Iterator[str | None]:
    """A run that succeeded made one model, and no other made any."""
    made = Counter(model["run_id"] for model in evidence.models)
    for run in evidence.ours:
        count = made[run["id"]]
        right = count == (run["status"] == "succeeded")
        yield None if right else f"run {run['id']} is {run['status']} and made {count} models"


def events(evidence: Evidence) -> Iterator[str | None]:
    """The events of a run, one after another, tell its way to where it is."""
    told: dict[str, list[Row]] = defaultdict(list)
    for event in evidence.events:
        if event["kind"] == "run":
            told[event["run_id"]].append(event["data"])
    for run in evidence.ours:
        problem = _replay(told[run["id"]])
        last = told[run["id"]][-1] if told[run["id"]] else {"status": None, "attempt": None}
        if problem:
            yield f"run {run['id']}: {problem}"
        elif (last["status"], last["attempt"]) != (run["status"], run["attempt"]):
            yield f"run {run['id']} is {run['status']}, its events end in {last['status']}"
        else:
            yield None


def _replay(told: list[Row]) -> str | None:
    status: str | None = None
    attempt = 0
    for news in told:
        begins = news["status"] == "running" and status != "running"
        if news["status"] not in NEXT[status]:
            return f"an event tells {news['status']} after {status}"
        if news["attempt"] != attempt + begins:
            return f"an event tells attempt {news['attempt']} after {attempt}"
        status, attempt = news["status"], news["attempt"]
    return None


def event_order(evidence: Evidence) -> Iterator[str | None]:
    """Events have rising ids in the order of their times."""
    for earlier, later in pairwise(evidence.events):
        late = later["created_at"] < earlier["created_at"]
        yield f"event {later['id']} is older than event {earlier['id']}" if late else None


def live(evidence: Evidence) -> Iterator[str | None]:
    """Who followed the live stream was told every event once, in order, across all outages."""
    followed = evidence.followed
    if followed.since is None:
        return
    for earlier, later in pairwise(followed.ids):
        if later <= earlier:
            yield f"the live stream told event {later} after event {earlier}"
    told = frozenset(followed.ids)
    last = max(told, default=followed.since)
    for event in evidence.events:
        if followed.since < event["id"] <= last:
            missed = event["id"] not in told
            yield f"the live stream did not tell event {event['id']}" if missed else None


def words(evidence: Evidence) -> Iterator[str | None]:
    """No log says what must never happen."""
    for name, text in evidence.logs.items():
        for phrase in FORBIDDEN_WORDS:
            count = text.count(phrase)
            yield f"{name} says {phrase!r} {count} times" if count else None


def _attempts(evidence: Evidence) -> Iterator[tuple[str, int, Row]]:
    for run_id, tries in evidence.attempts.items():
        for attempt in tries:
            yield run_id, attempt["number"], attempt


def _or(some: frozenset[str]) -> str:
    return " or ".join(sorted(some))


CHECKS: Mapping[str, Check] = {
    "submissions": submissions,
    "ends": ends,
    "failures": failures,
    "attempts": attempts,
    "overlaps": overlaps,
    "fencing": fencing,
    "executions": executions,
    "progress": progress,
    "metrics": metrics,
    "histograms": histograms,
    "summaries": summaries,
    "weights": weights,
    "files": files,
    "orphans": orphans,
    "checkpoints": checkpoints,
    "models": models,
    "events": events,
    "event order": event_order,
    "live": live,
    "logs": words,
}
