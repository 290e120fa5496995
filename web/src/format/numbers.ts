// How numbers are written: one place, units always shown, a dash for what is missing.
export const MISSING = "–";

type Maybe = number | null | undefined;

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** 0.9722 → "97.22 %" */
export function percent(value: Maybe, digits = 2): string {
  return isNumber(value) ? `${(value * 100).toFixed(digits)} %` : MISSING;
}

/** 0.04123 → "0.0412" */
export function fixed(value: Maybe, digits = 4): string {
  return isNumber(value) ? value.toFixed(digits) : MISSING;
}

/** 3.552713e-15 → "3.6e−15", 0 → "0": small differences, where the exponent is the message. */
export function tiny(value: Maybe): string {
  if (!isNumber(value)) return MISSING;
  if (value === 0) return "0";
  if (Math.abs(value) >= 0.001 && Math.abs(value) < 1000) return value.toPrecision(2);
  return value.toExponential(1).replace("-", "−");
}

const THOUSANDS = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 1204224 → "1,204,224" */
export function count(value: Maybe): string {
  return isNumber(value) ? THOUSANDS.format(value) : MISSING;
}

/** 60211 → "58.8 KiB" */
export function bytes(value: Maybe): string {
  return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
}

/** 1204224 → "1.20 M": counts whose order matters more than their digits. */
export function compact(value: Maybe): string {
  return scaled(value, 1000, ["", "k", "M", "G", "T"]);
}

/** 5710.5 pJ → "5.71 nJ" */
export function energy(picojoules: Maybe): string {
  return scaled(picojoules, 1000, ["pJ", "nJ", "µJ", "mJ", "J"]);
}

function scaled(value: Maybe, base: number, units: readonly string[]): string {
  if (!isNumber(value)) return MISSING;
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= base && unit < units.length - 1) {
    size /= base;
    unit += 1;
  }
  const digits = unit === 0 && Number.isInteger(size) ? 0 : size < 10 ? 2 : size < 100 ? 1 : 0;
  return `${size.toFixed(digits)} ${units[unit]}`.trimEnd();
}

const ACCURACY_OR_RATE = /(^|_)acc(uracy)?$|^firing_rate(\/|$)/;

/** A metric's value in the unit its name implies. */
export function metric(name: string, value: Maybe): string {
  if (ACCURACY_OR_RATE.test(name)) return percent(value);
  if (name.endsWith("_seconds")) return isNumber(value) ? `${value.toFixed(2)} s` : MISSING;
  if (!isNumber(value)) return MISSING;
  return value !== 0 && Math.abs(value) < 0.001 ? tiny(value) : value.toFixed(4);
}

/** The spread of a metric in the same unit, without repeating it. */
export function spread(name: string, value: Maybe): string {
  if (!isNumber(value)) return MISSING;
  return ACCURACY_OR_RATE.test(name) ? (value * 100).toFixed(2) : value.toFixed(4);
}
