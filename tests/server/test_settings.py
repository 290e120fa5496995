"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.errors import SettingsError
from server.settings import Settings, load_settings


class TestDefaults:
    def test_everything_lies_in_home(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.chdir(tmp_path)
        settings = load_settings()
        home = tmp_path / ".realspike"
        assert settings.embedded
        assert settings.resolved_database_url == f"sqlite:///{home}/realspike.db"
        assert settings.resolved_broker_url == f"filesystem://{home}/queue"
        assert settings.broker_folder == home / "queue"
        assert settings.resolved_artifacts_url == f"{home}/artifacts"
        assert settings.resolved_data_dir == home / "data"
        assert not home.exists()

    def test_every_field_is_described(self) -> None:
        assert all(field.description for field in Settings.model_fields.values())


class TestEnvironment:
    def test_team_mode(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REALSPIKE_DATABASE_URL", "postgresql://me@db/realspike")
        monkeypatch.setenv("REALSPIKE_BROKER_URL", "redis://queue:6379/1")
        monkeypatch.setenv("REALSPIKE_ARTIFACTS_URL", "s3://bucket/prefix")
        monkeypatch.setenv("REALSPIKE_DATA_DIR", "/data")
        settings = load_settings()
        assert not settings.embedded
        assert settings.broker_folder is None
        assert settings.resolved_database_url == "postgresql://me@db/realspike"
        assert settings.resolved_broker_url == "redis://queue:6379/1"
        assert settings.resolved_artifacts_url == "s3://bucket/prefix"
        assert settings.resolved_data_dir == Path("/data")

    def test_a_queue_folder_of_its_own(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("REALSPIKE_BROKER_URL", f"filesystem://{tmp_path}/with space")
        assert load_settings().broker_folder == tmp_path / "with space"

    @pytest.mark.parametrize(
        ("name", "value", "says"),
        [
            ("PORT", "99999", "REALSPIKE_PORT is '99999': .*65535"),
            ("PORT", "many", "REALSPIKE_PORT is 'many'"),
            ("DATABASE_URL", "postgres://db/name", r"REALSPIKE_DATABASE_URL .*postgresql://"),
            ("DATABASE_URL", "mysql://db/name", r"REALSPIKE_DATABASE_URL .*sqlite://"),
            ("BROKER_URL", "amqp://host", r"REALSPIKE_BROKER_URL .*redis://"),
            ("BROKER_URL", "filesystem://", r"REALSPIKE_BROKER_URL .*filesystem:///folder"),
            ("LOG_LEVEL", "loud", "REALSPIKE_LOG_LEVEL is 'loud': .*'debug'"),
            ("DEVICE", "tpu", "REALSPIKE_DEVICE is 'tpu'"),
            ("LEASE_SECONDS", "3", r"REALSPIKE_LEASE_SECONDS \(3.0\) must be at least twice"),
        ],
    )
    def test_a_wrong_variable_is_named_with_a_way_out(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
    ) -> None:
        monkeypatch.setenv(f"REALSPIKE_{name}", value)
        with pytest.raises(SettingsError, match=says):
            load_settings()

    def test_each_wrong_variable_has_its_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REALSPIKE_PORT", "-1")
        monkeypatch.setenv("REALSPIKE_DEVICE", "tpu")
        with pytest.raises(SettingsError) as raised:
            load_settings()
        assert len(str(raised.value).splitlines()) == 2
