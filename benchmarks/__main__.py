"""Runs the benchmarks and writes benchmarks/results: `make bench`, or one of them by name."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import demo, inference, ingest, overlays, scheduling, server, training
from benchmarks.report import Report, write

SECTIONS: dict[str, Callable[[], Report]] = {
    "training": training.report,
    "inference": inference.report,
    "server": server.report,
    "ingest": ingest.report,
    "overlays": overlays.report,
    "scheduling": scheduling.report,
    "demo": demo.report,
}


def main() -> int:
    """Exit code 0 when every section ran."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"any of: {', '.join(SECTIONS)}")
    chosen = parser.parse_args().sections or list(SECTIONS)
    unknown = sorted(set(chosen) - set(SECTIONS))
    if unknown:
        print(f"no section {', '.join(unknown)}; there are: {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    for name in chosen:
        print(f"benchmark {name} …", flush=True)
        print(write(SECTIONS[name]()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
