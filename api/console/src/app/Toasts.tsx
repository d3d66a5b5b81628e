/** What was done, said for a moment, with a way back. */
import { Notifications } from "@mantine/notifications";

export function Toasts() {
  return <Notifications position="bottom-right" />;
}
