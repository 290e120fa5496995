"""StudyDocument: the file that describes an ablation, a grid or a sweep, as people submit it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from rscore.spec import explain
from server.errors import StudyError
from server.studies.parameters import EarlyTerminate, Parameter
from server.studies.search.dimension import Dimension
from server.studies.statistics import goal_of

Label = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Tag = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]

SCRIPT = "script"
"""Names the runs of people's own scripts where a baseline is named; no factor is called so."""
MOST_SEEDS = 1_000_000
SWEEP_TRIALS = 100
"""Trials of a sweep that does not say: one without an end would hold the workers for ever."""
_OF_WANDB = "Part of W&B's sweep files; not used here."
Method = Literal["grid", "random", "bayes", "tpe", "gp"]


class Objective(BaseModel):
    """The metric that the study compares, and which way is better."""

    model_config = ConfigDict(extra="forbid")

    name: Label = "test_acc"
    goal: Literal["maximize", "minimize"] = Field(
        default_factory=lambda data: goal_of(data.get("name", "")),
        description="If left out: minimize for costs and losses, else maximize.",
    )
    target: float | None = Field(
        None, description="A sweep makes no further trials once one has ended this good."
    )

    def reached(self, value: float) -> bool:
        """True where a value is as good as the target."""
        if self.target is None:
            return False
        return value >= self.target if self.goal == "maximize" else value <= self.target


class Reference(BaseModel):
    """A value from elsewhere; it is shown only together with its source."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    name: Label
    value: float = Field(description="In the unit that reports show: percent for accuracies.")
    source: Annotated[str, Field(min_length=3, max_length=500)]


def _named_metric(metric: Any) -> Any:
    return {"name": metric} if isinstance(metric, str) else metric


def _known_method(method: Any) -> Any:
    if isinstance(method, str) and method.lower().replace("-", "").replace("_", "") == "cmaes":
        raise ValueError(
            "CMA-ES is not offered: it draws no choices, learns nothing from trials that were "
            "stopped early, and wants hundreds of trials; use gp for a few numbers, bayes for "
            "everything else"
        )
    return method


def _flat_parameters(parameters: Any) -> Any:
    """Parameters of a nested sweep file by their own names: the fields of a run are flat."""
    if not isinstance(parameters, dict):
        return parameters
    flat: dict[Any, Any] = {}
    for name, parameter in parameters.items():
        nested = isinstance(parameter, dict) and isinstance(parameter.get("parameters"), dict)
        inner = _flat_parameters(parameter["parameters"]) if nested else {name: parameter}
        for twice in flat.keys() & inner.keys():
            raise ValueError(f"{twice} stands twice, once in a group: keep one")
        flat |= inner
    return flat


def _counted_seeds(seeds: Any) -> Any:
    if isinstance(seeds, int) and not isinstance(seeds, bool):
        if not 0 <= seeds <= MOST_SEEDS:
            raise ValueError(f"a count of seeds lies between 0 and {MOST_SEEDS}")
        return list(range(seeds))
    return seeds


Seed = Annotated[int, Field(ge=0, lt=2**31)]
Levels = Annotated[list[Any], Field(max_length=10_000)]


class StudyDocument(BaseModel):
    """A study: base fields, the levels that vary, and the seeds that every level meets."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, title="StudyDocument")

    name: Label = Field("study", description="Shown in lists; the runs are named after it.")
    experiment: Label = "default"
    tags: list[Tag] = Field([], max_length=50)
    priority: int = Field(0, ge=-100, le=100, description="Higher runs first.")
    method: Annotated[Method, BeforeValidator(_known_method)] = Field(
        "grid",
        description="grid: every combination of the levels. Sweeps: random, bayes (tpe), gp.",
    )
    metric: Annotated[
        Objective,
        BeforeValidator(_named_metric, json_schema_input_type=Objective | Label),
        Field(description="What the table compares, and a sweep searches."),
    ] = Objective()
    base: dict[str, Any] = Field({}, description="Fields of the spec that all runs share.")
    parameters: Annotated[dict[str, Parameter], BeforeValidator(_flat_parameters)] = Field(
        {},
        description="Fields of the grid or the sweep, in the form of sweep files; a group of "
        "nested ones counts as if they stood in its place.",
    )
    ablate: dict[str, Levels] = Field({}, description="Factors of the ablation and their levels.")
    design: Literal["factorial", "one-at-a-time"] = Field(
        "factorial",
        description="Every combination of the factors' levels, or the first level of each and "
        "the others one by one.",
    )
    baseline: dict[str, Any] | None = Field(
        None,
        description="Levels of the cell that others are compared with, or {script: name} for what "
        "scripts of your own measured under that name; the first cell if empty.",
    )
    references: list[Reference] = Field(
        [], max_length=50, description="Values from elsewhere, shown beside the study's own."
    )
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
        None,
        ge=1,
        le=100_000,
        description="Most runs. Of a grid, whole seeds are left out until it fits; a sweep makes "
        "so many trials, 100 if empty.",
    )
    parallel: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Most runs that are open at once; of a sweep as many as there are slots.",
    )
    max_consecutive_failures: int | None = Field(
        None, ge=1, description="Pause the study when so many runs in a row have failed."
    )
    early_terminate: EarlyTerminate | None = Field(
        None, description="When the trials of a sweep are stopped early."
    )
    objectives: list[Objective] = Field(
        [],
        max_length=3,
        description="More metrics that a sweep searches together with `metric`: a Pareto front.",
    )
    program: str | None = Field(None, max_length=500, description=_OF_WANDB)
    command: list[str] | None = Field(None, max_length=100, description=_OF_WANDB)
    project: str | None = Field(None, max_length=200, description=_OF_WANDB)
    entity: str | None = Field(None, max_length=200, description=_OF_WANDB)
    description: str | None = Field(None, max_length=5000, description="For people.")

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        for wrong, message in _CONFLICTS:
            if wrong(self):
                raise ValueError(message)
        return self

    @property
    def searches(self) -> bool:
        """True for a sweep whose trials depend on what was found before or are drawn."""
        return self.method != "grid"

    @property
    def trials(self) -> int:
        """How many trials a sweep makes."""
        return self.run_cap or SWEEP_TRIALS

    @property
    def goals(self) -> list[Literal["maximize", "minimize"]]:
        """The goal of each objective, the metric's first."""
        return [self.metric.goal, *(objective.goal for objective in self.objectives)]

    def dimensions(self) -> list[Dimension]:
        """What a sweep draws, in the document's order."""
        return [
            parameter.dimension(name)
            for name, parameter in self.parameters.items()
            if not parameter.fixed
        ]


