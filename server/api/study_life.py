"""Routes that bring more runs to a study that is there: failed ones again, and more seeds."""

from __future__ import annotations

from fastapi import APIRouter, BackgroundTasks
from sqlalchemy.orm import Session

from server.api.deps import IdempotencyKey, Service, StudyId
from server.api.idempotency import once
from server.api.responses import problems
from server.api.schemas import SeedsAdded, SeedsRequest, StudyRerun, StudyRerunRequest
from server.api.study_views import study_reads
from server.api.waking import wake
from server.storage import growth, reruns, runs, studies
from server.storage.models import Study
from server.studies.expand import stored_fields
from server.studies.seeds import Growth, add_seeds, next_seeds
from server.studies.spec import StudyDocument

router = APIRouter(prefix="/studies", tags=["studies"])


@router.post("/{study_id}/rerun", responses=problems(400, 404, 409, 413, 422))
def rerun_study(
    study_id: StudyId,
    services: Service,
    background: BackgroundTasks,
    body: StudyRerunRequest | None = None,
) -> StudyRerun:
    """Queue the failed or cancelled runs of a study again, as a retry of each one would.

    They go on from their last checkpoints; attempts and what was measured are kept.
    """
    with services.db.write() as session:
        done = reruns.rerun(session, study_id, (body or StudyRerunRequest()).which)
        session.flush()
        answer = StudyRerun(
            queued=done.queued, scripts=done.scripts, study=study_reads(session, [done.study])[0]
        )
    background.add_task(wake, services)
    return answer


@router.post("/{study_id}/seeds", responses=problems(400, 404, 409, 413, 422))
def add_study_seeds(
    study_id: StudyId,
    body: SeedsRequest,
    services: Service,
    background: BackgroundTasks,
    key: IdempotencyKey = None,
) -> SeedsAdded:
    """Give a study more seeds: every cell that lacks a run with one of them gets it.

    Seeds that are named twice, in one request or in two, make nothing twice; with `count` an
    Idempotency-Key does that, and the second answer counts no run.
    """
    with services.db.write() as session:
        study = growth.lock_growing(session, study_id)
        added: list[Growth] = []

        def create() -> str:
            added.append(_add(session, study, _growth(session, services, study, body)))
            return study_id

        once(session, key, what=f"seeds of {study_id}", body=body, create=create)
        session.flush()
        answer = _answer(session, study, added[0] if added else None)
    background.add_task(wake, services)
    return answer


@router.post("/{study_id}/seeds/plan", responses=problems(400, 404, 409, 413, 422))
def plan_study_seeds(study_id: StudyId, body: SeedsRequest, services: Service) -> SeedsAdded:
    """Say what more seeds would queue, and queue nothing."""
    with services.db.read() as session:
        study = studies.get_study(session, study_id)
        growth.check_growing(session, study)
        return _answer(session, study, _growth(session, services, study, body))


def _growth(session: Session, services: Service, study: Study, body: SeedsRequest) -> Growth:
    document = StudyDocument.model_validate(study.document)
    return add_seeds(
        document,
        body.seeds or next_seeds(document, body.count or 0),
        made=growth.specs_made(session, study.id),
        run_limit=services.settings.study_run_limit,
    )


def _add(session: Session, study: Study, added: Growth) -> Growth:
    study.document = added.document.model_dump(mode="json", exclude_unset=True)
    for planned in added.runs:
        runs.create_run(session, **stored_fields(added.document, planned), study_id=study.id)
    if added.runs:
        study.cancelled_at = None
        studies.tell_stand(session, study)
    return added


def _answer(session: Session, study: Study, added: Growth | None) -> SeedsAdded:
    planned = [] if added is None else added.runs
    return SeedsAdded(
        seeds=[] if added is None else added.seeds,
        runs=len(planned),
        names=[run.name for run in planned],
        study=study_reads(session, [study])[0],
    )
