"""One training epoch in its own process: `python -m benchmarks.one_epoch SPEC_JSON DATA_DIR`."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rscore.reporting import Progress, StopReason
from rscore.spec import parse_spec
from rscore.training import train


class Silent:
    """A reporter that listens to nothing."""

    def log(self, message: str) -> None: ...

    def metrics(self, *, step: int, epoch: int, values: Mapping[str, float]) -> None: ...

    def histogram(
        self, *, step: int, epoch: int, name: str, low: float, high: float, counts: Sequence[int]
    ) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def checkpoint(self, path: Path, *, step: int, epoch: int) -> None: ...

    def stop_requested(self) -> StopReason | None:
        return None


def main() -> None:
    spec, data_dir = parse_spec(json.loads(sys.argv[1])), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        result = train(spec, Silent(), workdir=Path(folder), data_dir=data_dir)
        wall = time.perf_counter() - began
    print(
        json.dumps(
            {
                "epoch_seconds": result.metrics["epoch_seconds"],
                "wall_seconds": wall,
                "test_acc": result.metrics["test_acc"],
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
