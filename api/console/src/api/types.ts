/** The shapes that the pages read, as the API's contract gives them. */

export type TicketStatus =
  | "open" | "triaged" | "scheduled" | "in_progress" | "repaired" | "closed" | "on_hold" | "cancelled";
export type Step =
  | "triage" | "start" | "schedule" | "finish" | "accept" | "reject" | "close" | "reopen" | "hold" | "resume" | "cancel" | "comment";
export type Verdict = "confirmed" | "other_fault" | "no_fault_found" | "usage" | "self_cleared";
export type Condition = "learning" | "ok" | "watch" | "alert" | "cannot_say";
export type Availability = "online" | "sleeping" | "offline" | "stale";

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Evidence {
  metric: string;
  observed: number | null;
  expected_low: number | null;
  expected_high: number | null;
  unit: string;
  since: string | null;
  share: number;
}

export interface Alternative {
  fault_mode: string;
  probability: number;
}

export interface RecommendedPart {
  sku: string;
  name: string;
  probability: number;
}

export interface Recommended {
  first_check: string | null;
  test: string | null;
  parts: RecommendedPart[];
}

export interface HistoryEntry {
  at: string;
  actor: string;
  event: string;
  from_status: string | null;
  to_status: string | null;
  note: string | null;
  data: Record<string, unknown>;
}

export interface Ticket {
  id: string;
  number: number;
  appliance_id: string;
  kind: string;
  model: string | null;
  component: string | null;
  fault_mode: string | null;
  title: string;
  summary: string | null;
  description: string | null;
  version: number;
  status: TicketStatus;
  priority: number;
  severity: number | null;
  source: string;
  opened_at: string;
  onset_at: string | null;
  probability: number | null;
  failure_window: { from: string; to: string; coverage: number } | null;
  evidence: Evidence[];
  alternatives: Alternative[];
  recommended: Recommended;
  sla: { respond_by: string | null; resolve_by: string | null; paused_reason: string | null };
  assignee: string | null;
  visit: { from: string | null; to: string | null } | null;
  verdict: Verdict | null;
  history: HistoryEntry[];
  legal_steps: string[];
}

export interface Appliance {
  id: string;
  kind: string;
  model: string | null;
  serial: string | null;
  firmware: string | null;
  region: string | null;
  availability: Availability;
  condition: Condition;
  condition_reason: string;
  condition_at: string | null;
  health: Record<string, number>;
  capabilities: string[];
  last_seen: string | null;
  open_tickets: number[];
}

export interface Metric {
  name: string;
  unit: string;
  kind: string;
  low: number;
  high: number;
  label: string;
}

export interface ApplianceDetail extends Appliance {
  registered_at: string | null;
  latest: Record<string, { ts: number; value: number }>;
  metrics: Metric[];
}

export interface Telemetry {
  ts: number[];
  series: Record<string, (number | null)[]>;
}

export interface SessionCommand {
  id: string;
  name: string;
  class: string;
  args: Record<string, unknown>;
  state: string;
  reason: string | null;
  data: Record<string, unknown> | null;
  issued_at: string;
  not_after: string;
  sent_at: string | null;
  answered_at: string | null;
}

export interface TranscriptEntry {
  at: string;
  actor: string;
  event: string;
  command_id: string | null;
  data: Record<string, unknown>;
}

export interface DiagnosisSession {
  id: string;
  ticket_id: string;
  ticket_number: number;
  appliance_id: string;
  scope: string;
  state: string;
  requested_at: string;
  requested_by: string;
  tries_left: number;
  granted_at: string | null;
  expires_at: string | null;
  ended_at: string | null;
  end_reason: string | null;
  commands: SessionCommand[];
  transcript: TranscriptEntry[];
}

export interface Account {
  name: string;
  role: string;
}
