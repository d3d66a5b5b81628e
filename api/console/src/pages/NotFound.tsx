import { Button } from "@mantine/core";
import { IconMapOff } from "@tabler/icons-react";
import { Link } from "react-router";

import { useTitle } from "../app/title";
import { Notice } from "../app/Notice";
import { useWords } from "../i18n";

/** An address that leads nowhere. */
export function NotFound() {
  const { t } = useWords();
  useTitle(t("problem.notFound"));
  return (
    <Notice icon={<IconMapOff size={36} />} title={t("problem.notFound")} text={t("problem.notFoundText")}>
      <Button component={Link} to="/queue" variant="light">
        {t("problem.toQueue")}
      </Button>
    </Notice>
  );
}
