/** Notices that a receiver did not take: why, and another try. */
import { Button } from "@mantine/core";

import { useParked, useRetry } from "../api/operations";
import { Card, Listing } from "../app/Listing";
import { useWords } from "../i18n";
import { Moment } from "../words/Moment";

export function Parked() {
  const { t } = useWords();
  const parked = useParked(true).data?.items ?? [];
  const retry = useRetry();
  return (
    <Card id="parked" title={t("operations.parked")}>
      <Listing
        name={t("operations.parked")}
        columns={[...["at", "notice", "receiver", "tries", "why"].map((one) => t(`operations.columns.${one}`)), ""]}
        empty={t("operations.noParked")}
        rows={parked.map((one) => ({
          key: one.id,
          cells: [
            <Moment key="t" at={one.at} />,
            <code key="n">{one.type}</code>,
            one.receiver,
            one.attempts,
            one.last_error ?? t("none"),
            <Button
              key="r"
              size="compact-sm"
              variant="light"
              loading={retry.isPending && retry.variables === one.id}
              onClick={() => retry.mutate(one.id)}
            >
              {t("operations.retry")}
            </Button>,
          ],
        }))}
      />
    </Card>
  );
}
