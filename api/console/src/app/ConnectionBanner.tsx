/** Says that the service can't be heard, and since when; goes away by itself. */
import { IconPlugConnectedX } from "@tabler/icons-react";

import { useConnection } from "../api/events";
import { useWords } from "../i18n";
import { formatSpan } from "../words/format";
import { useNow } from "../words/now";

/** A service that is restarted at once is not worth a word. */
const PATIENCE_MS = 3_000;

export function ConnectionBanner() {
  const { t, language } = useWords();
  const { isLost, lastAt } = useConnection();
  useNow();
  const silence = performance.now() - lastAt;
  const isShown = isLost && silence > PATIENCE_MS;
  return (
    <div role="status" className={isShown ? "banner" : undefined}>
      {isShown && (
        <>
          <IconPlugConnectedX size={16} aria-hidden />
          {t("connection.lost", { ago: formatSpan(silence, language) })}
        </>
      )}
    </div>
  );
}
