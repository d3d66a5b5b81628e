/** The addresses of the pages, and what stands there when one can't be shown. */
import { createBrowserRouter, Navigate } from "react-router";

import { useAccount } from "../api/account";
import { moreWords } from "../i18n";
import { NotFound } from "../pages/NotFound";
import { Broken } from "./Broken";
import { PAGES, type PageEntry } from "./pages";
import { Root } from "./Root";
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

/** Who answers for cost and trust begins with the figures; everybody else with what needs doing. */
function Start() {
  const role = useAccount().data?.role;
  return <Navigate to={role === "manager" ? "/insights" : "/queue"} replace />;
}

async function shown({ path, load, place }: PageEntry) {
  const [Page] = await Promise.all([load(), path !== "queue" && moreWords()]);
  if (!place) return { Component: Page };
  const element = (
    <>
      <PageTitle name={place.name} />
      <Page />
    </>
  );
  return { element };
}
