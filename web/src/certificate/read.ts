// A certificate's JSON as this page shows it: what is missing is null, what is unknown is left out.
export interface Certificate {
  verdict: string | null;
  samples: number | null;
  /** Every value that a neuron may send. */
  alphabet: number[];
  float64: {
    spikesEqual: boolean | null;
    binary: boolean | null;
    spikes: number | null;
    maxCurrentDiff: number | null;
    mismatches: number | null;
    maxLogitDiff: number | null;
  };
  float32: {
    agreement: number | null;
    samples: number | null;
    maxLogitDiff: number | null;
    smallestMargin: number | null;
    layers: LayerParity[];
  };
  exports: ExportParity[];
  refused: Refusal[];
  unshared: UnsharedLayer[];
  before: Cost;
  after: Cost;
  energyTable: { macPj: number | null; acPj: number | null; process: string | null };
}

export interface LayerParity {
  layer: string;
  /** Neurons times samples: what was compared at each time step. */
  neurons: number | null;
  /** Spikes that differ, per time step, when each layer gets the reference's input. */
  local: number[];
  /** Spikes that differ, per time step, when differences are carried on. */
  endToEnd: number[];
}

export interface ExportParity {
  format: string;
  file: string | null;
  runtime: string | null;
  samples: number | null;
  agreement: number | null;
  /** Samples whose logits agree up to rounding. */
  withinTolerance: number | null;
  maxLogitDiff: number | null;
}

/** A format that cannot express the network. */
export interface Refusal {
  format: string;
  reason: string;
}

/** A layer with a kernel of its own at every output position. */
export interface UnsharedLayer {
  layer: string;
  form: string | null;
  bytes: number | null;
}

export interface Cost {
  parameters: number | null;
  bytes: number | null;
  macs: number | null;
  synops: number | null;
  firingRate: number | null;
  energyPj: number | null;
  layers: LayerCost[];
}

export interface LayerCost {
  layer: string;
  macs: number | null;
  synops: number | null;
  firingRate: number | null;
}

type Json = Record<string, unknown>;

export function readCertificate(document: Json): Certificate {
  const f64 = object(document.float64);
  const f32 = object(document.float32);
  const cost = object(document.cost);
  const table = object(cost.energy_table);
  return {
    verdict: text(document.verdict),
    samples: number(document.samples),
    alphabet: Array.isArray(document.alphabet) ? numbers(document.alphabet) : [0, 1],
    float64: {
      spikesEqual: bool(f64.spikes_equal),
      binary: bool(f64.binary),
      spikes: number(f64.spikes),
      mismatches: number(f64.mismatches),
      maxCurrentDiff: number(f64.max_abs_current_diff),
      maxLogitDiff: number(f64.max_abs_logit_diff),
    },
    float32: {
      agreement: number(f32.agreement),
      samples: number(f32.samples) ?? number(document.samples),
      maxLogitDiff: number(f32.max_abs_logit_diff),
      smallestMargin: number(f32.smallest_margin),
      layers: objects(f32.layers).map((one) => ({
        layer: text(one.layer) ?? "",
        neurons: number(one.neurons),
        local: numbers(one.local_mismatch),
        endToEnd: numbers(one.end_to_end_mismatch),
      })),
    },
    exports: objects(document.exports).map((one) => ({
      format: text(one.format) ?? "",
      file: text(one.file),
      runtime: text(one.runtime),
      samples: number(one.samples) ?? number(document.samples),
      agreement: number(one.agreement),
      withinTolerance: number(one.within_tolerance),
      maxLogitDiff: number(one.max_abs_logit_diff),
    })),
    refused: objects(document.refused).map((one) => ({
      format: text(one.format) ?? "",
      reason: text(one.reason) ?? "",
    })),
    unshared: objects(document.unshared).map((one) => ({
      layer: text(one.layer) ?? "",
      form: text(one.form),
      bytes: number(one.materialized_bytes),
    })),
    before: readCost(object(cost.before)),
    after: readCost(object(cost.after)),
    energyTable: {
      macPj: number(table.mac_pj),
      acPj: number(table.ac_pj),
      process: text(table.process),
    },
  };
}

function readCost(cost: Json): Cost {
  return {
    parameters: number(cost.parameters),
    bytes: number(cost.bytes),
    macs: number(cost.macs),
    synops: number(cost.synops),
    firingRate: number(cost.firing_rate),
    energyPj: number(cost.energy_estimate_pj),
    layers: objects(cost.layers).map((one) => ({
      layer: text(one.layer) ?? "",
      macs: number(one.macs),
      synops: number(one.synops),
      firingRate: number(one.firing_rate),
    })),
  };
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Json)
    : {};
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map((one) => number(one) ?? 0) : [];
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function bool(value: unknown): boolean | null {
  return typeof value === "boolean" ? value : null;
}
