/** What stands where a page failed: words and a way on. A page that an upgrade has replaced is loaded anew, once, by itself. */
import { Button, Code, Group } from "@mantine/core";
import { IconBandage } from "@tabler/icons-react";
import { useEffect } from "react";
import { Link, useRouteError } from "react-router";

import { useWords } from "../i18n";
import { Notice } from "./Notice";
import { isPartMissing, mayReload, noteReload } from "./reload";
import { useTitle } from "./title";

export function Broken() {
  const { t } = useWords();
  const error = useRouteError();
  const isMissing = isPartMissing(error);
  const isReloading = isMissing && mayReload(sessionStorage, Date.now());
  useTitle(t("broken.title"));
  useEffect(() => {
    if (!isReloading) return;
    noteReload(sessionStorage, Date.now());
    window.location.reload();
  }, [isReloading]);
  if (isReloading) return null;
  return (
    <main className="page">
      <Notice
        icon={<IconBandage size={36} />}
        title={t("broken.title")}
        text={t(isMissing ? "broken.missingText" : "broken.text")}
      >
        <Group justify="center">
          <Button onClick={() => window.location.reload()}>{t("broken.again")}</Button>
          <Button component={Link} to="/queue" reloadDocument variant="light">
            {t("problem.toQueue")}
          </Button>
        </Group>
        {!isMissing && <Code className="broken-cause">{error instanceof Error ? error.message : String(error)}</Code>}
      </Notice>
    </main>
  );
}
