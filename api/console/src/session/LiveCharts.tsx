/** What the appliance says while the session lives, as it comes, with the limits of what is tested drawn in. */
import { Title } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { api, told } from "../api/client";
import { merged, useLiveRows } from "../api/live";
import { isOver } from "../api/sessions";
import type { DiagnosisSession } from "../api/types";
import { CallFailed } from "../app/Notice";
import { MetricChart } from "../chart/MetricChart";
import { useWords } from "../i18n";
import { toMs } from "../words/format";
import { useNames } from "../words/names";
import { now } from "../words/now";

const POINTS = 2000;
const BEFORE_MS = 120_000;
const CHARTS = 4;
/** Beside what comes live: what was stored meanwhile is read now and then, and at once where something was missed. */
const READ_AGAIN_MS = 120_000;

export function LiveCharts({ session }: { session: DiagnosisSession }) {
  const { t } = useWords();
  const names = useNames();
  const running = session.procedures.at(-1)?.test;
  const wanted = session.tests.find((one) => one.test.name === running) ?? session.tests.find((one) => one.recommended);
  const traced = session.commands.findLast((one) => one.name === "trace.capture" && one.state === "succeeded")?.data;
  const seen = Array.isArray(traced?.metrics) ? traced.metrics.map(String) : [];
  const metrics = [...new Set([...(wanted?.test.watch ?? []), ...seen])].slice(0, CHARTS);
  const start = (toMs(session.granted_at ?? session.requested_at) ?? now()) - BEFORE_MS;
  const end = toMs(session.ended_at);
  const trace = useQuery({
    queryKey: ["session-trace", session.id, metrics.join()],
    queryFn: async ({ signal }) => {
      const until = end ?? Math.max(now(), start) + 1000;
      const query = { metric: metrics, start: String(start), end: String(until), points: POINTS };
      const params = { path: { appliance_id: session.appliance_id }, query };
      const columns = await told(api.GET("/api/v1/appliances/{appliance_id}/telemetry", { params, signal }));
      return { columns, until };
    },
    enabled: metrics.length > 0 && session.state !== "requested",
    refetchInterval: isOver(session.state) ? false : READ_AGAIN_MS,
    placeholderData: keepPreviousData,
  });
  const rows = useLiveRows(session.appliance_id, session.state === "active", () => void trace.refetch());
  if (metrics.length === 0 || session.state === "requested") return null;
  const newest = rows.at(-1)?.ts ?? 0;
  const range = { start, end: Math.max(trace.data?.until ?? start + BEFORE_MS, end === null ? newest : 0) };
  return (
    <section className="card" aria-labelledby="live-title">
      <Title order={2} size="h5" id="live-title" className="card-title">
        {t("session.live")}
      </Title>
      <CallFailed error={trace.error} />
      {metrics.map((metric) => {
        const values = trace.data?.columns.series[metric];
        const isMeasured = wanted?.test.measure === metric;
        return (
          <MetricChart
            key={metric}
            name={names.plainMetric(session.kind, metric)}
            unit={names.unit(session.kind, metric)}
            trace={trace.data && values ? merged(trace.data.columns.ts, values, rows, metric) : undefined}
            range={range}
            band={isMeasured ? { low: wanted.test.healthy[0] ?? null, high: wanted.test.healthy[1] ?? null } : null}
            height={150}
            syncKey="session"
          />
        );
      })}
    </section>
  );
}
