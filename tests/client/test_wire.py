"""The client's typed dictionaries name the fields that the service sends."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from pydantic import BaseModel

from client import wire
from rscore import spec
from server.api import (
    comparison_schemas,
    experiments,
    plan_schemas,
    schemas,
    sweep_schemas,
    webhook_schemas,
)

PAIRS: list[tuple[Any, type[BaseModel]]] = [
    (wire.FieldProblem, spec.FieldProblem),
    (wire.Problem, schemas.Problem),
    (wire.Progress, schemas.ProgressRead),
    (wire.Attempt, schemas.AttemptRead),
    (wire.Run, schemas.RunRead),
    (wire.ScriptBeat, schemas.ScriptBeat),
    (wire.RunPage, schemas.RunPage),
    (wire.MetricSeries, schemas.MetricSeries),
    (wire.Metrics, schemas.MetricsRead),
    (wire.HistogramSeries, schemas.HistogramSeries),
    (wire.Histograms, schemas.HistogramsRead),
    (wire.LogLine, schemas.LogLineRead),
    (wire.LogPage, schemas.LogPage),
    (wire.Artifact, schemas.ArtifactRead),
    (wire.ArtifactList, schemas.ArtifactList),
    (wire.MetricPoint, schemas.MetricPoint),
    (wire.MetricsWritten, schemas.MetricsWritten),
    (wire.Study, schemas.StudyRead),
    (wire.StudyPage, schemas.StudyPage),
    (wire.StudyCell, schemas.StudyCell),
    (wire.StudyTable, schemas.StudyTable),
    (wire.GroupMetric, comparison_schemas.GroupMetric),
    (wire.RunGroup, comparison_schemas.RunGroup),
    (wire.RunGroups, comparison_schemas.RunGroups),
    (wire.DifferingField, comparison_schemas.DifferingField),
    (wire.RunDifferences, comparison_schemas.RunDifferences),
    (wire.OverlayCurve, comparison_schemas.OverlayCurve),
    (wire.Overlays, comparison_schemas.OverlaysRead),
    (wire.EstimateRange, plan_schemas.EstimateRange),
    (wire.RunEstimate, plan_schemas.RunEstimate),
    (wire.RunPlan, plan_schemas.RunPlan),
    (wire.StudyPlan, plan_schemas.StudyPlan),
    (wire.StudyRerun, schemas.StudyRerun),
    (wire.SeedsAdded, schemas.SeedsAdded),
    (wire.Objective, sweep_schemas.ObjectiveRead),
    (wire.BestRun, sweep_schemas.BestRun),
    (wire.StudyBest, sweep_schemas.StudyBest),
    (wire.ParameterShare, sweep_schemas.ParameterShare),
    (wire.ParameterLeftOut, sweep_schemas.ParameterLeftOut),
    (wire.StudyImportance, sweep_schemas.StudyImportance),
    (wire.ModelFile, schemas.FileHash),
    (wire.Model, schemas.ModelRead),
    (wire.ModelPage, schemas.ModelPage),
    (wire.Certificate, schemas.CertificateRead),
    (wire.Samples, schemas.SamplesRead),
    (wire.Prediction, schemas.Prediction),
    (wire.Predictions, schemas.PredictResponse),
    (wire.DatasetFile, schemas.DatasetFileRead),
    (wire.Dataset, schemas.DatasetRead),
    (wire.DatasetList, schemas.DatasetList),
    (wire.Worker, schemas.WorkerRead),
    (wire.WorkerList, schemas.WorkerList),
    (wire.Experiment, experiments.ExperimentRead),
    (wire.ExperimentList, experiments.ExperimentList),
    (wire.Webhook, webhook_schemas.WebhookRead),
    (wire.NewWebhook, webhook_schemas.WebhookCreated),
    (wire.WebhookList, webhook_schemas.WebhookList),
    (wire.WebhookDelivery, webhook_schemas.DeliveryRead),
    (wire.WebhookDeliveryPage, webhook_schemas.DeliveryPage),
    (wire.Info, schemas.ServiceInfo),
]


@pytest.mark.parametrize(("read", "sent"), PAIRS, ids=lambda kind: str(kind.__name__))
def test_same_fields(read: Any, sent: type[BaseModel]) -> None:
    assert set(get_type_hints(read)) == set(sent.model_fields)
