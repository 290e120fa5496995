"""A real server with the built page, its database, and a browser that looks at it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from server.settings import Settings
from server.storage.artifacts import ArtifactFiles
from server.storage.database import Database
from tests.support.environment import environment_of
from tests.web.tools import build_script, chromium, node_folder

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Site:
    """`python -m server` on a home of its own; stopped and started again at will."""

    home: Path
    port: int = 0
    _process: subprocess.Popen[str] | None = field(default=None, init=False)
    _db: Database | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def db(self) -> Database:
        """What the server shows; writing here is what a worker does."""
        if self._db is None:
            self._db = Database(self._settings.resolved_database_url)
        return self._db

    @property
    def files(self) -> ArtifactFiles:
        return ArtifactFiles(self._settings.resolved_artifacts_url)

    @property
    def _settings(self) -> Settings:
        return Settings(home=self.home, port=self.port)

    def start(self) -> None:
        """Start and wait for the line that says where it listens."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "server"],
            env=environment_of(self._settings),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert "listens on" in line
        self.port = int(line.strip().rpartition(":")[2])

    def stop(self) -> None:
        """Stop in order."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(15)
        self._process.kill()
        self._process.communicate()
        self._process = None

    def close(self) -> None:
        self.stop()
        if self._db is not None:
            self._db.close()


@pytest.fixture(scope="session")
def built_page() -> None:
    """web/dist, built from the sources as they are."""
    build = build_script()
    if not build.is_built():
        build.build(node_folder(build))


@pytest.fixture
def site(built_page: None, tmp_path: Path) -> Iterator[Site]:
    """A running server with an empty database."""
    site = Site(tmp_path / "home")
    site.start()
    yield site
    site.close()


@pytest.fixture(scope="session")
def browser(built_page: None) -> Iterator[Browser]:
    """A headless Chromium."""
    executable = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[OpenPage]:
    """Opens a path of the site; at the end no page may have thrown an error."""
    thrown: list[str] = []
    contexts = []

    def open_it(path: str = "/", *, width: int = 1280, scheme: str = "light") -> Page:
        context = browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert thrown == []
