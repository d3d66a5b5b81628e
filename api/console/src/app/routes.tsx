/** Every page with its address. The queue comes with the entry; the others are fetched when they are first opened. */
import { createBrowserRouter, Navigate } from "react-router";

import { NotFound } from "../pages/NotFound";
import { Queue } from "../pages/Queue";
import { Root } from "./Root";

export const router = createBrowserRouter([
  {
    path: "/",
    element: <Root />,
    hydrateFallbackElement: <></>,
    children: [
      { index: true, element: <Navigate to="/queue" replace /> },
      { path: "queue", element: <Queue /> },
      { path: "tickets/:number", lazy: async () => ({ Component: (await import("../pages/Ticket")).Ticket }) },
      { path: "appliances", lazy: async () => ({ Component: (await import("../pages/Appliances")).Appliances }) },
      { path: "appliances/:id", lazy: async () => ({ Component: (await import("../pages/Appliance")).AppliancePage }) },
      { path: "sessions/:id", lazy: async () => ({ Component: (await import("../pages/Session")).SessionPage }) },
      { path: "*", element: <NotFound /> },
    ],
  },
  { path: "/sign-in", hydrateFallbackElement: <></>, lazy: async () => ({ Component: (await import("../pages/SignIn")).SignIn }) },
]);
