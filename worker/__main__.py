"""Run a worker: `python -m worker`."""

from __future__ import annotations

import logging
import sys

from server import logs
from server.errors import ServerError
from server.settings import load_settings
from worker.app import run_worker
from worker.machine import this_machine

logger = logging.getLogger(__name__)


def main() -> int:
    """Work until told to stop; 1 when the settings do not make a worker."""
    try:
        settings = load_settings()
        machine = this_machine(device=settings.device, slots=settings.worker_slots)
        logs.configure(settings, process="worker", worker_id=machine.worker_id)
        return run_worker(settings, machine)
    except ServerError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
