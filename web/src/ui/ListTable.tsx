// A list as a table under one row of column names; lesser columns need a wider screen.
import type { ReactNode } from "react";
import columns from "./columns.module.css";

export interface Column {
  title: ReactNode;
  /** Its cells are numbers. */
  num?: boolean;
  /** The least screen that shows it; its cells carry the same class of columns.module.css. */
  from?: "medium" | "wide";
}

interface ListTableProps {
  label: string;
  heads: readonly Column[];
  children: ReactNode;
}

export function ListTable({ label, heads, children }: ListTableProps) {
  return (
    <table className={columns.table} aria-label={label}>
      <thead>
        <tr>
          {heads.map(({ title, num, from }, place) => (
            <th
              // biome-ignore lint/suspicious/noArrayIndexKey: the place is the column
              key={place}
              scope="col"
              className={[num && "num", from && columns[from]].filter(Boolean).join(" ")}
            >
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
