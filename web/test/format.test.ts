import { describe, expect, it } from "vitest";
import {
  bytes,
  compact,
  count,
  energy,
  metric,
  percent,
  spread,
  tiny,
} from "../src/format/numbers";
import { age, duration, elapsed, until } from "../src/format/time";

describe("numbers", () => {
  it("shows what is missing as a dash", () => {
    for (const show of [bytes, compact, count, energy, percent, tiny]) {
      expect(show(null)).toBe("–");
      expect(show(undefined)).toBe("–");
      expect(show(Number.NaN)).toBe("–");
    }
  });

  it("always shows the unit", () => {
    expect(percent(0.97222)).toBe("97.22 %");
    expect(bytes(512)).toBe("512 B");
    expect(bytes(60_211)).toBe("58.8 KiB");
    expect(energy(5_710.5)).toBe("5.71 nJ");
    expect(energy(12)).toBe("12 pJ");
    expect(compact(1_204_224)).toBe("1.20 M");
    expect(compact(7)).toBe("7");
    expect(count(1_204_224)).toBe("1,204,224");
  });

  it("keeps the exponent of a tiny difference", () => {
    expect(tiny(3.552713e-15)).toBe("3.6e−15");
    expect(tiny(0)).toBe("0");
    expect(tiny(0.25)).toBe("0.25");
  });

  it("takes a metric's unit from its name", () => {
    expect(metric("test_acc", 0.5)).toBe("50.00 %");
    expect(metric("firing_rate/conv1", 0.1)).toBe("10.00 %");
    expect(metric("epoch_seconds", 1.5)).toBe("1.50 s");
    expect(metric("train_loss", 0.12345)).toBe("0.1235");
    expect(metric("lr", 0.00001)).toBe("1.0e−5");
    expect(spread("test_acc", 0.0042)).toBe("0.42");
    expect(spread("train_loss", 0.0042)).toBe("0.0042");
  });
});

describe("times", () => {
  it("uses two units at most", () => {
    expect(duration(0)).toBe("0 s");
    expect(duration(0.4)).toBe("0.4 s");
    expect(duration(75)).toBe("1 min 15 s");
    expect(duration(120)).toBe("2 min");
    expect(duration(4_000)).toBe("1 h 6 min");
    expect(duration(200_000)).toBe("2 d 7 h");
  });

  it("says how long ago", () => {
    const now = Date.parse("2026-01-01T01:00:00Z");
    expect(age("2026-01-01T00:59:58Z", now)).toBe("just now");
    expect(age("2026-01-01T00:59:20Z", now)).toBe("40 s ago");
    expect(age("2026-01-01T00:03:00Z", now)).toBe("57 min ago");
    // A server's clock may be a little ahead of the browser's.
    expect(age("2026-01-01T01:00:03Z", now)).toBe("just now");
  });

  it("says how long until", () => {
    const now = Date.parse("2026-01-01T01:00:00Z");
    expect(until("2026-01-01T01:00:07.200Z", now)).toBe("in 8 s");
    expect(until("2026-01-01T01:02:00Z", now)).toBe("in 2 min");
    expect(until("2026-01-01T01:00:00Z", now)).toBe("now");
    expect(until("2026-01-01T00:00:00Z", now)).toBe("now");
  });

  it("counts on while there is no end", () => {
    const start = "2026-01-01T00:00:00Z";
    expect(elapsed(start, null, Date.parse("2026-01-01T00:00:30Z"))).toBe(30);
    expect(elapsed(start, "2026-01-01T00:00:10Z", Date.parse("2026-01-01T09:00:00Z"))).toBe(10);
  });
});
