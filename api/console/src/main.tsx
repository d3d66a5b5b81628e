import "./looks";

import { MantineProvider } from "@mantine/core";
import { useNotifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, StrictMode, Suspense, useRef } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";

import { queryClient, renew } from "./api/cache";
import { placeWords } from "./app/pages";
import { router } from "./app/routes";
import { onLanguage, startWords } from "./i18n";
import { theme, variables } from "./theme";

startWords({ en: placeWords("en"), zh: placeWords("zh") });
onLanguage(() => renew());

const Toasts = lazy(async () => ({ default: (await import("./app/Toasts")).Toasts }));

/** Fetched with the first that is said. */
function ToastsWhenNeeded() {
  const isNeeded = useNotifications().notifications.length > 0;
  const wasNeeded = useRef(false);
  wasNeeded.current ||= isNeeded;
  return <Suspense>{wasNeeded.current && <Toasts />}</Suspense>;
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        <QueryClientProvider client={queryClient}>
          <ToastsWhenNeeded />
          <RouterProvider router={router} />
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
