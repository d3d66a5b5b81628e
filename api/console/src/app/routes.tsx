/** The addresses of the pages, and what stands there when one can't be shown. */
import { createBrowserRouter, Navigate } from "react-router";

import { useAccount } from "../api/account";
import { moreWords } from "../i18n";
import { NotFound } from "../pages/NotFound";
import { Broken } from "./Broken";
import { nameOf, PAGES, type PageEntry } from "./pages";
import { Root } from "./Root";
import { useIsSimulated } from "./SimulatedTime";
import { PageTitle } from "./title";

const blank = <></>;

export const router = createBrowserRouter([
  {
    path: "/",
    element: <Root />,
    errorElement: <Broken />,
    hydrateFallbackElement: blank,
    children: [
      { index: true, element: <Start /> },
      ...PAGES.map((page) => ({ path: page.path, errorElement: <Broken />, lazy: () => shown(page) })),
      { path: "*", element: <NotFound /> },
    ],
  },
  {
    path: "/sign-in",
    errorElement: <Broken />,
    hydrateFallbackElement: blank,
    lazy: async () => ({ Component: (await import("../pages/SignIn")).SignIn }),
  },
]);

/** Technicians begin with what is theirs, dispatchers with all that waits, managers with the figures, who keeps the service with
 * how it is. In the demo its visitor has every role, and begins with what there is to see. */
function Start() {
  const role = useAccount().data?.role ?? "";
  const isDemo = useIsSimulated();
  return <Navigate to={(!isDemo && STARTS[role]) || "/queue"} replace />;
}

const STARTS: Partial<Record<string, string>> = {
  technician: "/queue?view=mine",
  manager: "/insights",
  admin: "/operations",
};

async function shown({ path, load, place }: PageEntry) {
  const [Page] = await Promise.all([load(), path !== "queue" && moreWords()]);
  if (!place) return { Component: Page };
  const element = (
    <>
      <PageTitle name={nameOf(path)} />
      <Page />
    </>
  );
  return { element };
}
