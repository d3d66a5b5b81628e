/** Who may come in, what is muted, who is told, when work is done, what is known of each kind, who did what, and what runs here; the tab lives in the URL. */
import { useSearchParams } from "react-router";

import { useAccount } from "../api/account";
import { useOperations } from "../api/operations";
import { mayDo, type Role } from "../api/roles";
import { useChange } from "../app/address";
import { Card } from "../app/Listing";
import { useWords } from "../i18n";
import { Accounts } from "../settings/Accounts";
import { AuditList } from "../settings/AuditList";
import { Calendars } from "../settings/Calendars";
import { NoticeRules } from "../settings/NoticeRules";
import { Profiles } from "../settings/Profiles";
import { Silences } from "../settings/Silences";
import { formatBytes } from "../words/format";

const TABS: [string, Role][] = [
  ["accounts", "admin"],
  ["silences", "viewer"],
  ["notices", "manager"],
  ["calendars", "viewer"],
  ["profiles", "viewer"],
  ["audit", "manager"],
  ["about", "viewer"],
];

export function Settings() {
  const { t } = useWords();
  const role = useAccount().data?.role;
  const [search] = useSearchParams();
  const change = useChange();
  const open = TABS.filter(([, needed]) => mayDo(role, needed)).map(([name]) => name);
  const tab = open.find((name) => name === search.get("tab")) ?? open[0];
  return (
    <div className="sheet">
      <div className="sheet-head">
        <h1>{t("settings.title")}</h1>
        <div className="chips flat" role="group" aria-label={t("settings.title")}>
          {open.map((name) => (
            <button
              key={name}
              type="button"
              className="chip"
              aria-pressed={name === tab}
              onClick={() => change({ tab: name })}
            >
              {t(`settings.tabs.${name}`)}
            </button>
          ))}
        </div>
      </div>
      {tab === "accounts" && <Accounts />}
      {tab === "silences" && <Silences mayChange={mayDo(role, "dispatcher")} />}
      {tab === "notices" && <NoticeRules />}
      {tab === "calendars" && <Calendars />}
      {tab === "profiles" && <Profiles />}
      {tab === "audit" && <AuditList />}
      {tab === "about" && <About />}
    </div>
  );
}

function About() {
  const { t, language } = useWords();
  const about = useOperations().data?.about;
  if (!about) return null;
  const rows = {
    version: about.version,
    python: about.python,
    licence: about.licence,
    database: about.database,
    folder: about.data_dir,
    size: formatBytes(about.data_bytes, language),
  };
  return (
    <Card id="about" title={t("settings.tabs.about")}>
      <dl className="pairs">
        {Object.entries(rows).map(([name, value]) => (
          <div key={name}>
            <dt>{t(`settings.about.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="dim">{t("settings.about.text")}</p>
    </Card>
  );
}
