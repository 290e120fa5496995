"""StudyDocument: the file that describes a grid or an ablation, as people submit it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from rscore.spec import explain
from server.errors import StudyError

Label = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Tag = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]

MOST_SEEDS = 1_000_000


class Objective(BaseModel):
    """The metric that the study compares, and which way is better."""

    model_config = ConfigDict(extra="forbid")

    name: Label = "test_acc"
    goal: Literal["maximize", "minimize"] = "maximize"


class Parameter(BaseModel):
    """One field of the grid in the form of sweep files: one `value` or a list of `values`."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    value: Any = Field(None, description="The one value of this field in every run.")
    values: list[Any] | None = Field(
        None, description="The levels of this field.", max_length=10_000
    )

    @model_validator(mode="before")
    @classmethod
    def _no_ranges(cls, document: Any) -> Any:
        if isinstance(document, Mapping):
            ranged = sorted({"min", "max", "distribution", "mu", "sigma", "q"} & set(document))
            if ranged:
                raise ValueError(
                    f"ranges ({', '.join(ranged)}) come with sweeps; list the levels as values"
                )
        return document

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if len({"value", "values"} & self.model_fields_set) != 1:
            raise ValueError("give either value (one for all runs) or values (a list of levels)")
        return self

    @property
    def fixed(self) -> bool:
        """True when the field has one value in every run, so it is no factor."""
        return "value" in self.model_fields_set


def _named_metric(metric: Any) -> Any:
    return {"name": metric} if isinstance(metric, str) else metric


def _counted_seeds(seeds: Any) -> Any:
    if isinstance(seeds, int) and not isinstance(seeds, bool):
        if not 0 <= seeds <= MOST_SEEDS:
            raise ValueError(f"a count of seeds lies between 0 and {MOST_SEEDS}")
        return list(range(seeds))
    return seeds


def _grid_only(method: Any) -> Any:
    if method in ("random", "bayes"):
        raise ValueError(f"method {method!r} comes with sweeps; use method 'grid' here")
    return method


def _not_yet(early_terminate: Any) -> Any:
    if early_terminate is not None:
        raise ValueError("early_terminate comes with sweeps; leave it out here")
    return early_terminate


Seed = Annotated[int, Field(ge=0, lt=2**31)]
Levels = Annotated[list[Any], Field(max_length=10_000)]


class StudyDocument(BaseModel):
    """A study: base fields, the levels that vary, and the seeds that every level meets."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, title="StudyDocument")

    name: Label = Field(description="Shown in lists; the runs are named after it.")
    experiment: Label = "default"
    tags: list[Tag] = Field([], max_length=50)
    priority: int = Field(0, ge=-100, le=100, description="Higher runs first.")
    method: Annotated[
        Literal["grid"],
        BeforeValidator(_grid_only),
        Field(description="Every combination of the levels."),
    ] = "grid"
    metric: Annotated[
        Objective,
        BeforeValidator(_named_metric, json_schema_input_type=Objective | Label),
        Field(description="What the table compares; a name alone means maximize."),
    ] = Objective()
    base: dict[str, Any] = Field({}, description="Fields of the spec that all runs share.")
    parameters: dict[str, Parameter] = Field(
        {}, description="Fields of the grid, in the form of sweep files."
    )
    ablate: dict[str, Levels] = Field({}, description="Factors of the ablation and their levels.")
    seeds: (
        Annotated[
            list[Seed],
            BeforeValidator(
                _counted_seeds,
                json_schema_input_type=list[Seed] | Annotated[int, Field(ge=0, le=MOST_SEEDS)],
            ),
            Field(description="Seeds that every combination meets, or how many of them."),
        ]
        | None
    ) = None
    run_cap: int | None = Field(
        None, ge=1, description="Most runs; whole seeds are left out until the study fits."
    )
    early_terminate: Annotated[
        None, BeforeValidator(_not_yet), Field(description="Comes with sweeps; leave it out.")
    ] = None


def parse_study(document: object) -> StudyDocument:
    """A StudyDocument from parsed YAML or JSON; raises StudyError that names every field."""
    try:
        return StudyDocument.model_validate(document)
    except ValidationError as error:
        raise StudyError.of(explain(error, tuple(StudyDocument.model_fields))) from error
