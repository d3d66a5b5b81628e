/** A new ticket, from anywhere: which appliance, what is wrong, how soon. One that stands already is shown instead. */
import { Alert, Anchor, Group, NativeSelect, Stack, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { Link, useNavigate } from "react-router";

import { useAppliances } from "../api/appliances";
import { Problem } from "../api/client";
import { useOpenTicket, useTicketTypes } from "../api/tickets";
import { useWords } from "../i18n";
import { useNames } from "../words/names";
import { Dialog, DialogEnd } from "./Dialog";
import { useProblemSentence } from "./Notice";

const PRIORITIES = ["1", "2", "3", "4"];
/** Sources that a person may name. */
const SOURCES = ["customer", "technician", "preventive", "hotline", "store"] as const;
type Source = (typeof SOURCES)[number];

export function NewTicketDialog({ appliance = "", onClose }: { appliance?: string; onClose: () => void }) {
  const { t, language } = useWords();
  const names = useNames();
  const types = useTicketTypes(language).data?.items ?? [];
  const navigate = useNavigate();
  const sentence = useProblemSentence();
  const open = useOpenTicket();
  const [id, setId] = useState(appliance);
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const [fault, setFault] = useState("");
  const [priority, setPriority] = useState("3");
  const [type, setType] = useState("repair");
  const [wish, setSource] = useState<Source>("customer");
  const allowed = types.find((one) => one.name === type)?.sources ?? SOURCES;
  const sources = SOURCES.filter((one) => allowed.includes(one));
  const source = sources.includes(wish) ? wish : sources[0];
  const [settled] = useDebouncedValue(id.trim(), 200);
  const found = useAppliances({ q: settled || undefined }, 8).data?.pages[0]?.items ?? [];
  const kind = found.find((one) => one.id === id.trim())?.kind;
  const send = () =>
    open.mutate(
      {
        appliance_id: id.trim(),
        title: title.trim(),
        description: description.trim() || null,
        fault_mode: fault || null,
        priority: Number(priority),
        source,
        type,
      },
      {
        onSuccess: (ticket) => {
          onClose();
          void navigate(`/tickets/${ticket.number}`);
        },
      },
    );
  const standing = open.error instanceof Problem && open.error.status === 409 ? open.error.body.ticket_id : undefined;
  return (
    <Dialog opened onClose={onClose} title={t("newTicket.title")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <Stack gap="sm">
          <TextInput
            data-autofocus={appliance === "" || undefined}
            label={t("newTicket.appliance")}
            required
            maxLength={64}
            list="new-ticket-appliances"
            autoComplete="off"
            value={id}
            onChange={(event) => setId(event.currentTarget.value)}
          />
          <datalist id="new-ticket-appliances">
            {found.map((one) => (
              <option key={one.id} value={one.id}>
                {names.kind(one.kind)} {one.model}
              </option>
            ))}
          </datalist>
          <NativeSelect
            label={t("newTicket.type")}
            value={type}
            onChange={(event) => setType(event.currentTarget.value)}
            data={types.map((one) => ({ value: one.name, label: one.label }))}
          />
          <TextInput
            data-autofocus={appliance !== "" || undefined}
            label={t("newTicket.what")}
            required
            maxLength={200}
            value={title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <Textarea
            label={t("newTicket.more")}
            autosize
            minRows={2}
            maxRows={8}
            maxLength={4000}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <Group grow>
            <NativeSelect
              label={t("queue.facets.priority")}
              value={priority}
              onChange={(event) => setPriority(event.currentTarget.value)}
              data={PRIORITIES.map((value) => ({ value, label: t(`newTicket.priorities.p${value}`) }))}
            />
            <NativeSelect
              label={t("newTicket.source")}
              value={source}
              onChange={(event) => setSource(event.currentTarget.value as Source)}
              data={sources.map((value) => ({ value, label: t(`source.${value}`) }))}
            />
          </Group>
          {kind && (
            <NativeSelect
              label={t("newTicket.fault")}
              value={fault}
              onChange={(event) => setFault(event.currentTarget.value)}
              data={[
                { value: "", label: t("newTicket.noFault") },
                ...names.faults(kind).map((value) => ({ value, label: names.fault(kind, value) })),
              ]}
            />
          )}
          {open.isError && (
            <Alert color="red">
              {sentence(open.error)}{" "}
              {typeof standing === "string" && (
                <Anchor component={Link} to={`/tickets/${standing}`} onClick={onClose} inherit>
                  {t("newTicket.standing")}
                </Anchor>
              )}
            </Alert>
          )}
          <DialogEnd onCancel={onClose} label={t("newTicket.open")} isBusy={open.isPending} />
        </Stack>
      </form>
    </Dialog>
  );
}
