/** A board without technicians: what is needed first, and where. */
import { Button } from "@mantine/core";
import { IconCalendarUser } from "@tabler/icons-react";
import { Link } from "react-router";

import { Notice } from "../app/Notice";
import { useWords } from "../i18n";

export function EmptyBoard() {
  const { t } = useWords();
  return (
    <Notice level={2} icon={<IconCalendarUser size={36} />} title={t("board.empty")} text={t("board.emptyText")}>
      <Button component={Link} to="/people" variant="light">
        {t("nav.people")}
      </Button>
    </Notice>
  );
}
