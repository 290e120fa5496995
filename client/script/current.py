"""init, log and finish: the run of this process, shaped like those of other trackers."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, SupportsIndex

from client.api import Client
from client.errors import ClientError, InputError, ServerUnreachableError
from client.recorder import CLOSE_SECONDS
from client.script.config import flat_config
from client.script.ending import ProcessEnding
from client.script.run import Run
from client.script.run_ids import new_run_id
from client.spool.delivery import is_final
from client.spool.entries import BeginEntry
from client.wire import Json

INIT_SECONDS = 5.0
"""So long `init` waits for a service that is silent, and goes on without it then."""
LONGEST_NOTES = 20_000
MOST_TAGS = 50
_LABEL = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_TAG = re.compile(r"[^\x00-\x1f\x7f]{1,60}")
_STUDY = re.compile(r"stu_[0-9a-z]{26}")


class _Process:
    """What a process has one of: the run that `log` means, and an end."""

    run: Run | None = None
    ending: ProcessEnding | None = None


def init(
    project: str | None = None,
    *,
    experiment: str | None = None,
    name: str | None = None,
    config: object = None,
    tags: Sequence[str] = (),
    notes: str | None = None,
    study: str | None = None,
    url: str | None = None,
    spool: Path | None = None,
    close_seconds: float = CLOSE_SECONDS,
) -> Run:
    """Begin a run that this process trains; one that it began before is finished.

    The service may be away: the run begins there when it is back, with everything that was
    logged meanwhile.

    Args:
        project: The experiment, under the name that other trackers have for it.
        experiment: Named group of runs; `default` if empty.
        name: Shown in lists; the script's file name if empty. In a study, runs of one name and
            different `config["seed"]` make one cell.
        config: A mapping, a namespace of argparse or a dataclass; nested names are joined by dots.
        study: Id or name of the study in whose table the run stands.
        url: Where the service is; else REALSPIKE_URL, else this machine's.
        spool: Folder in which everything waits until it arrived; else REALSPIKE_SPOOL_DIR.
        close_seconds: How long `finish` waits for that.

    Raises:
        InputError: an argument that cannot be used; ProblemError: one that the service refuses.
    """
    if _Process.run is not None:
        _Process.run.finish()
    if _Process.ending is None:
        _Process.ending = ProcessEnding()
    document: Json = {
        "id": new_run_id(),
        "name": _label("name", name or _script_name()),
        "experiment": _label("experiment", _experiment(project, experiment)),
        "tags": _tags(tags),
        "notes": _notes(notes),
        "config": flat_config(config),
        "study_id": None,
        "host": socket.gethostname()[:255],
        "started_at": datetime.now(UTC).isoformat(),
    }
    with Client(url or os.environ.get("REALSPIKE_URL"), patience=0, timeout=INIT_SECONDS) as client:
        document["study_id"] = None if study is None else _study_id(client, study)
        begun = _begin(client, document)
        service = client.url
    _Process.run = Run(
        document,
        url=service,
        begun=begun,
        ending=_Process.ending,
        spool=spool,
        close_seconds=close_seconds,
    )
    _Process.ending.go_on()
    return _Process.run


def log(
    data: Mapping[str, Any],
    step: SupportsIndex | None = None,
    *,
    epoch: SupportsIndex | None = None,
) -> None:
    """`Run.log` of the run that this process began last."""
    if _Process.run is None:
        raise InputError("there is no run to log to; begin one with realspike.init()")
    _Process.run.log(data, step, epoch=epoch)


def finish(exit_code: int | None = None) -> int:
    """`Run.finish` of the run that this process began last; without one, nothing."""
    return 0 if _Process.run is None else _Process.run.finish(exit_code)


def _begin(client: Client, document: Json) -> bool:
    """True when the service has the run; False when it must be told later."""
    try:
        client.runs.begin_script(document)
    except ClientError as error:
        if is_final(error, BeginEntry(document["started_at"], document)):
            raise
        return False
    return True


def _study_id(client: Client, study: str) -> str:
    if _STUDY.fullmatch(study):
        return study
    try:
        return client.studies.find(study)["id"]
    except ServerUnreachableError as error:
        raise InputError(
            f"{error}\nso nobody knows which study {study!r} is; give its whole id: stu_…"
        ) from error


def _experiment(project: str | None, experiment: str | None) -> str:
    if project and experiment and project != experiment:
        raise InputError(
            f"project is {project!r} and experiment {experiment!r}, which mean the same; give one"
        )
    return experiment or project or "default"


def _script_name() -> str:
    stem = Path(sys.argv[0] if sys.argv else "").stem
    return stem if _LABEL.fullmatch(stem) and stem != "-c" else "script"


def _label(noun: str, text: str) -> str:
    if not isinstance(text, str) or not _LABEL.fullmatch(text):
        raise InputError(f"{noun} {text!r}: 1 to 200 characters, no control characters")
    return text


def _tags(tags: Sequence[str]) -> list[str]:
    if isinstance(tags, str):
        raise InputError(f"tags is the text {tags!r}; give a list of texts")
    for tag in tags:
        if not isinstance(tag, str) or not _TAG.fullmatch(tag):
            raise InputError(f"tag {tag!r}: 1 to 60 characters, no control characters")
    if len(tags) > MOST_TAGS:
        raise InputError(f"{len(tags)} tags are more than {MOST_TAGS}")
    return list(tags)


def _notes(notes: str | None) -> str | None:
    if notes is not None and (len(notes) > LONGEST_NOTES or "\x00" in notes):
        raise InputError(f"notes: at most {LONGEST_NOTES} characters, no NUL character")
    return notes
