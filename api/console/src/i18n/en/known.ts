/** What is known of fault modes. */
export const known = {
  known: {
    title: "Known about this fault",
    page: "Knowledge",
    find: "Find an article",
    write: "Write an article",
    save: "Save",
    articles: "Articles",
    none: "Nothing is written down that fits.",
    allModels: "all models",
    kind: "Kind",
    fault: "Fault",
    model: "Model",
    columns: { article: "Article", about: "About", status: "Status", helped: "What has helped", changed: "Changed" },
    statuses: { draft: "draft", published: "published", retired: "retired" },
    parts: {
      title: { en: "Title in English", zh: "Title in Chinese" },
      body: { en: "For technicians, in English", zh: "For technicians, in Chinese" },
      customer: { en: "For the customer, in English", zh: "For the customer, in Chinese" },
    },
    cases_one: "1 closed case",
    cases_other: "{{number}} closed cases",
    helped: "{{what}}: held in {{held}} of {{cases}}",
    whats: { without_part: "Work without a part", fix_first: "What customers did themselves" },
    stopped: "This advice has stopped helping: since it was written {{back}} came back, {{held}} held.",
  },
};
