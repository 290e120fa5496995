"""Run and study files, with every mistake named by file and field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from client.errors import InputError, InvalidError
from client.wire import Json
from rscore import runfile
from rscore.datasets import DATASETS
from rscore.errors import SpecError
from rscore.hints import command


@contextmanager
def naming(path: Path, settings: Sequence[str] = ()) -> Iterator[None]:
    """Put before what the service finds wrong the file, or the setting, that it is in."""
    try:
        yield
    except InvalidError as error:
        lines = error.lines(runfile.Origin.of(path, settings).line)
        if not error.problem.get("errors"):
            lines[0] = f"{path}: {lines[0]}"
        raise InputError("\n".join(lines)) from error


def read_document(path: Path) -> Json:
    """The mapping that a YAML or JSON file holds."""
    with _as_input_error():
        return runfile.read_document(path)


def read_run(path: Path, settings: Sequence[str] = ()) -> Json:
    """A run file with `field=value` settings laid over it, checked field by field."""
    with _as_input_error():
        return runfile.read_run(path, settings)


def read_study(path: Path) -> Json:
    """A study file; the service checks its fields."""
    document = read_document(path)
    if "spec" in document:
        raise InputError(
            f"{path}: this is a run file; submit it with: {command(f'run submit {path}')}"
        )
    parameters = document.get("parameters")
    lines = [
        f"{path}: parameters.{name}: write {_as_parameter(levels)}"
        for name, levels in (parameters.items() if isinstance(parameters, dict) else ())
        if not isinstance(levels, dict)
    ]
    if lines:
        raise InputError("\n".join(lines))
    return document


@contextmanager
def _as_input_error() -> Iterator[None]:
    try:
        yield
    except SpecError as error:
        raise InputError(str(error)) from error


def _as_parameter(levels: object) -> str:
    """Levels that were written as in `ablate`, in the form of sweep files."""
    kind = "values" if isinstance(levels, list) else "value"
    return f"{{{kind}: {json.dumps(levels)}}}"


def datasets_of(document: Json) -> list[str]:
    """Names of the data sets that a run or study document asks for; wrong names are left out."""
    named: list[object] = []
    for part in ("parameters", "ablate"):
        fields = document.get(part)
        levels = fields.get("dataset", []) if isinstance(fields, dict) else []
        if isinstance(levels, dict):
            levels = [levels.get("value"), *levels.get("values", [])]
        named += levels if isinstance(levels, list) else [levels]
    for part in ("spec", "base"):
        fields = document.get(part)
        if isinstance(fields, dict) and not named:  # levels replace what the base says
            named.append(fields.get("dataset"))
    known = [str(name) for name in DATASETS]
    return [name for name in known if name in named]
