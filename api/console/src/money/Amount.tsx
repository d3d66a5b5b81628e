/** An amount with its currency, as the reader writes them; a link to a ticket; a new id; and the way to enter something. */
import { Button } from "@mantine/core";
import { Link } from "react-router";

import { useActions } from "../app/keys";
import { useWords } from "../i18n";
import { formatAmount } from "../words/format";
import { now } from "../words/now";

export function Amount({ of, currency }: { of: string | null; currency: string }) {
  const { t, language } = useWords();
  return <span className="figure">{of === null ? t("none") : formatAmount(of, currency, language)}</span>;
}

export function TicketLink({ number }: { number: number }) {
  return <Link to={`/tickets/${number}`}>#{number}</Link>;
}

/** A number to begin with; a person may write their own. */
export function newId(prefix: string): string {
  return `${prefix}-${now().toString(36).toUpperCase()}`;
}

/** The button above a list, and its key. */
export function Enter({ label, onEnter }: { label: string; onEnter: () => void }) {
  useActions([{ label, keys: ["n"], act: onEnter }]);
  return (
    <p>
      <Button size="xs" onClick={onEnter}>
        {label}
      </Button>
    </p>
  );
}
