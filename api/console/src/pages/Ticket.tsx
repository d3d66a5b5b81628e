import { useNavigate, useParams } from "react-router";

import { useActions } from "../app/keys";
import { useWords } from "../i18n";
import { TicketView } from "../ticket/TicketView";

/** One ticket on a page of its own. */
export function Ticket() {
  const { t } = useWords();
  const { number = "" } = useParams();
  const navigate = useNavigate();
  useActions([{ label: t("keys.back"), keys: ["Escape"], act: () => void navigate(`/queue?t=${number}`) }]);
  return <TicketView key={number} number={number} />;
}
