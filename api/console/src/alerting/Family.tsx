/** What was noticed, from one appliance to many, what is muted, and who was told: pages that belong together. */
import { NavLink } from "react-router";

import { useAccount } from "../api/account";
import { mayDo } from "../api/roles";
import { useWords } from "../i18n";

export function Family({ title }: { title: string }) {
  const { t } = useWords();
  const role = useAccount().data?.role;
  const pages = [
    ["/alerts", "nav.alerts"],
    ["/incidents", "nav.incidents"],
    ["/settings?tab=silences", "nav.silences"],
    ...(mayDo(role, "dispatcher") ? [["/notices", "nav.notices"]] : []),
  ] as [string, string][];
  return (
    <div className="sheet-head">
      <h1>{title}</h1>
      <nav className="chips flat" aria-label={t("alerts.family")}>
        {pages.map(([path, name]) => (
          <NavLink key={path} to={path} className="chip">
            {t(name)}
          </NavLink>
        ))}
      </nav>
    </div>
  );
}
