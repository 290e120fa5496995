"""The client's typed dictionaries name the fields that the service sends."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from client import wire
from rscore import spec
from server.api import schemas

PAIRS: list[tuple[Any, type[BaseModel]]] = [
    (wire.FieldProblem, spec.FieldProblem),
    (wire.Problem, schemas.Problem),
    (wire.Progress, schemas.ProgressRead),
    (wire.Attempt, schemas.AttemptRead),
    (wire.Run, schemas.RunRead),
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
    (wire.StudyPlan, schemas.StudyPlan),
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
    (wire.Info, schemas.ServiceInfo),
]


@pytest.mark.parametrize(("read", "sent"), PAIRS, ids=lambda kind: str(kind.__name__))
def test_same_fields(read: Any, sent: type[BaseModel]) -> None:
    assert set(read.__annotations__) == set(sent.model_fields)
