// The first page: who works, which studies go on, and every run.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useApi } from "../api/provider";
import { studyListQuery } from "../api/queries";
import { RunList } from "../runs/RunList";
import { StudyList } from "../studies/StudyList";
import { useTitle } from "../ui/useTitle";
import { WorkerStrip } from "../workers/WorkerStrip";
import { statusesOf } from "./search";

export function HomePage() {
  const search = useSearch({ from: "/" });
  const navigate = useNavigate({ from: "/" });
  const studies = useQuery(studyListQuery(useApi()));
  const status = useMemo(() => statusesOf(search), [search]);
  const byId = useMemo(
    () => new Map(studies.data?.items.map((study) => [study.id, study])),
    [studies.data],
  );
  useTitle(undefined);

  return (
    <>
      <h1 className="visually-hidden">Studies and runs</h1>
      <WorkerStrip />
      <StudyList query={studies} />
      <RunList
        status={status}
        filter={search.filter ?? ""}
        studies={byId}
        onFilter={(next) =>
          void navigate({
            search: {
              status: next.status.join(",") || undefined,
              filter: next.filter || undefined,
            },
            replace: true,
            resetScroll: false,
          })
        }
      />
    </>
  );
}
