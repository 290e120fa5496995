// Starts the page: theme, API client, cache, live events, router.
import "@mantine/core/styles.css";
import "./app/styles.css";
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createApi, ProblemError } from "./api/client";
import { ApiProvider } from "./api/provider";
import { router } from "./app/router";
import { theme } from "./app/theme";
import { LiveProvider } from "./live/provider";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // An event may patch an answer without knowing all of it: a page that opens asks again.
      staleTime: 0,
      // What the server refused once, it refuses again; a server that is away may come back.
      retry: (failures, error) => !(error instanceof ProblemError) && failures < 1,
    },
  },
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id root");
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <ApiProvider api={createApi()}>
        <QueryClientProvider client={client}>
          <LiveProvider>
            <RouterProvider router={router} />
          </LiveProvider>
        </QueryClientProvider>
      </ApiProvider>
    </MantineProvider>
  </StrictMode>,
);
