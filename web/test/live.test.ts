import { type InfiniteData, QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "../src/api/queries";
import type { MetricsRead, RunPage } from "../src/api/types";
import { applyEvents } from "../src/live/apply";
import { parseEvent } from "../src/live/events";
import { isPartial, patchMetrics, patchRun } from "../src/live/patch";
import { createRefresher } from "../src/live/refresher";
import { type LiveState, openStream, type Source } from "../src/live/stream";
import { event, run } from "./samples";

describe("an event", () => {
  it("is read from its text, and nonsense is none", () => {
    expect(parseEvent(JSON.stringify(event("run", { status: "running" })))?.kind).toBe("run");
    for (const text of ["", "{", "null", "[]", '{"id":1,"kind":"unheard of"}']) {
      expect(parseEvent(text)).toBeNull();
    }
  });
});

describe("a patched run", () => {
  it("follows progress and the newest metrics", () => {
    const progress = { epoch: 3, epochs: 8, step: 69, steps: 184 };
    const after = [
      event("progress", progress),
      event("metrics", {
        names: ["test_acc"],
        step: 69,
        points: {
          test_acc: [
            [69, 0.9, 3],
            [46, 0.8, 2],
          ],
        },
      }),
    ].reduce(patchRun, run());
    expect(after.progress).toEqual(progress);
    expect(after.summary).toEqual({ test_acc: 0.9 });
  });

  it("dates its start and its end", () => {
    const running = patchRun(run(), event("run", { status: "running", attempt: 1 }));
    expect(running).toMatchObject({
      attempt: 1,
      started_at: "2026-01-01T00:01:00Z",
      finished_at: null,
    });
    const failed = patchRun(
      running,
      event("run", { status: "failed", reason: "diverged", attempt: 1 }),
    );
    expect(failed).toMatchObject({ reason: "diverged", finished_at: "2026-01-01T00:01:00Z" });
    const again = patchRun(failed, event("run", { status: "queued", attempt: 1 }));
    expect(again).toMatchObject({ reason: null, finished_at: null });
  });

  it("is the same object when the event is another's", () => {
    const before = run();
    expect(patchRun(before, event("progress", {}, { run_id: "run_2" }))).toBe(before);
    expect(patchRun(before, event("log", { lines: [] }))).toBe(before);
  });
});

describe("patched metrics", () => {
  const before: MetricsRead = {
    run_id: "run_1",
    series: [{ name: "loss", total: 2, steps: [10, 20], values: [2, 1], epochs: [null, 1] }],
  };

  it("append new steps, replace a repeated one, begin a new series", () => {
    const points = {
      loss: [
        [20, 5, 1],
        [15, 7, null],
        [30, 0.5, 2],
      ],
      acc: [[30, 0.9, 2]],
    };
    const { series } = patchMetrics(before, event("metrics", { names: ["loss", "acc"], points }));
    expect(series[0]).toEqual({
      name: "loss",
      total: 4,
      steps: [10, 15, 20, 30],
      values: [2, 7, 5, 0.5],
      epochs: [null, null, 1, 2],
    });
    expect(series[1]).toEqual({ name: "acc", total: 1, steps: [30], values: [0.9], epochs: [2] });
    expect(before.series[0]?.steps).toEqual([10, 20]);
  });

  it("are asked again when the event cannot carry them all", () => {
    const many = Array.from({ length: 100 }, (_, step) => [step, 1, null]);
    expect(isPartial(event("metrics", { names: ["loss"], points: { loss: many } }))).toBe(true);
    expect(isPartial(event("metrics", { names: ["loss"] }))).toBe(true);
    expect(isPartial(event("metrics", { names: ["loss"], points: { loss: [[1, 1, null]] } }))).toBe(
      false,
    );
  });
});

describe("a batch of events", () => {
  const page = (id: string): InfiniteData<RunPage> => ({
    pages: [{ items: [run({ id })], next_cursor: null, total: 1 }],
    pageParams: [null],
  });
  const all = keys.runList({ status: [], filter: "" });
  const onlyQueued = keys.runList({ status: ["queued"], filter: "" });

  function setUp() {
    const client = new QueryClient();
    client.setQueryData(all, page("run_1"));
    client.setQueryData(onlyQueued, page("run_1"));
    const asked: string[] = [];
    const refresher = { refresh: (key: unknown) => asked.push(JSON.stringify(key)), stop() {} };
    return { client, asked, refresher };
  }

  it("changes the rows in place, and asks again only where the filter may now differ", () => {
    const { client, asked, refresher } = setUp();
    applyEvents(client, [event("run", { status: "running", attempt: 1 })], refresher);
    const list = client.getQueryData<InfiniteData<RunPage>>(all);
    expect(list?.pages[0]?.items[0]?.status).toBe("running");
    expect(asked).not.toContain(JSON.stringify(all));
    expect(asked).toContain(JSON.stringify(onlyQueued));
  });

  it("asks for the list when a run is new to it", () => {
    const { client, asked, refresher } = setUp();
    applyEvents(client, [event("run", { status: "queued" }, { run_id: "run_2" })], refresher);
    expect(asked).toContain(JSON.stringify(all));
  });

  it("asks for no list because of progress or metrics", () => {
    const { client, asked, refresher } = setUp();
    const points = { loss: [[1, 1, null]] };
    applyEvents(
      client,
      [event("progress", { epoch: 1 }), event("metrics", { names: ["loss"], points })],
      refresher,
    );
    expect(asked).toEqual([]);
  });
});

describe("with a clock", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("a storm of events asks once in a while for each key", () => {
    const client = new QueryClient();
    const invalidate = vi.spyOn(client, "invalidateQueries");
    const refresher = createRefresher(client, 1_000);
    for (let moment = 0; moment < 300; moment += 1) {
      refresher.refresh(["studies"]);
      vi.advanceTimersByTime(10);
    }
    expect(invalidate.mock.calls.length).toBeLessThanOrEqual(4);
    expect(invalidate.mock.calls.length).toBeGreaterThanOrEqual(3);
  });

  class FakeSource implements Source {
    static made: FakeSource[] = [];
    readyState = 0;
    onopen: Source["onopen"] = null;
    onerror: Source["onerror"] = null;
    closed = false;
    readonly listeners = new Map<string, (message: MessageEvent<string>) => void>();

    constructor(readonly url: string) {
      FakeSource.made.push(this);
    }
    addEventListener(kind: string, listener: (message: MessageEvent<string>) => void) {
      this.listeners.set(kind, listener);
    }
    close() {
      this.closed = true;
    }
    open() {
      this.onopen?.({} as Event);
    }
    break(readyState: number) {
      this.readyState = readyState;
      this.onerror?.({} as Event);
    }
    say(one: ReturnType<typeof event>) {
      this.listeners.get(one.kind)?.({ data: JSON.stringify(one) } as MessageEvent<string>);
    }
  }

  function listen() {
    FakeSource.made = [];
    const states: LiveState[] = [];
    const batches: number[][] = [];
    let fresh = 0;
    const close = openStream({
      url: "/events",
      connect: (url) => new FakeSource(url),
      onBatch: (events) => batches.push(events.map(({ id }) => id)),
      onState: (state) => states.push(state),
      onFresh: () => {
        fresh += 1;
      },
    });
    const newest = () => FakeSource.made.at(-1) as FakeSource;
    return { states, batches, close, newest, fresh: () => fresh };
  }

  it("a stream hands over what came in one moment as one batch", () => {
    const { batches, newest, states, fresh } = listen();
    newest().open();
    newest().say(event("progress", {}, { id: 7 }));
    newest().say(event("metrics", {}, { id: 8 }));
    expect(batches).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(batches).toEqual([[7, 8]]);
    expect(states).toEqual(["connecting", "live"]);
    expect(fresh()).toBe(1);
  });

  it("a cut line is left to the browser", () => {
    const { newest, states } = listen();
    newest().open();
    newest().break(0);
    expect(states.at(-1)).toBe("reconnecting");
    vi.advanceTimersByTime(60_000);
    expect(FakeSource.made.length).toBe(1);
    newest().open();
    expect(states.at(-1)).toBe("live");
  });

  it("a refused line is tried again, more and more rarely, from the last event", () => {
    const { newest, fresh } = listen();
    newest().open();
    newest().say(event("progress", {}, { id: 9 }));
    for (let failure = 0; failure < 3; failure += 1) {
      newest().break(2);
      vi.advanceTimersByTime(15_000);
    }
    expect(FakeSource.made.length).toBe(4);
    expect(newest().url).toBe("/events?last_event_id=9");
    newest().open();
    expect(fresh()).toBe(1);
  });

  it("a closed stream stays closed", () => {
    const { close, newest, batches } = listen();
    newest().open();
    newest().say(event("progress", {}));
    close();
    vi.advanceTimersByTime(60_000);
    expect(batches).toEqual([]);
    expect(newest().closed).toBe(true);
    expect(FakeSource.made.length).toBe(1);
  });
});
