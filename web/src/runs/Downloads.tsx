// The run's files, each with its size and SHA-256.
import { Button, CopyButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/provider";
import { artifactsQuery } from "../api/queries";
import type { Artifact } from "../api/types";
import { bytes } from "../format/numbers";
import { EmptyState } from "../ui/EmptyState";
import { ErrorState } from "../ui/ErrorState";
import { Loading } from "../ui/Loading";
import { ScrollX } from "../ui/ScrollX";
import { Section } from "../ui/Section";
import styles from "./run.module.css";

const PURPOSE: Record<Artifact["kind"], string> = {
  onnx: "folded network, ONNX",
  folded: "folded network, weights",
  graph: "folded network, graph",
  pt2: "folded network, torch.export",
  nir: "folded network, NIR",
  weights: "trained network, weights",
  certificate: "certificate of the fold",
  samples: "held-out samples to try it on",
  file: "added by a script",
  checkpoint: "to go on training",
};

const ORDER = Object.keys(PURPOSE);

export function Downloads({ runId }: { runId: string }) {
  const query = useQuery(artifactsQuery(useApi(), runId));
  const files = [...(query.data?.items ?? [])].sort(
    (a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || (b.step ?? 0) - (a.step ?? 0),
  );
  return (
    <Section title="Downloads">
      {query.isPending && <Loading lines={4} what="files" />}
      {query.error && !query.data && (
        <ErrorState
          error={query.error}
          what="The files could not be listed"
          onRetry={() => void query.refetch()}
        />
      )}
      {query.data && files.length === 0 && (
        <EmptyState title="No files yet">
          Checkpoints come with each epoch, the folded model with the end of the run.
        </EmptyState>
      )}
      {files.length > 0 && (
        <ScrollX label="Files">
          <table className={styles.padless}>
            <thead>
              <tr>
                <th scope="col">File</th>
                <th scope="col" className="num">
                  Size
                </th>
                <th scope="col">SHA-256</th>
              </tr>
            </thead>
            <tbody>
              {files.map((file) => (
                <FileRow key={file.id} file={file} />
              ))}
            </tbody>
          </table>
        </ScrollX>
      )}
    </Section>
  );
}

function FileRow({ file }: { file: Artifact }) {
  return (
    <tr>
      <th scope="row">
        <a href={`/api/v1/artifacts/${file.id}`} download={file.name}>
          {file.name}
        </a>
        <div className="dim">
          {PURPOSE[file.kind]}
          {file.step !== null && ` from step ${file.step}`}
        </div>
      </th>
      <td className="num">{bytes(file.size)}</td>
      <td>
        <Sha256 value={file.sha256} />
      </td>
    </tr>
  );
}

function Sha256({ value }: { value: string }) {
  return (
    <span className={styles.hash}>
      <code className="mono" title={value}>
        {value.slice(0, 12)}…
      </code>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={copy}
            aria-label={`Copy SHA-256 ${value}`}
          >
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
    </span>
  );
}
