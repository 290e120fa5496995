import { describe, expect, it } from "vitest";
import { body, ProblemError, UnreachableError } from "../src/api/client";

const answer = (status: number, parts: { data?: unknown; error?: unknown }) =>
  Promise.resolve({ ...parts, response: new Response(null, { status }) });

const problem = { title: "Conflict", detail: "run is already cancelled", hint: "retry it" };

describe("an answer", () => {
  it("is its body", async () => {
    await expect(body(answer(200, { data: { items: [] } }))).resolves.toEqual({ items: [] });
  });

  it("that is a problem tells the server's own words", async () => {
    const refused = body(answer(409, { error: problem }));
    await expect(refused).rejects.toBeInstanceOf(ProblemError);
    await expect(refused).rejects.toMatchObject({
      message: "run is already cancelled",
      problem: { hint: "retry it" },
      status: 409,
    });
  });

  it("that is an error without a problem still tells its status", async () => {
    await expect(body(answer(500, { error: "<html>" }))).rejects.toThrow("the server answered 500");
  });

  it("that never came, or came from a proxy, is no answer", async () => {
    await expect(body(Promise.reject(new TypeError("fetch failed")))).rejects.toBeInstanceOf(
      UnreachableError,
    );
    await expect(body(answer(502, { error: "" }))).rejects.toBeInstanceOf(UnreachableError);
  });
});
