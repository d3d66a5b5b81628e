/** Technicians and providers. */
export const people = {
  people: {
    reasons: { holiday: "holiday", sick: "sick", training: "training", other: "away" },
    licences: { mains: "mains", gas: "gas", refrigerant: "refrigerant" },
  },
};
