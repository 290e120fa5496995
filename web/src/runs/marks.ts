// Where a later attempt went on from a checkpoint, for the curves.
import type { Attempt } from "../api/types";
import type { Mark } from "../charts/option";

export function resumeMarks(attempts: Attempt[]): Mark[] {
  return attempts
    .filter(({ number, resumed_step }) => number > 1 && resumed_step > 0)
    .map(({ number, resumed_step }) => ({ step: resumed_step, text: `attempt ${number}` }));
}
