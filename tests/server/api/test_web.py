from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import SettingsFactory
from tests.server.api.conftest import LiveServer, serving


@pytest.fixture
def page(settings: SettingsFactory, tmp_path: Path) -> Iterator[httpx.Client]:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>the page</title>")
    (folder / "assets" / "app-1234.js").write_text("let app")
    (tmp_path / "secret").write_text("secret")
    with (
        serving(settings("embedded"), web_folder=folder) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        yield client


@pytest.mark.parametrize("path", ["/", "/index.html", "/runs/run_1", "/studies"])
def test_views_of_the_page_get_the_page(page: httpx.Client, path: str) -> None:
    answer = page.get(path)

    assert (answer.status_code, answer.text) == (200, "<title>the page</title>")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_hashed_files_are_kept_by_browsers(page: httpx.Client) -> None:
    answer = page.get("/assets/app-1234.js")

    assert (answer.status_code, answer.text) == (200, "let app")
    assert "immutable" in answer.headers["Cache-Control"]
    assert page.get("/assets/app-0000.js").status_code == 404


def test_nothing_outside_the_folder_is_served(page: httpx.Client) -> None:
    for path in ("/../secret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret"):
        assert page.get(path).text != "secret"


def test_unknown_paths_of_the_api_stay_errors(page: httpx.Client) -> None:
    for path in ("/api", "/api/v1/nothing", "/api/v2/runs"):
        answer = page.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    assert page.post("/").status_code == 405
    assert page.get("/api/v1/info").json()["web"] is True


def test_without_a_built_page_it_says_how_to_build_one(live: LiveServer) -> None:
    answer = httpx.get(f"{live.url}/")

    assert answer.status_code == 200
    assert "make web" in answer.text
