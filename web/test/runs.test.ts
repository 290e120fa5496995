import { describe, expect, it } from "vitest";
import type { StudyRead, WorkerRead } from "../src/api/types";
import { statusesOf } from "../src/app/search";
import { factorsOf, shortName, specValue } from "../src/runs/factors";
import { accuracyOf, epochsOf, lossOf, shareDone } from "../src/runs/figures";
import { resumeMarks } from "../src/runs/marks";
import { runningFirst } from "../src/runs/order";
import { shownWorkers } from "../src/workers/shown";
import { run } from "./samples";

describe("factors", () => {
  it("are the study's, then the seed", () => {
    const study = { factors: ["granularity", "lr"] } as StudyRead;
    expect(factorsOf(run(), study)).toEqual([
      { name: "granularity", value: "channel" },
      { name: "lr", value: "0.009" },
      { name: "seed", value: "0" },
    ]);
  });

  it("of a lone run are the usual ones", () => {
    const names = factorsOf(run(), undefined).map(({ name }) => name);
    expect(names).toEqual(["dataset", "network", "granularity", "num_timesteps", "seed"]);
  });

  it("name the seed once when a study varies it", () => {
    const study = { factors: ["seed"] } as StudyRead;
    expect(factorsOf(run(), study).length).toBe(1);
  });

  it("are not said twice", () => {
    const factors = [{ name: "granularity", value: "element" }];
    expect(shortName("ablation granularity=element seed=1", factors)).toBe("ablation seed=1");
    expect(shortName("granularity=element", factors)).toBe("granularity=element");
    expect(shortName("my run", factors)).toBe("my run");
  });

  it("say what an empty field stands for", () => {
    expect(specValue("train_samples", null)).toBe("all");
    expect(specValue("width", null)).toBe("family's own");
    expect(specValue("clip_norm", null)).toBe("off");
    expect(specValue("compile", false)).toBe("false");
  });
});

describe("figures", () => {
  it("come from progress and summary, and are missing before either", () => {
    expect([lossOf(run()), accuracyOf(run())]).toEqual([null, null]);
    expect(epochsOf(run())).toEqual({ done: 0, all: 8 });
    const progress = {
      epoch: 2,
      epochs: 8,
      step: 46,
      steps: 184,
      loss: 0.5,
      accuracy: 0.8,
      eta_seconds: 1,
    };
    const running = run({ progress, summary: { test_acc: 0.85, train_loss: 0.4 } });
    expect([lossOf(running), accuracyOf(running)]).toEqual([0.4, 0.85]);
    expect(lossOf({ ...running, status: "running" })).toBe(0.5);
    expect(shareDone(running)).toBe(0.25);
    expect(shareDone(run())).toBe(0);
  });

  it("mark an attempt only where it went on from a checkpoint", () => {
    const attempt = (number: number, resumed_step: number) =>
      ({ number, resumed_step }) as Parameters<typeof resumeMarks>[0][number];
    expect(resumeMarks([attempt(1, 0), attempt(2, 0), attempt(3, 46)])).toEqual([
      { step: 46, text: "attempt 3" },
    ]);
  });
});

describe("the list", () => {
  it("puts what runs first, and each run once", () => {
    const old = run({ id: "run_1", status: "running" });
    const ended = run({ id: "run_2", status: "succeeded" });
    const queued = run({ id: "run_3" });
    const ids = runningFirst([queued, ended], [ended, old]).map(({ id }) => id);
    expect(ids).toEqual(["run_1", "run_3", "run_2"]);
    expect(runningFirst([queued, old], [old]).map(({ id }) => id)).toEqual(["run_1", "run_3"]);
  });
});

describe("an address", () => {
  it("keeps the statuses it knows", () => {
    expect(statusesOf({ status: "failed,nonsense,running" })).toEqual(["running", "failed"]);
    expect(statusesOf({})).toEqual([]);
  });
});

describe("workers", () => {
  it("that stopped, or were lost long ago, are history", () => {
    const now = Date.parse("2026-01-01T12:00:00Z");
    const worker = (id: string, status: WorkerRead["status"], seen_at: string) =>
      ({ id, status, seen_at, host: id }) as WorkerRead;
    const shown = shownWorkers(
      [
        worker("a", "stopped", "2026-01-01T11:59:00Z"),
        worker("b", "lost", "2026-01-01T11:59:00Z"),
        worker("c", "lost", "2026-01-01T09:00:00Z"),
        worker("d", "alive", "2026-01-01T11:59:59Z"),
      ],
      now,
    );
    expect(shown.map(({ id }) => id)).toEqual(["d", "b"]);
  });
});
