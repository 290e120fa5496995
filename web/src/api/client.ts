// The typed HTTP client and the one way in which its failures are told.
import createClient from "openapi-fetch";
import type { paths } from "./schema";
import type { Problem } from "./types";

export type Api = ReturnType<typeof createApi>;

export function createApi(baseUrl = "") {
  return createClient<paths>({
    baseUrl,
    querySerializer: { array: { style: "form", explode: true } },
  });
}

/** The server refused: its own problem+json, or what can be said without one. */
export class ProblemError extends Error {
  readonly problem: Partial<Problem>;
  readonly status: number;

  constructor(problem: Partial<Problem>, status: number) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    this.name = "ProblemError";
    this.problem = problem;
    this.status = status;
  }
}

/** The server did not answer at all. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super("The server does not answer.", { cause });
    this.name = "UnreachableError";
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer; every failure becomes a ProblemError or an UnreachableError. */
export async function body<T>(request: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new UnreachableError(cause);
  }
  if (answer.data !== undefined && answer.response.ok) return answer.data;
  const { status } = answer.response;
  // A proxy in front of a stopped server answers 502 to 504 with a page of its own.
  if (status >= 502 && status <= 504 && !isProblem(answer.error))
    throw new UnreachableError(status);
  throw new ProblemError(isProblem(answer.error) ? answer.error : {}, status);
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "detail" in value && "title" in value;
}
