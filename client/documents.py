"""Run and study files: read from YAML or JSON, with every mistake named by file and field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from client.errors import InputError, InvalidError
from client.wire import Json
from rscore.datasets import DATASETS
from rscore.spec import SPEC_FIELDS, FieldProblem, RunSpec, explain, nearest_name

RUN_FIELDS = ("name", "experiment", "tags", "priority", "spec")
TOP_LEVEL_SETTINGS = ("name", "experiment", "tags", "priority")


def read_document(path: Path) -> Json:
    """The mapping that a YAML or JSON file holds."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise InputError(f"{path}: this is not a text file in UTF-8") from None
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"{path}: {_yaml_problem(error)}") from error
    if not isinstance(document, dict):
        found = "nothing" if document is None else f"a {type(document).__name__}"
        raise InputError(f"{path}: expected fields such as `name: ...`, found {found}")
    return cast(Json, _plain(document, str(path)))


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name before what the service finds wrong with its document."""
    try:
        yield
    except InvalidError as error:
        raise InputError("\n".join(error.lines(str(path)))) from error


def read_study(path: Path) -> Json:
    """A study file; the service checks its fields."""
    document = read_document(path)
    if "spec" in document:
        raise InputError(f"{path}: this is a run file; submit it with: realspike run submit {path}")
    return document


def read_run(path: Path, settings: Sequence[str] = ()) -> Json:
    """A run file with `field=value` settings laid over it, checked field by field."""
    document = read_document(path)
    if "base" in document or "seeds" in document:
        raise InputError(
            f"{path}: this is a study file; submit it with: realspike study submit {path}"
        )
    lines = [
        _line(path, key, f"unknown field {key!r}", _meant(str(key), RUN_FIELDS))
        for key in document
        if key not in RUN_FIELDS
    ]
    spec = document.get("spec", {})
    if not isinstance(spec, dict):
        raise InputError(f"{path}: spec: expected fields such as `epochs: 8`, found {spec!r}")
    for setting in settings:
        name, value = _setting(setting)
        if name in TOP_LEVEL_SETTINGS:
            document[name] = value
        else:
            spec = {**spec, name: value}
    lines += [
        _line(path, f"spec.{item.path}".rstrip("."), item.message, item.hint)
        for item in _spec_problems(spec)
    ]
    if lines:
        raise InputError("\n".join(lines))
    return {**document, "spec": spec}


def datasets_of(document: Json) -> list[str]:
    """Names of the data sets that a run or study document asks for; wrong names are left out."""
    named: list[object] = []
    for part in ("spec", "base"):
        fields = document.get(part)
        if isinstance(fields, dict):
            named.append(fields.get("dataset"))
    for part in ("parameters", "ablate"):
        fields = document.get(part)
        levels = fields.get("dataset", []) if isinstance(fields, dict) else []
        if isinstance(levels, dict):
            levels = [levels.get("value"), *levels.get("values", [])]
        named += levels if isinstance(levels, list) else [levels]
    known = [str(name) for name in DATASETS]
    return [name for name in known if name in named]


def _spec_problems(spec: dict[str, Any]) -> list[FieldProblem]:
    try:
        RunSpec.model_validate(spec)
    except ValidationError as error:
        return explain(error)
    return []


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--set {text}: write it as field=value, for example --set epochs=3")
    if name not in TOP_LEVEL_SETTINGS and name not in SPEC_FIELDS:
        hint = _meant(name, (*SPEC_FIELDS, *TOP_LEVEL_SETTINGS))
        raise InputError(f"--set {text}: unknown field {name!r} ({hint})")
    try:
        return name, _plain(yaml.safe_load(value), f"--set {text}")
    except yaml.YAMLError as error:
        raise InputError(f"--set {text}: {_yaml_problem(error)}") from error


def _plain(value: Any, where: str) -> Any:
    """A YAML value as JSON has it: dates are text, and NaN, infinity and loops are refused."""
    try:
        return json.loads(json.dumps(value, default=str, allow_nan=False))
    except (ValueError, TypeError) as error:
        raise InputError(f"{where}: {error}") from error


def _meant(name: str, names: Sequence[str]) -> str:
    close = nearest_name(name, list(names))
    return f"did you mean {close!r}?" if close else f"valid fields: {', '.join(names)}"


def _line(path: Path, field: object, message: str, hint: str | None) -> str:
    return f"{path}: {field}: {message}" + (f" ({hint})" if hint else "")


def _yaml_problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "not valid YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)
