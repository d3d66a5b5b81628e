/** 上门，供工程师使用。 */
export const visits = {
  visits: {
    states: {
      planned: "已安排",
      confirmed: "已确认",
      on_the_way: "在途",
      on_site: "已到达",
      done: "已完成",
      missed: "未遇",
      cancelled: "已取消",
    },
  },
};
