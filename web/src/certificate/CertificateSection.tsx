// Fetches a model's certificate and shows it.
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../api/provider";
import { certificateQuery } from "../api/queries";
import { ErrorState } from "../ui/ErrorState";
import { Loading } from "../ui/Loading";
import { Section } from "../ui/Section";
import { CertificateView } from "./CertificateView";
import { readCertificate } from "./read";

export function CertificateSection({ modelId }: { modelId: string }) {
  const query = useQuery(certificateQuery(useApi(), modelId));
  return (
    <Section title="Certificate of the fold" aside={<span className="mono">{modelId}</span>}>
      {query.isPending && <Loading lines={5} what="certificate" />}
      {query.error && !query.data && (
        <ErrorState
          error={query.error}
          what="The certificate could not be read"
          onRetry={() => void query.refetch()}
        />
      )}
      {query.data && <CertificateView certificate={readCertificate(query.data.certificate)} />}
    </Section>
  );
}
