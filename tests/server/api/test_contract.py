"""Generated requests against every operation: no internal error, nothing undocumented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.main import create_app
from server.settings import Settings
from server.storage.database import migrate
from server.storage.states import RunStatus
from tests.server.api.conftest import serving
from tests.server.api.models import make_model
from tests.support.runs import run_in

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]

schema = schemathesis.openapi.from_dict(create_app(Settings.model_construct()).openapi()).exclude(
    operation_id="stream_events"  # its answer has no end
)


@dataclass(frozen=True)
class Filled:
    """A server with something in it."""

    url: str
    ids: dict[str, str]
    session: requests.Session

    def check(self, case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=self.url, session=self.session, checks=CHECKS)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    home: Path = tmp_path_factory.mktemp("contract")
    given = Settings(home=home / "home")
    given.home.mkdir()
    migrate(given.resolved_database_url)
    with serving(given, web_folder=home) as server:
        client = server.client
        model = client.get(f"/models/{make_model(server.services, home)}").json()
        run_in(server.services.db, RunStatus.FAILED)
        study = client.post("/studies", json={"name": "s", "seeds": 2}).json()
        ids = {
            "run_id": model["run_id"],
            "model_id": model["id"],
            "artifact_id": model["files"][0]["artifact_id"],
            "study_id": study["id"],
            "name": "mnist",
        }
        with requests.Session() as session:
            session.trust_env = False
            yield Filled(server.url, ids, session)


@schema.parametrize()
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_api_keeps_to_its_document(case: schemathesis.Case, filled: Filled) -> None:
    filled.check(case)
    if case.method == "DELETE":
        return  # what is there must stay there for the others
    known = {name: filled.ids[name] for name in case.path_parameters or {} if name in filled.ids}
    if known:
        case.path_parameters = {**case.path_parameters, **known}
        filled.check(case)
