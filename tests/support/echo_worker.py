"""A worker that writes down which runs it was asked to look at: `celery -A` this module."""

from __future__ import annotations

import os
from pathlib import Path

from server.queue import TASK_LOOK_AT_RUN, make_celery
from server.settings import load_settings

app = make_celery(load_settings())


@app.task(name=TASK_LOOK_AT_RUN)  # type: ignore[untyped-decorator]  # celery has no types
def look_at_run(run_id: str) -> None:
    """Append the id to the file that the test reads."""
    with Path(os.environ["REALSPIKE_TEST_ECHO"]).open("a") as echo:
        echo.write(f"{run_id}\n")
