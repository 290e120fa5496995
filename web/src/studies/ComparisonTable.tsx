// The comparison of a study: one row a combination of levels, over the same seeds.
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/provider";
import { studyTableQuery } from "../api/queries";
import type { StudyCell, StudyTable } from "../api/types";
import { count, MISSING, metric, spread } from "../format/numbers";
import { specValue } from "../runs/factors";
import columns from "../ui/columns.module.css";
import { EmptyState } from "../ui/EmptyState";
import { ErrorState } from "../ui/ErrorState";
import { Loading } from "../ui/Loading";
import { ScrollX } from "../ui/ScrollX";
import { Section } from "../ui/Section";
import { bestCells, type Domain, domainOf } from "./plot";
import { SpreadPlot } from "./SpreadPlot";
import styles from "./studies.module.css";

export function ComparisonTable({ studyId }: { studyId: string }) {
  const query = useQuery(studyTableQuery(useApi(), studyId));
  const table = query.data;
  return (
    <Section
      title="Comparison"
      aside={table && !table.complete && "runs are still open: means will move"}
    >
      {query.isPending && <Loading lines={4} what="comparison" />}
      {query.error && !table && (
        <ErrorState
          error={query.error}
          what="The comparison could not be read"
          onRetry={() => void query.refetch()}
        />
      )}
      {table && table.cells.length === 0 && <EmptyState title="Nothing to compare" />}
      {table && table.cells.length > 0 && <Cells table={table} />}
      {table && <Verdicts table={table} />}
    </Section>
  );
}

function Cells({ table }: { table: StudyTable }) {
  const domain = domainOf(table.cells);
  const best = bestCells(table.cells, table.goal);
  return (
    <ScrollX label="Comparison">
      <table
        className={columns.table}
        aria-label={`${table.metric} by ${table.factors.join(", ")}`}
      >
        <thead>
          <tr>
            {table.factors.map((factor) => (
              <th key={factor} scope="col">
                {factor}
              </th>
            ))}
            <th scope="col" className="num">
              {table.metric} mean
            </th>
            <th scope="col" className="num">
              ± std
            </th>
            <th scope="col" className="num">
              n
            </th>
            <th scope="col" className="num">
              Failed
            </th>
            <th scope="col" className={columns.medium}>
              <Scale domain={domain} name={table.metric} />
            </th>
            <th scope="col">Certificates</th>
          </tr>
        </thead>
        <tbody>
          {table.cells.map((cell) => (
            <tr
              key={JSON.stringify([cell.script, cell.levels])}
              className={best.has(cell) ? styles.best : undefined}
            >
              <Row cell={cell} table={table} domain={domain} best={best.has(cell)} />
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

/** What the paired tests say of each cell beside the baseline, and values from elsewhere. */
function Verdicts({ table }: { table: StudyTable }) {
  const sentences = table.cells.flatMap((cell) => cell.comparison?.sentence ?? []);
  const references = table.references.map(
    (item) => `Reference, not measured here: ${item.name} ${item.value} (${item.source})`,
  );
  if (sentences.length + references.length === 0) return null;
  return (
    <ul className={styles.verdicts}>
      {[...sentences, ...references].map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}

/** A plain fact about the means, not a claim about which level is better. */
const BEST_WORD = { maximize: "highest", minimize: "lowest" } as const;

interface RowProps {
  cell: StudyCell;
  table: StudyTable;
  domain: Domain | null;
  best: boolean;
}

function Row({ cell, table, domain, best }: RowProps) {
  const verdicts = Object.entries(cell.verdicts).map(([verdict, n]) => `${n} ${verdict}`);
  return (
    <>
      {table.factors.map((factor, index) => (
        <th key={factor} scope="row">
          {levelOf(cell, factor, index)}
        </th>
      ))}
      <td className="num">
        {best && <span className={styles.bestWord}>{BEST_WORD[table.goal]} </span>}
        <b>{metric(table.metric, cell.mean)}</b>
      </td>
      <td className="num">{cell.std === null ? MISSING : `± ${spread(table.metric, cell.std)}`}</td>
      <td className="num">
        {count(cell.n)}
        <span className="dim">/{count(cell.runs)}</span>
      </td>
      <td className="num">
        {cell.failed > 0 ? <span className={styles.failed}>{cell.failed}</span> : 0}
      </td>
      <td className={columns.medium}>
        {domain && <SpreadPlot cell={cell} domain={domain} name={table.metric} />}
      </td>
      <td>{verdicts.join(", ") || <span className="dim">{MISSING}</span>}</td>
    </>
  );
}

/** A cell's level; the name of what own scripts measured stands in the first column. */
function levelOf(cell: StudyCell, factor: string, index: number): string {
  if (cell.script === null) return specValue(factor, cell.levels[factor]);
  const given = factor in cell.levels ? [specValue(factor, cell.levels[factor])] : [];
  return (index === 0 ? [cell.script, ...given] : given).join(": ");
}

function Scale({ domain, name }: { domain: Domain | null; name: string }) {
  if (domain === null) return <>Values</>;
  return (
    <span className={styles.scale}>
      <span>{metric(name, domain.low)}</span>
      <span>{metric(name, domain.high)}</span>
    </span>
  );
}
