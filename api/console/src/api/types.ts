/** The shapes that the pages read, by the names the pages use. All of them are the API's own: see schema.d.ts. */
import type { When } from "../words/format";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type ApplianceSort = Schemas["ApplianceSort"];
export type Alert = Schemas["Alert"];
export type Appliance = Schemas["Appliance"];
export type ApplianceDetail = Schemas["ApplianceDetail"];
export type Article = Schemas["Article"];
export type ArticleRequest = Schemas["ArticleRequest"];
export type Availability = Schemas["Availability"];
export type Whole = Schemas["Beside"];
/** What stands beside a ticket. */
export type Beside = Omit<Whole, "ticket">;
export type CommandRequest = Schemas["CommandRequest"];
export type Condition = Schemas["ConditionState"];
export type DiagnosisSession = Schemas["Session"];
export type Evidence = Schemas["Evidence"];
export type FormRequest = Schemas["FormRequest"];
export type HistoryEntry = Schemas["HistoryEntry"];
export type QueueColumns = Schemas["Queue"];
/** One of its rows, as news of a ticket carries it. */
export type QueueRow = {
  [Name in keyof QueueColumns["columns"]]: QueueColumns["columns"][Name][number];
};
export type Protected = Schemas["Protected"];
export type Metric = Schemas["Metric"];
export type Feature = Schemas["Feature"];
export type Profile = Schemas["Profile"];
export type OfferedTest = Schemas["OfferedTest"];
export type Procedure = Schemas["Procedure"];
export type RemoteExit = Schemas["RemoteExit"];
export type Said = Schemas["Said"];
export type Scope = Schemas["Scope"];
export type SessionCommand = Schemas["Command"];
export type SavedView = Schemas["SavedViewDocument"];
export type SavedViewRequest = Schemas["SavedViewRequest"];
export type StepRequest = Schemas["StepRequest"];
export type Telemetry = Schemas["Telemetry"];
export type Ticket = Schemas["Ticket"];
/** What a list shows of a ticket; an open one comes from the queue's columns, with times in ms. */
export type TicketRow = Pick<
  Ticket,
  | "number"
  | "version"
  | "appliance_id"
  | "kind"
  | "model"
  | "region"
  | "fault_mode"
  | "title"
  | "status"
  | "priority"
  | "severity"
  | "source"
  | "type"
  | "assignee"
  | "legal_steps"
> & {
  cleared_at: When;
  sla: { respond_by: When; resolve_by: When; paused_reason: string | null };
  failure_window: { from: When; to: When; coverage: number } | null;
  /** What a held ticket waits for; a step's answer leaves it out, the queue's row behind it says it. */
  pause?: string | null;
  /** Whether something is to be tried from afar first; from the queue alone, too. */
  remote_first?: boolean;
};
export type TicketChange = Schemas["TicketChangeRequest"];
export type TicketRequest = Schemas["TicketRequest"];
export type TicketStatus = Schemas["TicketState"];
export type TranscriptEntry = Schemas["TranscriptEntry"];
export type VerdictRequest = Schemas["VerdictRequest"];
export type Verdict = Schemas["Verdict"];

export interface Page<T> {
  items: T[];
  next?: string | null;
}

export type DeadLetter = Schemas["DeadLetter"];
export type DeadLetterReason = Schemas["DeadLetter"]["reason"];
export type SilenceRequest = Schemas["SilenceRequest"];
export type Usual = Schemas["Usual"];
export type User = Schemas["User"];
export type UserChange = Schemas["UserChange"];
export type UserRequest = Schemas["UserRequest"];
export type AlertState = Schemas["AlertState"];
export type DeliveryState = Schemas["DeliveryState"];
export type Incident = Schemas["Incident"];
export type IncidentState = Schemas["IncidentState"];
export type NoticeDelivery = Schemas["NoticeDelivery"];
export type LetterDocument = Schemas["LetterDocument"];
export type Receiver = Schemas["Receiver"];
export type AbsenceReason = Schemas["AbsenceReason"];
export type Board = Schemas["BoardDocument"];
export type BoardRow = Schemas["BoardRow"];
export type BoardVisit = Schemas["BoardVisit"];
export type Hindrance = Schemas["Hindrance"];
export type PlanDocument = Schemas["PlanDocument"];
export type Visit = Schemas["VisitDocument"];
export type WaitingJob = Schemas["WaitingJob"];
export type Weighed = Schemas["Weighed"];
export type OwnDay = Schemas["OwnDayDocument"];
export type OwnVisit = Schemas["OwnVisit"];
export type Provider = Schemas["ProviderDocument"];
export type ProviderRequest = Schemas["ProviderRequest"];
export type StockLevel = Schemas["Level"];
export type StockMove = Schemas["MovementRequest"];
export type StockPlaceRequest = Schemas["StockPlaceRequest"];
export type StockPlace = Schemas["StockPlaceDocument"];
export type Technician = Schemas["TechnicianDocument"];
export type TechnicianRequest = Schemas["TechnicianRequest"];
export type VisitStepRequest = Schemas["VisitStepRequest"];
