import { describe, expect, it } from "vitest";
import { studyGrid } from "../src/studies/grid";
import { bestCells, domainOf, place } from "../src/studies/plot";
import { cell, run, SPEC } from "./samples";

describe("the plot of a table", () => {
  it("spans every value and every mean ± std", () => {
    const domain = domainOf([
      cell({ values: [0.9, 0.96], mean: 0.93, std: 0.042 }),
      cell({ values: [0.95] }),
    ]);
    expect(domain?.low).toBeLessThan(0.888);
    expect(domain?.high).toBeGreaterThan(0.972);
    expect(domainOf([cell()])).toBeNull();
  });

  it("places a single value in the middle, and nothing outside", () => {
    const domain = domainOf([cell({ values: [0.5] })]);
    expect(domain && place(0.5, domain)).toBeCloseTo(0.5);
    expect(place(9, { low: 0, high: 1 })).toBe(1);
    expect(place(-9, { low: 0, high: 1 })).toBe(0);
  });

  it("finds the best mean by the goal, ties included", () => {
    const cells = [cell({ mean: 0.9 }), cell({ mean: 0.95 }), cell({ mean: 0.95 }), cell()];
    expect(bestCells(cells, "maximize")).toEqual(new Set([cells[1], cells[2]]));
    expect(bestCells(cells, "minimize")).toEqual(new Set([cells[0]]));
    expect(bestCells([cell()], "maximize").size).toBe(0);
  });
});

describe("the grid of a study", () => {
  it("has a row for each combination in the study's order and a column for each seed", () => {
    const runs = (["binary", "element"] as const).flatMap((granularity, row) =>
      [1, 0].map((seed, column) =>
        run({ id: `run_${row}${column}`, spec: { ...SPEC, granularity, seed } }),
      ),
    );
    const grid = studyGrid([...runs].reverse(), ["granularity"]);
    expect(grid.seeds).toEqual([0, 1]);
    expect(grid.rows.map(({ key }) => key)).toEqual(["binary", "element"]);
    expect(grid.rows[0]?.runs.map((one) => one?.id)).toEqual(["run_01", "run_00"]);
  });

  it("names the rows of own scripts, and has no place for what has no seed", () => {
    const runs = [
      run({ id: "run_1", spec: { ...SPEC, seed: 0 } }),
      run({ id: "run_2", source: "script", name: "perceptron", spec: { seed: 0, lr: 1 } }),
      run({ id: "run_3", source: "script", name: "seedless", spec: { seed: "x" } }),
    ];
    const grid = studyGrid(runs, ["granularity"]);
    expect(grid.seeds).toEqual([0]);
    expect(grid.rows.map(({ key }) => key)).toEqual(["channel", "perceptron"]);
  });

  it("leaves a hole where a run was deleted", () => {
    const runs = [
      run({ id: "run_1", spec: { ...SPEC, seed: 0 } }),
      run({ id: "run_2", spec: { ...SPEC, seed: 1, granularity: "layer" } }),
    ];
    expect(
      studyGrid(runs, ["granularity"]).rows.map((row) => row.runs.map((one) => one?.id)),
    ).toEqual([
      ["run_1", undefined],
      [undefined, "run_2"],
    ]);
  });
});
