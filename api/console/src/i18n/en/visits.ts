/** Visits, for whoever goes. */
export const visits = {
  visits: {
    states: {
      planned: "planned",
      confirmed: "confirmed",
      on_the_way: "on the way",
      on_site: "on site",
      done: "done",
      missed: "missed",
      cancelled: "called off",
    },
  },
};
