// The one look of everything that was not measured.
import type { ReactNode } from "react";

export function Estimate({ children, of }: { children: ReactNode; of: string }) {
  return (
    <span className="estimate" title={`Estimate: ${of}`}>
      ≈ {children}
    </span>
  );
}
