/** How a chart's range is changed: a drag chooses, Shift and drag or a finger moves, two fingers or Ctrl and wheel stretch, keys do all of it. */
import type uPlot from "uplot";

export interface Range {
  start: number;
  end: number;
}

/** Null shows the whole range again. */
export type OnRange = (range: Range | null) => void;

const SHORTEST_MS = 60_000;
const STEP = 0.2;
const ZOOM = 0.6;

/** The range moved by a share of its length. */
export function moved({ start, end }: Range, share: number): Range {
  const by = (end - start) * share;
  return { start: start + by, end: end + by };
}

/** The range stretched around a moment in it; never shorter than a minute. */
export function stretched({ start, end }: Range, factor: number, around = (start + end) / 2): Range {
  const length = Math.max(SHORTEST_MS, (end - start) * factor);
  const share = (around - start) / (end - start || 1);
  return { start: around - length * share, end: around + length * (1 - share) };
}

/** What a key does to a range: another one, null for the whole, undefined for nothing. */
export function byKey(key: string, range: Range): Range | null | undefined {
  if (key === "ArrowLeft") return moved(range, -STEP);
  if (key === "ArrowRight") return moved(range, STEP);
  if (key === "+" || key === "=") return stretched(range, ZOOM);
  if (key === "-") return stretched(range, 1 / ZOOM);
  if (key === "0" || key === "Home") return null;
  return undefined;
}

/** The gestures on a chart's plot. */
export function gesturePlugin(range: () => Range, onRange: () => OnRange | undefined): uPlot.Plugin {
  return {
    hooks: {
      init: (chart) => {
        const over = chart.over;
        const fingers = new Map<number, number>();
        let grip: { range: Range; x: number; spread: number } | null = null;
        const xs = () => [...fingers.values()];
        const take = () => {
          const [one = 0, other = one] = xs();
          grip = { range: range(), x: (one + other) / 2, spread: Math.abs(one - other) };
        };
        over.addEventListener("dblclick", () => onRange()?.(null));
        over.addEventListener(
          "wheel",
          (event) => {
            const act = onRange();
            if (!act || !event.ctrlKey) return;
            event.preventDefault();
            const at = chart.posToVal(event.offsetX, "x") * 1000;
            act(stretched(range(), event.deltaY < 0 ? ZOOM : 1 / ZOOM, at));
          },
          { passive: false },
        );
        over.addEventListener("pointerdown", (event) => {
          if (!onRange() || (event.pointerType === "mouse" && !event.shiftKey)) return;
          fingers.set(event.pointerId, event.clientX);
          over.setPointerCapture(event.pointerId);
          take();
        });
        over.addEventListener("pointermove", (event) => {
          if (!fingers.has(event.pointerId) || !grip) return;
          fingers.set(event.pointerId, event.clientX);
          const [one = 0, other = one] = xs();
          const width = over.clientWidth || 1;
          const next = moved(grip.range, (grip.x - (one + other) / 2) / width);
          const spread = Math.abs(one - other);
          onRange()?.(grip.spread > 0 && spread > 0 ? stretched(next, grip.spread / spread) : next);
        });
        const leave = (event: PointerEvent) => {
          if (!fingers.delete(event.pointerId)) return;
          if (fingers.size > 0) take();
          else grip = null;
        };
        over.addEventListener("pointerup", leave);
        over.addEventListener("pointercancel", leave);
        // What Shift moves is no choice of a part.
        over.addEventListener("mousedown", (event) => event.shiftKey && event.stopImmediatePropagation(), true);
      },
      setSelect: (chart) => {
        const { left, width } = chart.select;
        if (width < 3) return;
        const [start, end] = [chart.posToVal(left, "x") * 1000, chart.posToVal(left + width, "x") * 1000];
        chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        if (end - start >= SHORTEST_MS) onRange()?.({ start, end });
      },
    },
  };
}
