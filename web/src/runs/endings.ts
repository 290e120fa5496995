// What became of tries at a run, where the service's word for it says little to a person.
const WORDS: Record<string, string> = {
  drained: "handed back when its worker stopped",
  orphaned: "handed back when its worker died",
  lost: "lost its worker",
  restored: "restored from a backup",
};

export function inWords(ending: string): string {
  return WORDS[ending] ?? ending;
}

/** How a try at a run ended; the reason says it alone where it says all. */
export function howItEnded(outcome: string, reason: string | null): [string, string | null] {
  if (reason === "orphaned") {
    return [inWords(reason), null];
  }
  return [inWords(outcome), reason && reason !== outcome ? inWords(reason) : null];
}
