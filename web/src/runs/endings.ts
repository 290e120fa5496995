// What became of tries at a run, where the service's word for it says little to a person.
const WORDS: Record<string, string> = {
  drained: "handed back when its worker stopped",
  lost: "lost its worker",
  restored: "restored from a backup",
};

export function inWords(ending: string): string {
  return WORDS[ending] ?? ending;
}
