"""What surrounds a service on this machine: its variables, its folders, its web page."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from server.api.web import BUILT
from server.findings import Finding, ok, problem, warning
from server.settings import Settings

PREFIX = "REALSPIKE_"
OTHERS = frozenset({"URL", "KERNELS", "PUBLISH"})
"""Variables that are not settings of a process of the service: of the client, of the kernels, of
docker-compose.yml."""
FOR_TESTS = "TEST_"

LITTLE_SPACE = 2 * 2**30
NO_SPACE = 200 * 2**20


def variables(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """A warning for each variable that nothing reads, with the nearest that something does."""
    known = {name.upper() for name in Settings.model_fields} | OTHERS
    given = sorted(
        name.removeprefix(PREFIX)
        for name in environment
        if name.startswith(PREFIX) and not name.startswith(PREFIX + FOR_TESTS)
    )
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            meant = f"did you mean {PREFIX}{near[0]}? " if near else ""
            yield warning(
                "settings",
                f"nothing reads {PREFIX}{name}",
                f"{meant}docs/guide/settings.md has all variables",
            )
    # The home is always given here, and has a finding of its own.
    shown = ", ".join(PREFIX + name for name in given if name in known and name != "HOME")
    mode = "embedded" if settings.embedded else "team"
    yield ok("settings", f"valid, {mode} mode; set here: {shown or 'none'}")


def home(settings: Settings) -> Iterator[Finding]:
    """Whether the folder of the embedded mode can be written."""
    place = settings.home.absolute()
    if settings.database_url and settings.broker_url and settings.artifacts_url:
        yield ok("home", "not used: database, broker and artifacts are elsewhere")
        return
    nearest = _nearest(place)
    if nearest != place and not nearest.is_dir():
        yield problem("home", f"{nearest} is in the way of {place}", "set REALSPIKE_HOME")
        return
    try:
        with tempfile.TemporaryFile(dir=nearest) as probe:
            probe.write(bytes(4096))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        yield problem(
            "home",
            f"cannot write to {nearest}: {error.strerror}",
            "let this user write there, free some space, or set REALSPIKE_HOME elsewhere",
        )
        return
    if nearest == place:
        yield ok("home", f"{place} can be written")
    else:
        yield warning(
            "home",
            f"{place} is not there yet",
            "`realspike up` makes it; or say where it is with --home or REALSPIKE_HOME",
        )


def disks(settings: Settings) -> Iterator[Finding]:
    """Free space of every disk that the service writes to, each said once."""
    places = [settings.home.absolute(), Path(tempfile.gettempdir())]
    if "://" not in settings.resolved_artifacts_url:
        places.append(Path(settings.resolved_artifacts_url).absolute())
    known: set[int] = set()
    for place in map(_nearest, places):
        device = place.stat().st_dev
        if device not in known:
            known.add(device)
            yield _space(place)


def _space(place: Path) -> Finding:
    disk = shutil.disk_usage(place)
    says = f"{disk.free / 2**30:.1f} GiB free of {disk.total / 2**30:.0f} at {place}"
    way_out = "free some space: trainings write checkpoints and stop when the disk is full"
    if disk.free < NO_SPACE:
        return problem("disk", says, way_out)
    return warning("disk", says, way_out) if disk.free < LITTLE_SPACE else ok("disk", says)


def _nearest(place: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next(path for path in (place, *place.parents) if path.exists())


def web_page() -> Iterator[Finding]:
    """Whether the page was built."""
    if (BUILT / "index.html").is_file():
        yield ok("web page", "built")
    else:
        yield warning("web page", "not built; the API works without it", "make web")
