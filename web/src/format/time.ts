// Durations and ages in words short enough for a table.
const STEPS: readonly [seconds: number, unit: string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** 75 → "1 min 15 s", 4000 → "1 h 7 min"; two units at most. */
export function duration(seconds: number): string {
  if (seconds < 1) return seconds > 0.05 ? `${seconds.toFixed(1)} s` : "0 s";
  const whole = Math.round(seconds);
  const first = STEPS.findIndex(([size]) => whole >= size);
  const [size, unit] = STEPS[first] ?? [1, "s"];
  const head = `${Math.floor(whole / size)} ${unit}`;
  const next = STEPS[first + 1];
  if (next === undefined) return head;
  const rest = Math.floor((whole % size) / next[0]);
  return rest === 0 ? head : `${head} ${rest} ${next[1]}`;
}

/** How long ago, in one unit: "12 s ago", "3 min ago". */
export function age(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 5) return "just now";
  const [size, unit] = STEPS.find(([size]) => seconds >= size) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

/** How long from now: "in 8 s"; "now" once it is past. */
export function until(iso: string, now: number): string {
  const seconds = Math.ceil((Date.parse(iso) - now) / 1000);
  return seconds <= 0 ? "now" : `in ${duration(seconds)}`;
}

/** Seconds between two instants, the second one now when it is still open. */
export function elapsed(start: string, end: string | null, now: number): number {
  return Math.max(0, ((end === null ? now : Date.parse(end)) - Date.parse(start)) / 1000);
}

/** An instant in full, for a title. */
export function instant(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}
