/** The indicators. */
export const insights = {
  insights: {
    title: "Insights",
    period: "Period",
    periods: { week: "7 days", month: "30 days", quarter: "90 days", year: "a year" },
    forManagers: "The indicators are for managers.",
    notYet: "not known yet",
    nothing: "Nothing in this period.",
    verdicts: "What it really was",
    sources: "Where tickets came from",
    judged_one: "of 1 ticket with a verdict",
    judged_other: "of {{count}} tickets with a verdict",
    figures: {
      precision: { title: "Predictions confirmed", means: "of those with a verdict" },
      inTime: { title: "Solved in time", means: "of the tickets closed" },
      toClose: { title: "From opening to closing", means: "half of the tickets take no longer" },
      opened: { title: "Opened", means: "tickets in this period" },
      closed: { title: "Closed", means: "tickets in this period" },
      openNow: { title: "Open now", means: "tickets" },
    },
  },
};
