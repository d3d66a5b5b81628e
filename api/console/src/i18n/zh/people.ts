/** 工程师与服务商。 */
export const people = {
  people: {
    reasons: { holiday: "休假", sick: "病假", training: "培训", other: "缺勤" },
    licences: { mains: "电工证", gas: "燃气证", refrigerant: "制冷剂证" },
  },
};
