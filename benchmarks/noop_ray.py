"""Trials of Ray Tune that return at once; runs in an environment of its own, prints JSON."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time

os.environ |= {"RAY_AIR_NEW_OUTPUT": "0", "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1"}

import ray
from ray import tune


def nothing(_config: dict[str, int]) -> None:
    tune.report({"value": 0.0})


def main() -> None:
    trials, slots = int(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        ray.init(num_cpus=slots, include_dashboard=False, logging_level=logging.ERROR)
        tuner = tune.Tuner(
            nothing,
            param_space={"number": tune.grid_search(list(range(trials)))},
            tune_config=tune.TuneConfig(max_concurrent_trials=slots),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        )
        began = time.perf_counter()
        results = tuner.fit()
        seconds = time.perf_counter() - began
        ended = sum(result.error is None for result in results)
        ray.shutdown()
    print(json.dumps({"seconds": seconds, "ended": ended}))


if __name__ == "__main__":
    main()
