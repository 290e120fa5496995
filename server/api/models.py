"""Routes of folded models."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from rscore.spec import RunSpec
from server.api.deps import Cursor, Limit, ModelId, OfStudy, Service
from server.api.downloads import DOWNLOAD, download
from server.api.responses import problems
from server.api.schemas import (
    CertificateRead,
    ModelPage,
    ModelRead,
    Prediction,
    PredictRequest,
    PredictResponse,
    SamplesRead,
)
from server.api.services import Services
from server.api.wire import model_reads, newest_files
from server.errors import NotFoundError
from server.serving.inputs import to_array
from server.storage import artifacts, folded_models, runs
from server.storage.models import Artifact
from server.storage.states import ArtifactKind

router = APIRouter(prefix="/models", tags=["models"])


@router.get("", responses=problems(422))
def list_models(
    services: Service, study_id: OfStudy = None, limit: Limit = 50, cursor: Cursor = None
) -> ModelPage:
    """Folded models, newest first."""
    with services.db.read() as session:
        page = folded_models.list_models(
            session, study_id=study_id, limit=limit, cursor=cursor or None
        )
        return ModelPage(
            items=model_reads(session, page.items),
            next_cursor=page.next_cursor,
            total=page.total,
        )


@router.get("/{model_id}", responses=problems(404, 422))
def get_model(model_id: ModelId, services: Service) -> ModelRead:
    """One folded model with its files."""
    with services.db.read() as session:
        return model_reads(session, [folded_models.get_model(session, model_id)])[0]


@router.get("/{model_id}/certificate", responses=problems(404, 422))
def get_certificate(model_id: ModelId, services: Service) -> CertificateRead:
    """The certificate: what was compared, on how many samples, and how far apart it was."""
    with services.db.read() as session:
        model = folded_models.get_model(session, model_id)
        return CertificateRead(
            model_id=model.id, run_id=model.run_id, certificate=model.certificate
        )


@router.get("/{model_id}/files/{kind}", response_class=Response, responses=DOWNLOAD)
def download_model_file(
    model_id: ModelId, kind: ArtifactKind, services: Service, request: Request
) -> Response:
    """Download a file of a model by its kind, for example onnx."""
    with services.db.read() as session:
        artifact = _file(session, model_id, kind)
    return download(services.files, artifact, request.headers)


@router.get("/{model_id}/samples", responses=problems(404, 422))
def get_samples(model_id: ModelId, services: Service) -> SamplesRead:
    """A few held-out samples with labels, to try the model on."""
    with services.db.read() as session:
        artifact = _file(session, model_id, ArtifactKind.SAMPLES)
    stored = json.loads(_content(services, artifact))
    return SamplesRead(inputs=stored["inputs"], labels=stored["labels"])


@router.post("/{model_id}/predict", responses=problems(400, 404, 413, 422))
def predict(model_id: ModelId, body: PredictRequest, services: Service) -> PredictResponse:
    """Classify images or recordings of events with the folded network."""
    with services.db.read() as session:
        run = runs.get_run(session, folded_models.get_model(session, model_id).run_id)
        spec = RunSpec.model_validate(run.spec)
        artifact = _file(session, model_id, ArtifactKind.ONNX)
    answer = services.sessions.predict(
        artifact.sha256,
        lambda: _content(services, artifact),
        to_array(body.inputs, spec.input_shape),
    )
    classes = spec.data.classes
    return PredictResponse(
        model_id=model_id,
        predictions=[
            Prediction(
                label=int(row.argmax()),
                name=classes[int(row.argmax())],
                probability=float(row.max()),
                probabilities=[float(value) for value in row],
            )
            for row in answer.probabilities
        ],
        spikes=answer.spikes,
    )


def _file(session: Session, model_id: str, kind: ArtifactKind) -> Artifact:
    model = folded_models.get_model(session, model_id)
    files = newest_files(artifacts.artifacts_of(session, model.run_id))
    if kind not in files:
        raise NotFoundError(f"{kind} file of model", model_id)
    return files[kind]


def _content(services: Services, artifact: Artifact) -> bytes:
    with services.files.open(artifact.location) as file:
        return file.read()
