/** What a role may do; each role may do what those before it may. The API decides, this only keeps what it would refuse off the page. */
export const ROLES = ["provider", "viewer", "technician", "dispatcher", "manager", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whether an account with this role may do what needs the other. */
export function mayDo(role: string | undefined, needed: Role): boolean {
  return ROLES.indexOf(role as Role) >= ROLES.indexOf(needed);
}

/** The role that a step of the life cycle needs. */
export function roleOfStep(step: string): Role {
  return step === "schedule" || step === "cancel" ? "dispatcher" : "technician";
}