def _drawn(document: StudyDocument) -> list[str]:
    return [
        name
        for name, parameter in document.parameters.items()
        if not parameter.fixed and parameter.levels is None
    ]


_CONFLICTS: tuple[tuple[Callable[[StudyDocument], bool], str], ...] = (
    (
        lambda document: not document.searches and bool(_drawn(document)),
        "parameters: method grid goes through lists, and a parameter here has a range; list its "
        "levels as values, or use method random or bayes",
    ),
    (
        lambda document: document.searches and bool(document.ablate),
        "ablate: an ablation goes through every level; put its factors into parameters, or use "
        "method grid",
    ),
    (
        lambda document: document.searches and not document.dimensions(),
        "parameters: a sweep needs a parameter with values or with min and max",
    ),
    (
        lambda document: document.searches and len(document.seeds or [0]) > 1,
        "seeds: a sweep tries every setting once; give one seed, and confirm the best setting "
        "with an ablation over seeds",
    ),
    (
        lambda document: (
            document.early_terminate is not None
            and (bool(document.ablate) or len(document.seeds or [0]) > 1)
        ),
        "early_terminate: a study over factors or seeds compares its cells, so all its runs are "
        "trained to the end; leave it out, or search with parameters and one seed",
    ),
    (
        lambda document: not document.searches and bool(document.objectives),
        "objectives: only a sweep searches; of a grid, any metric can be tabulated",
    ),
    (
        lambda document: document.early_terminate is not None and bool(document.objectives),
        "early_terminate: with several objectives no trial is worse than another early on; leave "
        "it out",
    ),
)
"""What no study can be, each with the way out."""


def parse_study(document: object) -> StudyDocument:
    """A StudyDocument from parsed YAML or JSON; raises StudyError that names every field."""
    try:
        return StudyDocument.model_validate(document)
    except ValidationError as error:
        raise StudyError.of(explain(error, tuple(StudyDocument.model_fields))) from error
