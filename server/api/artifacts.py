"""Routes of artifacts."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from server.api.deps import ArtifactId, Service
from server.api.downloads import DOWNLOAD, download
from server.storage import artifacts

router = APIRouter(prefix="/artifacts", tags=["artifacts"])


@router.get("/{artifact_id}", response_class=Response, responses=DOWNLOAD)
def download_artifact(artifact_id: ArtifactId, services: Service, request: Request) -> Response:
    """Download a stored file; takes Range, If-Range and If-None-Match."""
    with services.db.read() as session:
        artifact = artifacts.get_artifact(session, artifact_id)
    return download(services.files, artifact, request.headers)
