/** Who was told what, when, and whether it arrived; what was given up may be tried again. */
import { Button } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { Link } from "react-router";

import { useNoticePages, useReceivers } from "../api/alerts";
import { useRetry } from "../api/operations";
import type { DeliveryState, NoticeDelivery } from "../api/types";
import { Family } from "../alerting/Family";
import { Letters } from "../alerting/Letters";
import { Choice, useChosen } from "../app/Choice";
import { Card, Listing } from "../app/Listing";
import { Notice } from "../app/Notice";
import { Paged } from "../app/Paged";
import { useWords } from "../i18n";
import { formatNumber, plainName } from "../words/format";
import { Moment } from "../words/Moment";

const TONES: Record<DeliveryState, string> = { waiting: "warn", delivered: "good", parked: "bad" };

export function Notices() {
  const { t } = useWords();
  const states = ["all", "waiting", "delivered", "parked"].map(
    (state) => [state, t(state === "all" ? "all" : `notices.states.${state}`)] as [string, string],
  );
  const state = useChosen("state", states, "all");
  const pages = useNoticePages(state === "all" ? null : (state as DeliveryState));
  const retry = useRetry();
  return (
    <div className="sheet">
      <Family title={t("nav.notices")} />
      <Letters />
      <Receivers />
      <Choice name="state" label={t("alerts.columns.state")} values={states} start="all" />
      <Paged
        name={t("nav.notices")}
        pages={pages}
        columns={[
          ...["at", "what", "about", "receiver", "state", "tries"].map((one) => t(`notices.columns.${one}`)),
          "",
        ]}
        empty={
          <Notice level={2} icon={<IconSend size={36} />} title={t("notices.none")} text={t("notices.noneText")} />
        }
        row={(one) => ({
          key: one.id,
          cells: [
            <Moment key="t" at={one.at} />,
            <span key="w" title={one.type}>
              {t(`notices.types.${one.type.replaceAll(".", "_")}`, { defaultValue: plainName(one.type) })}
            </span>,
            <About key="a" notice={one} />,
            one.receiver,
            <Arrival key="s" notice={one} />,
            one.attempts,
            one.state === "parked" && (
              <Button
                key="r"
                size="compact-sm"
                variant="light"
                loading={retry.isPending && retry.variables === one.id}
                onClick={() => retry.mutate(one.id)}
              >
                {t("retry")}
              </Button>
            ),
          ],
        })}
      />
    </div>
  );
}

/** How it stands, when the next try is, and what the receiver said. */
function Arrival({ notice }: { notice: NoticeDelivery }) {
  const { t } = useWords();
  return (
    <span>
      <span className={`mark ${TONES[notice.state]}`}>{t(`notices.states.${notice.state}`)}</span>{" "}
      {notice.state === "waiting" && (
        <span className="dim">
          {t("notices.next")} <Moment at={notice.due_at} />
        </span>
      )}
      {notice.last_error && <q>{notice.last_error}</q>}
    </span>
  );
}

/** The ticket or the incident that a notice speaks of. */
function About({ notice }: { notice: NoticeDelivery }) {
  const { data } = notice;
  const number = typeof data.number === "number" ? data.number : null;
  if (number === null) return <code>{notice.subject_id}</code>;
  const place = notice.type.startsWith("incident.") ? "incidents" : "tickets";
  return <Link to={`/${place}/${number}`}>#{number}</Link>;
}

/** Each receiver with how well it takes what it is told. */
function Receivers() {
  const { t, language } = useWords();
  const receivers = useReceivers().data?.items;
  if (!receivers) return null;
  return (
    <Card id="receivers" title={t("notices.receivers")}>
      <Listing
        name={t("notices.receivers")}
        columns={["receiver", "state", "misses", "said"].map((one) => t(`notices.columns.${one}`))}
        empty={t("notices.noReceivers")}
        rows={receivers.map((one) => ({
          key: one.name,
          cells: [
            one.name,
            one.off_since ? (
              <span key="s" className="mark bad">
                {t("notices.off")} <Moment at={one.off_since} />
              </span>
            ) : one.waits_until ? (
              <span key="s" className="mark warn">
                {t("notices.rests")} <Moment at={one.waits_until} />
              </span>
            ) : (
              <span key="s" className="mark good">
                {t("notices.takes")}
              </span>
            ),
            formatNumber(one.misses, language),
            one.said ?? t("none"),
          ],
        }))}
      />
    </Card>
  );
}
