"""The tests' own services: private ones can be started, and what is missing is said."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
import redis

from server.storage.database import migrate
from tests.support import services


def test_private_servers_start_serve_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REALSPIKE_TEST_PRIVATE_SERVICES", "1")
    monkeypatch.delenv("REALSPIKE_TEST_POSTGRES_URL", raising=False)
    monkeypatch.delenv("REALSPIKE_TEST_REDIS_URL", raising=False)
    with services.postgres_server() as server, services.fresh_database(server) as url:
        assert str(url.query["host"]).startswith("/")
        migrate(services.shown(url))
        services.empty_database(url)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(services.shown(server))
    assert not Path(str(server.query["host"])).exists()
    with services.redis_server() as redis_url:
        assert redis_url != services.REDIS
        with redis.Redis.from_url(redis_url) as client:
            client.mset({"mine:1": 1, "mine:2": 2, "other": 3})
            services.forget_keys(redis_url, "mine:")
            assert client.keys() == [b"other"]
    with redis.Redis.from_url(redis_url) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_named_servers_are_used_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REALSPIKE_TEST_PRIVATE_SERVICES", "1")
    monkeypatch.setenv("REALSPIKE_TEST_POSTGRES_URL", "postgresql://me@db/postgres")
    monkeypatch.setenv("REALSPIKE_TEST_REDIS_URL", "redis://queue/3")
    with services.postgres_server() as url:
        assert services.shown(url) == "postgresql://me@db/postgres"
    with services.redis_server() as redis_url:
        assert redis_url == "redis://queue/3"


def test_what_is_missing_is_said_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REALSPIKE_TEST_PRIVATE_SERVICES", "1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(services, "POSTGRES_PROGRAMS", tmp_path)
    with (
        pytest.raises(services.ServiceMissingError, match="apt-get install postgresql"),
        services.postgres_server(),
    ):
        pass
    with (
        pytest.raises(services.ServiceMissingError, match="apt-get install redis-server"),
        services.redis_server(),
    ):
        pass
