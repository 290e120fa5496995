"""The spool: a folder of outboxes, one for each service and run."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx

from client.errors import InputError
from client.spool.disk import explained, make_folder, write_whole
from client.spool.outbox import Outbox
from rscore.hints import command

SERVICE_FILE = "service.json"
_RUN_ID = re.compile(r"run_[A-Za-z0-9_-]{1,60}")


def default_folder() -> Path:
    """REALSPIKE_SPOOL_DIR, or a folder in the user's cache."""
    named = os.environ.get("REALSPIKE_SPOOL_DIR", "")
    if named:
        return Path(named).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME", "") or Path.home() / ".cache"
    return Path(cache) / "realspike" / "spool"


class Spool:
    """The outboxes in a folder; any number of processes may use it."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder.expanduser().absolute() if folder else default_folder()

    def outbox(self, url: str, run_id: str) -> Outbox:
        """The outbox of a run of the service at an address; made where there is none."""
        if not _RUN_ID.fullmatch(run_id):
            raise InputError(
                f"{run_id!r} is not the whole id of a run; it looks like run_01k… and stands in "
                f"what `{command('run list')}` and `run submit` print"
            )
        url = url.rstrip("/")
        place = self.folder / _folder_of(url)
        with explained("make the spool", self.folder):
            make_folder(self.folder)
            make_folder(place)
            if not (place / SERVICE_FILE).exists():
                write_whole(place / SERVICE_FILE, json.dumps({"url": url}))
        return Outbox(place / run_id, url=url, run_id=run_id)

    def outboxes(self, url: str | None = None) -> Iterator[Outbox]:
        """Every outbox there is, or those of one service."""
        for about in sorted(self.folder.glob(f"*/{SERVICE_FILE}")):
            known = str(json.loads(about.read_text(encoding="utf-8"))["url"])
            if url is not None and known != url.rstrip("/"):
                continue
            for place in sorted(about.parent.iterdir()):
                if place.is_dir() and not place.name.startswith("."):
                    yield Outbox(place, url=known, run_id=place.name)


def _folder_of(url: str) -> str:
    """A folder's name for a service: for a person the host, for us alone the rest."""
    host = re.sub(r"[^A-Za-z0-9.-]", "_", httpx.URL(url).host)[:60]
    return f"{host}-{hashlib.sha256(url.encode()).hexdigest()[:12]}"
