// What the network costs before and after the fold; energy is an estimate and looks like one.
import type { ReactNode } from "react";
import { bytes, compact, count, energy, MISSING, percent } from "../format/numbers";
import { Estimate } from "../ui/Estimate";
import { ScrollX } from "../ui/ScrollX";
import styles from "./certificate.module.css";
import { Part } from "./Parity";
import type { Certificate, Cost, LayerCost } from "./read";

export function CostTable({
  certificate: { before, after, energyTable },
}: {
  certificate: Certificate;
}) {
  const { macPj, acPj, process } = energyTable;
  const table =
    macPj === null || acPj === null
      ? "no table of energy per operation was recorded"
      : `${macPj} pJ a multiply-accumulate, ${acPj} pJ an accumulate${process ? `, ${process}` : ""}`;
  return (
    <Part
      title="Cost of one sample, before and after the fold"
      note={`Energy is an estimate, not measured: ${table}.`}
    >
      <ScrollX label="Cost">
        <table>
          <thead>
            <tr>
              <th scope="col">Quantity</th>
              <th scope="col" className="num">
                Before
              </th>
              <th scope="col" className="num">
                After
              </th>
            </tr>
          </thead>
          <tbody>
            {rows(before, after, table).map(([name, first, second]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="num">{first}</td>
                <td className="num">{second}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
      {after.layers.length > 0 && <LayerCosts layers={after.layers} />}
    </Part>
  );
}

function rows(before: Cost, after: Cost, table: string): [string, ReactNode, ReactNode][] {
  const both = (show: (cost: Cost) => ReactNode) => [show(before), show(after)] as const;
  return [
    ["Parameters", ...both((cost) => count(cost.parameters))],
    ["Size", ...both((cost) => bytes(cost.bytes))],
    ["Multiply-accumulates", ...both((cost) => compact(cost.macs))],
    ["Synaptic operations", ...both((cost) => compact(cost.synops))],
    ["Firing rate", ...both((cost) => percent(cost.firingRate))],
    ["Energy", ...both((cost) => <Energy picojoules={cost.energyPj} table={table} />)],
  ];
}

function Energy({ picojoules, table }: { picojoules: number | null; table: string }) {
  if (picojoules === null) return <span className="dim">{MISSING}</span>;
  return <Estimate of={table}>{energy(picojoules)}</Estimate>;
}

function LayerCosts({ layers }: { layers: LayerCost[] }) {
  return (
    <details className={styles.layers}>
      <summary>Per layer, after the fold</summary>
      <ScrollX label="Cost per layer">
        <table>
          <thead>
            <tr>
              <th scope="col">Layer</th>
              <th scope="col" className="num">
                MACs
              </th>
              <th scope="col" className="num">
                SynOps
              </th>
              <th scope="col" className="num">
                Firing rate
              </th>
            </tr>
          </thead>
          <tbody>
            {layers.map((one) => (
              <tr key={one.layer}>
                <th scope="row">{one.layer}</th>
                <td className="num">{compact(one.macs)}</td>
                <td className="num">{compact(one.synops)}</td>
                <td className="num">{percent(one.firingRate)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
    </details>
  );
}
