// An address of this page that leads nowhere.
import { Link } from "@tanstack/react-router";

export function NotFound() {
  return (
    <>
      <h1>There is no such page</h1>
      <p>
        The address may be mistyped. <Link to="/">All studies and runs</Link> are one page up.
      </p>
    </>
  );
}
