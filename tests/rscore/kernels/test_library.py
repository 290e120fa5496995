from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from rscore.kernels.library import _thread_runtime, library

build = library.__wrapped__
needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("c++", "g++", "clang++"))), reason="no C++ compiler on this machine"
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "realspike"


@needs_compiler
def test_two_processes_build_at_once_and_a_third_takes_what_is_there(cache: Path) -> None:
    code = "import torch; from rscore.kernels.library import library; assert library() is not None"
    command = [sys.executable, "-c", code]
    environment = os.environ | {"PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}
    both = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    built = list(cache.iterdir())
    assert [path.suffix for path in built] == [".so"]
    before = built[0].stat().st_mtime_ns
    assert build() is not None
    assert [path.stat().st_mtime_ns for path in cache.iterdir()] == [before]


@needs_compiler
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_second_pool_of_threads_comes_in(cache: Path) -> None:
    import sklearn.metrics  # noqa: F401  brings an OpenMP library of its own

    before = runtimes()
    assert build() is not None
    assert runtimes() == before
    chosen = _thread_runtime()
    assert chosen is not None
    assert chosen.startswith(str(Path(torch.__file__).parent))


def runtimes() -> set[str]:
    mapped = Path("/proc/self/maps").read_text()
    return set(re.findall(r"/\S*/lib(?:gomp|iomp5)\S*", mapped))


def test_switched_off(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REALSPIKE_KERNELS", "off")
    assert build() is None
    assert not cache.exists()


def test_without_a_compiler_torch_does_the_work(
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with caplog.at_level(logging.INFO):
        assert build() is None
    assert "no C++ compiler found" in caplog.text


def test_with_a_broken_compiler_torch_does_the_work(
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    compiler = tmp_path / "c++"
    compiler.write_text("#!/bin/sh\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with caplog.at_level(logging.INFO):
        assert build() is None
    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert "could not be built" in caplog.text
    assert list(cache.iterdir()) == []


@needs_compiler
def test_a_compiler_without_openmp_gives_the_kernels_of_one_core(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))))
    compiler = tmp_path / "c++"
    compiler.write_text(f'#!/bin/sh\ncase "$*" in *-fopenmp*) exit 1;; esac\nexec "{real}" "$@"\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    loaded = build()
    assert loaded is not None
    assert loaded.realspike_most_steps() == 64
