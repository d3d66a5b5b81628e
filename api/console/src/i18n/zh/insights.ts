import type { insights as english } from "../en/insights";

/** 指标。 */
export const insights: typeof english = {
  insights: {
    title: "指标",
    period: "时段",
    periods: { week: "7 天", month: "30 天", quarter: "90 天", year: "一年" },
    forManagers: "指标供经理查看。",
    notYet: "暂时未知",
    nothing: "这段时间没有数据。",
    verdicts: "实际是什么",
    sources: "工单来源",
    judged_one: "{{count}} 张有结论的工单中",
    judged_other: "{{count}} 张有结论的工单中",
    figures: {
      precision: { title: "预测被证实", means: "有结论的工单中" },
      inTime: { title: "按时解决", means: "已关闭的工单中" },
      toClose: { title: "从生成到关闭", means: "一半工单不超过此时间" },
      opened: { title: "新工单", means: "本时段" },
      closed: { title: "已关闭", means: "本时段" },
      openNow: { title: "目前未完结", means: "工单" },
    },
  },
};
