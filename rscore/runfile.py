"""Run files: YAML or JSON that describes one run, as presets/ holds them; torch-free."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from rscore.errors import SpecError
from rscore.hints import command
from rscore.spec import SPEC_FIELDS, FieldProblem, RunSpec, explain_item, nearest_name

_STUDY_FIELDS = frozenset({"base", "parameters", "ablate", "seeds", "method", "run_cap"})


class RunFile(BaseModel):
    """One run to train, with what a list of runs shows of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    experiment: str = "default"
    tags: tuple[str, ...] = ()
    priority: int = 0
    spec: RunSpec


_RUN_FIELDS = tuple(RunFile.model_fields)
_SETTABLE = tuple(name for name in _RUN_FIELDS if name != "spec")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the fields of a document come from: its file, and settings laid over it."""

    file: Path
    settings: Mapping[str, str]
    """By field, what was given as `--set`."""

    @classmethod
    def of(cls, file: Path, settings: Sequence[str] = ()) -> Origin:
        """The origin of a file with `field=value` settings."""
        return cls(file, {text.partition("=")[0]: text for text in settings})

    def line(self, path: str, message: str, hint: str | None = None) -> str:
        """A field's problem, after the file or the setting that gave the field."""
        said = f"{message} ({hint})" if hint else message
        set_as = self.settings.get(path.removeprefix("spec.").partition(".")[0])
        if set_as is not None:
            return f"--set {set_as}: {said}"
        over = "".join(f" --set {text}" for text in self.settings.values())
        # What concerns several fields at once may come from any of them.
        where = f"{self.file} with{over}" if over and path == "spec" else f"{self.file}"
        return f"{where}: {path}: {said}"


def read_run_file(path: Path, settings: Sequence[str] = ()) -> RunFile:
    """The run that a file describes, with `field=value` settings laid over it.

    Raises:
        SpecError: as `read_run` does.
    """
    return RunFile.model_validate(read_run(path, settings))


def read_run(path: Path, settings: Sequence[str] = ()) -> dict[str, Any]:
    """The document of a run file, with `field=value` settings laid over it, checked.

    Raises:
        SpecError: one line for each thing that is wrong, after the file or setting it is in.
    """
    document = read_document(path)
    if _STUDY_FIELDS & document.keys():
        raise SpecError(
            f"{path}: this is a study file; submit it with: {command(f'study submit {path}')}"
        )
    spec = document.get("spec", {})
    if not isinstance(spec, dict):
        raise SpecError(f"{path}: spec: expected fields such as `epochs: 8`, found {spec!r}")
    lines = _misplaced(path, document)
    document = {key: value for key, value in document.items() if key not in SPEC_FIELDS}
    for name, value in map(_setting, settings):
        if name in _SETTABLE:
            document[name] = value
        else:
            spec = {**spec, name: value}
    document["spec"] = spec
    origin = Origin.of(path, settings)
    lines += [
        origin.line(problem.path, problem.message, problem.hint) for problem in _problems(document)
    ]
    if lines:
        raise SpecError("\n".join(lines))
    return document


def read_document(path: Path) -> dict[str, Any]:
    """The mapping that a YAML or JSON file holds; raises SpecError that names the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError(f"{path}: there is no such file") from None
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise SpecError(f"{path}: this is not a text file in UTF-8") from None
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SpecError(f"{path}: {_yaml_problem(error)}") from error
    if not isinstance(document, dict):
        found = "nothing" if document is None else f"a {type(document).__name__}"
        raise SpecError(f"{path}: expected fields such as `name: ...`, found {found}")
    return cast(dict[str, Any], _plain(document, str(path)))


def _misplaced(path: Path, document: Mapping[str, Any]) -> list[str]:
    """Fields of the specification that stand outside of it, or that there is none."""
    outside = [key for key in document if key in SPEC_FIELDS]
    if outside:
        return [
            f"{path}: {', '.join(outside)}: indent {'them' if outside[1:] else 'it'} under `spec:`"
        ]
    if "spec" not in document:
        return [f"{path}: spec: is missing; write the fields of the run under it"]
    return []


def _problems(document: Mapping[str, Any]) -> list[FieldProblem]:
    try:
        RunFile.model_validate(document)
    except ValidationError as error:
        return [_problem(item) for item in error.errors(include_url=False)]
    return []


def _problem(item: Mapping[str, Any]) -> FieldProblem:
    if item["loc"] == ("spec",):  # what is wrong between fields; all of them would be printed
        item = {key: value for key, value in item.items() if key != "input"}
    return explain_item(item, SPEC_FIELDS if item["loc"][0] == "spec" else _RUN_FIELDS)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise SpecError(f"--set {text}: write it as field=value, for example --set epochs=3")
    names = (*SPEC_FIELDS, *_SETTABLE)
    if name not in names:
        close = nearest_name(name, names)
        hint = f"did you mean {close!r}?" if close else f"valid fields: {', '.join(names)}"
        raise SpecError(f"--set {text}: unknown field {name!r} ({hint})")
    try:
        return name, _plain(yaml.safe_load(value), f"--set {text}")
    except yaml.YAMLError as error:
        raise SpecError(f"--set {text}: {_yaml_problem(error)}") from error


def _plain(value: Any, where: str) -> Any:
    """A YAML value as JSON has it: dates are text, and NaN, infinity and loops are refused."""
    try:
        return json.loads(json.dumps(value, default=str, allow_nan=False))
    except (ValueError, TypeError) as error:
        raise SpecError(f"{where}: {error}") from error


def _yaml_problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "not valid YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else str(problem)
