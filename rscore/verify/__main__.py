"""`python -m rscore.verify DIR`: exit code 0 when the whole model is there and holds, else 1."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console

import rscore.verify
from rscore.verify.report import show


def main() -> int:
    """Check one folder and print what was found."""
    parser = argparse.ArgumentParser(
        prog="python -m rscore.verify", description=rscore.verify.__doc__
    )
    parser.add_argument("folder", type=Path, help="folder with certificate.json")
    parser.add_argument(
        "--run-pt2",
        action="store_true",
        help="run folded.pt2 as well; torch's reader executes what such a file tells it to",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    report = rscore.verify.verify(arguments.folder, run_pt2=arguments.run_pt2)
    if arguments.json:
        sys.stdout.write(json.dumps(report.document()) + "\n")
    else:
        show(report, Console())
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
