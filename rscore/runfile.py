"""Run files: YAML or JSON that describes one run, as presets/ holds them; torch-free."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from rscore.errors import SpecError
from rscore.spec import SPEC_FIELDS, RunSpec, explain

_STUDY_FIELDS = frozenset({"base", "parameters", "ablate", "seeds", "method", "run_cap"})


class RunFile(BaseModel):
    """One run to train, with what a list of runs shows of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    experiment: str = "default"
    tags: tuple[str, ...] = ()
    priority: int = 0
    spec: RunSpec


def read_run_file(path: Path) -> RunFile:
    """The run that a file describes.

    Raises:
        SpecError: in one line, if the file cannot be read, is a study or has a wrong field.
    """
    try:
        document = yaml.safe_load(path.read_text())
    except FileNotFoundError as error:
        raise SpecError(f"there is no file {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise SpecError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise SpecError(f"{path} is not a run file: it needs a `spec:` with the fields of a run")
    if _STUDY_FIELDS & document.keys():
        raise SpecError(
            f"{path} describes a study of many runs: submit it with `realspike study submit {path}`"
        )
    try:
        return RunFile.model_validate(document)
    except ValidationError as error:
        problems = explain(error, (*SPEC_FIELDS, *RunFile.model_fields))
        lines = [
            f"{problem.path}: {problem.message}" + (f" ({problem.hint})" if problem.hint else "")
            for problem in problems
        ]
        raise SpecError(f"{path}: {'; '.join(lines)}") from error
