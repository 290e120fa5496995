// A certificate for a person: the verdict in a sentence, then the numbers behind it.
import { StatusBadge } from "../ui/StatusBadge";
import { CostTable } from "./CostTable";
import styles from "./certificate.module.css";
import { Exports, Float32, Float64, Unshared } from "./Parity";
import type { Certificate } from "./read";

export function CertificateView({ certificate }: { certificate: Certificate }) {
  return (
    <>
      <div className={styles.lead}>
        {certificate.verdict && <StatusBadge status={certificate.verdict} />}
        <p>{sentence(certificate)}</p>
      </div>
      <div className={styles.parts}>
        <div>
          <Float64 certificate={certificate} />
          <Float32 certificate={certificate} />
        </div>
        <div>
          <Exports certificate={certificate} />
          <Unshared certificate={certificate} />
          <CostTable certificate={certificate} />
        </div>
      </div>
    </>
  );
}

const SENTENCES: Record<string, string> = {
  exact:
    "The folded network sends the same spikes as the trained one in float64, and predicts the same in float32 on every sample tried.",
  bounded:
    "The folded network sends the same spikes as the trained one in float64; in float32, rounding changes what is listed below.",
};

function sentence({ verdict, samples }: Certificate): string {
  const text =
    SENTENCES[verdict ?? ""] ?? "This page does not know this verdict; read its numbers.";
  return samples === null ? text : `${text} Tried on ${samples} held-out samples.`;
}
