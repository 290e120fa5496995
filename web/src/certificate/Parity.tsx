// The parts of a certificate that compare the trained network with what was folded and exported.
import type { ReactNode } from "react";
import { bytes, count, MISSING, tiny } from "../format/numbers";
import { ScrollX } from "../ui/ScrollX";
import styles from "./certificate.module.css";
import type { Certificate, LayerParity } from "./read";

export function Float64({ certificate: { alphabet, float64 } }: { certificate: Certificate }) {
  return (
    <Part
      title="float64"
      note="Arithmetic in which rounding flips no spike: the fold itself is tested."
    >
      <Rows
        rows={[
          ["Spikes equal everywhere", <YesNo key="v" value={float64.spikesEqual} />],
          ["Spikes that differ", ratio(float64.mismatches, float64.spikes)],
          [`Every sent value is ${oneOf(alphabet)}`, <YesNo key="v" value={float64.binary} />],
          ["Largest difference of an input current", tiny(float64.maxCurrentDiff)],
          ["Largest difference of a logit", tiny(float64.maxLogitDiff)],
        ]}
      />
    </Part>
  );
}

export function Float32({ certificate: { float32 } }: { certificate: Certificate }) {
  return (
    <Part
      title="float32"
      note="As it is run: rounding may flip a spike that sits on the threshold."
    >
      <Rows
        rows={[
          ["Predictions that agree", ratio(float32.agreement, float32.samples)],
          ["Largest difference of a logit", tiny(float32.maxLogitDiff)],
          ["Smallest distance to the threshold", tiny(float32.smallestMargin)],
        ]}
      />
      {float32.layers.length > 0 && <Layers layers={float32.layers} />}
    </Part>
  );
}

function Layers({ layers }: { layers: LayerParity[] }) {
  return (
    <ScrollX label="Spikes that differ">
      <table aria-label="Spikes that differ in float32, per layer and time step">
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col" className="num" title="Neurons times samples, at each time step">
              Compared
            </th>
            <th scope="col" title="Each layer gets the trained network's own input">
              Differ alone, by t
            </th>
            <th scope="col" title="Differences are carried from layer to layer">
              Differ end to end, by t
            </th>
          </tr>
        </thead>
        <tbody>
          {layers.map((layer) => (
            <tr key={layer.layer}>
              <th scope="row">{layer.layer}</th>
              <td className="num">{count(layer.neurons)}</td>
              <td>
                <Steps values={layer.local} />
              </td>
              <td>
                <Steps values={layer.endToEnd} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

function Steps({ values }: { values: number[] }) {
  if (values.length === 0) return <span className="dim">{MISSING}</span>;
  return (
    <span className={styles.steps}>
      {values.map((value, t) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: the place is the time step
          key={t}
          className={styles.step}
          data-differs={value > 0}
          title={`time step ${t + 1}: ${count(value)} differ`}
        >
          {count(value)}
        </span>
      ))}
    </span>
  );
}

export function Exports({ certificate: { exports, refused } }: { certificate: Certificate }) {
  if (exports.length + refused.length === 0) return null;
  return (
    <Part
      title="Exported files"
      note="Each file, run by its own runtime, against the folded network."
    >
      <ScrollX label="Exported files">
        <table>
          <thead>
            <tr>
              <th scope="col">Format</th>
              <th scope="col" className="num">
                Same prediction
              </th>
              <th scope="col" className="num" title="Samples whose logits agree up to rounding">
                Same logits
              </th>
              <th scope="col" className="num" title="Largest difference of a logit">
                Largest diff.
              </th>
            </tr>
          </thead>
          <tbody>
            {exports.map((one) => (
              <tr key={`${one.format} ${one.file}`}>
                <th scope="row" title={one.file ?? undefined}>
                  {one.format} {one.runtime && <span className="dim">{one.runtime}</span>}
                </th>
                <td className="num">{ratio(one.agreement, one.samples)}</td>
                <td className="num">{ratio(one.withinTolerance, one.samples)}</td>
                <td className="num">{tiny(one.maxLogitDiff)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
      {refused.map(({ format, reason }) => (
        <p key={format} className="dim">
          Not as {format}: {reason}
        </p>
      ))}
    </Part>
  );
}

/** Layers that grew: element-wise amplitudes fold into one kernel per output position. */
export function Unshared({ certificate: { unshared } }: { certificate: Certificate }) {
  if (unshared.length === 0) return null;
  return (
    <Part
      title="Unshared kernels"
      note="These layers have a kernel of their own at every output position."
    >
      <Rows
        rows={unshared.map(({ layer, form, bytes: size }) => [
          layer,
          `${form ?? MISSING}, ${bytes(size)} written out`,
        ])}
      />
    </Part>
  );
}

export function Part(props: { title: string; note: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.part}>
      <h3>{props.title}</h3>
      <p className="dim">{props.note}</p>
      {props.children}
    </section>
  );
}

function Rows({ rows }: { rows: [name: string, value: ReactNode][] }) {
  return (
    <table>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="num">{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function YesNo({ value }: { value: boolean | null }) {
  if (value === null) return <span className="dim">{MISSING}</span>;
  return value ? (
    <span className={styles.yes}>✓ yes</span>
  ) : (
    <span className={styles.no}>✗ no</span>
  );
}

function oneOf(values: number[]): string {
  const texts = values.map((value) => String(value).replace("-", "−"));
  return [texts.slice(0, -1).join(", "), texts.at(-1)].join(" or ");
}

function ratio(part: number | null, whole: number | null): string {
  return part === null ? MISSING : `${count(part)} of ${count(whole)}`;
}
