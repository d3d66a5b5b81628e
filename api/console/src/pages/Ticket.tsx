import { useNavigate, useParams } from "react-router";

import { useKeys } from "../app/keys";
import { TicketView } from "../ticket/TicketView";

/** One ticket on a page of its own. */
export function Ticket() {
  const { number = "" } = useParams();
  const navigate = useNavigate();
  useKeys({ Escape: () => void navigate(`/queue?t=${number}`) });
  return <TicketView key={number} number={number} />;
}
