"""Examine what this machine offers a training: `python -m worker.doctor` prints JSON."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec

from rscore.process import prepare_process
from server.errors import SettingsError
from server.findings import Check, Finding, examine, ok, print_findings, problem, warning
from server.settings import Settings, load_settings
from worker.machine import count_gpus, datasets

LIMIT_SECONDS = 60.0
"""A first build of the kernels takes its time; everything else is quick."""
COMPILERS = ("c++", "g++", "clang++")


def main() -> int:
    """Print what was found; 0 whatever it is."""
    prepare_process()
    print_findings(diagnose())
    return 0


def diagnose() -> Iterator[Finding]:
    """Everything that decides whether, and how fast, this machine trains."""
    try:
        settings = load_settings()
    except SettingsError:
        return  # the server's doctor names each
    checks: dict[str, Check] = {"data sets": partial(data_sets, settings)}
    if find_spec("torch") is None:
        yield warning(
            "torch",
            "not installed: this machine runs the service, but trains nothing",
            "pip install 'realspike[worker]'",
        )
    else:
        checks |= {"kernels": kernels, "device": partial(device, settings.device)}
    yield from examine(checks, LIMIT_SECONDS)


def kernels() -> Iterator[Finding]:
    """Whether the C++ kernels are there, built now if need be."""
    from rscore.kernels import library

    if library.library() is not None:
        yield ok("kernels", "the C++ kernels are built")
    elif not any(map(shutil.which, COMPILERS)):
        yield warning(
            "kernels",
            "no C++ compiler was found; neurons run in plain torch, which is slower",
            "install g++ (Debian: apt-get install g++; macOS: xcode-select --install)",
        )
    else:
        yield warning(
            "kernels",
            "switched off, or the compiler could not build them; neurons run in plain torch, "
            "which is slower",
            "unset REALSPIKE_KERNELS; with REALSPIKE_LOG_LEVEL=info a worker logs why",
        )


def device(wanted: str) -> Iterator[Finding]:
    """What the trainings of this machine run on."""
    import torch

    driver = count_gpus()
    if torch.cuda.is_available():
        names = ", ".join(
            torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())
        )
        triton = f"Triton {version('triton')}" if find_spec("triton") else "no Triton"
        yield ok("device", f"CUDA {torch.version.cuda}, {triton}: {names}")
    elif wanted.startswith("cuda"):
        yield problem(
            "device",
            f"REALSPIKE_DEVICE is {wanted}, and torch {torch.__version__} finds no GPU",
            "install the driver and a CUDA build of torch, or set REALSPIKE_DEVICE=cpu",
        )
    elif driver and wanted == "auto":
        yield warning(
            "device",
            f"{driver} GPUs are there, but torch {torch.__version__} cannot use them",
            "install a CUDA build of torch that fits the driver",
        )
    else:
        yield ok("device", f"the processor, {torch.get_num_threads()} threads")


def data_sets(settings: Settings) -> Iterator[Finding]:
    """Which data sets lie here."""
    known = datasets(settings.resolved_data_dir)
    here = sorted(name for name, said in known.items() if said == "ready")
    others = sorted(set(known) - set(here))
    says = f"here: {', '.join(here) or 'none'}"
    if others:
        says += f"; not here: {', '.join(others)} (realspike data fetch NAME)"
    yield ok("data sets", says)


if __name__ == "__main__":
    sys.exit(main())
