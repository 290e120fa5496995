// The pages and their addresses; the state of a list is in its address.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { HomePage } from "./HomePage";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";
import { readHomeSearch } from "./search";

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  component: HomePage,
  validateSearch: readHomeSearch,
});

const runRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/runs/$runId",
  component: lazyRouteComponent(() => import("../runs/RunPage"), "RunPage"),
});

const studyRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/studies/$studyId",
  component: lazyRouteComponent(() => import("../studies/StudyPage"), "StudyPage"),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([homeRoute, runRoute, studyRoute]),
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
