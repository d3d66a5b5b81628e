import type { known as english } from "../en/known";

/** 知识库。 */
export const known: typeof english = {
  known: {
    title: "关于该故障的知识",
    page: "知识库",
    find: "查找文章",
    write: "撰写文章",
    takeShipped: "导入内置文章",
    taken_zero: "均已存在",
    taken_one: "已导入 {{count}} 篇",
    taken_other: "已导入 {{count}} 篇",
    save: "保存",
    articles: "文章",
    none: "没有符合的文章。",
    allModels: "所有型号",
    kind: "品类",
    fault: "故障",
    model: "型号",
    columns: { article: "文章", about: "关于", status: "状态", helped: "有效措施", changed: "修改" },
    statuses: { draft: "草稿", published: "已发布", retired: "已停用" },
    parts: {
      title: { en: "英文标题", zh: "中文标题" },
      body: { en: "给技师（英文）", zh: "给技师（中文）" },
      customer: { en: "给客户（英文）", zh: "给客户（中文）" },
    },
    cases_one: "{{number}} 个完结案例",
    cases_other: "{{number}} 个完结案例",
    helped: "{{what}}：{{cases}} 次中 {{held}} 次有效",
    whats: { without_part: "未换备件的处理", fix_first: "客户自行处理" },
    stopped: "该建议已不再有效：成文以来 {{back}} 次复发，{{held}} 次有效。",
  },
  tasks: {
    title_zero: "其他部门的任务",
    title_one: "其他部门的任务（{{count}} 项待办）",
    title_other: "其他部门的任务（{{count}} 项待办）",
    department: "部门",
    text: "需要做什么",
    ask: "提出",
    states: { open: "待办", done: "已完成", declined: "已拒绝" },
    steps: { do: "完成", decline: "不处理" },
  },
};
