/** What is drawn around the line: the expected band and spans beneath it, onset and alarm above it. */
import type uPlot from "uplot";

export interface Band {
  low: number | null;
  high: number | null;
}

export interface ChartMark {
  at: number;
  label: string;
  tone: "accent" | "bad";
}

export interface ChartSpan {
  from: number;
  to: number;
  label: string;
}

interface Ground {
  band?: Band | null;
  spans?: ChartSpan[];
}

/** Fills the expected band with two edges, so that it is seen without colour as well, and spans of time such as a failure window. */
export function bandPlugin(
  ground: () => Ground,
  colours: { band: string; edge: string; span: string; name: string },
): uPlot.Plugin {
  return {
    hooks: {
      drawClear: (chart) => {
        const { ctx, bbox } = chart;
        const { band, spans } = ground();
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
        ctx.clip();
        for (const span of spans ?? []) {
          const [left, right] = [
            chart.valToPos(span.from / 1000, "x", true),
            chart.valToPos(span.to / 1000, "x", true),
          ];
          ctx.fillStyle = colours.span;
          ctx.fillRect(left, bbox.top, right - left, bbox.height);
          ctx.fillStyle = colours.name;
          ctx.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`;
          ctx.textBaseline = "top";
          ctx.textAlign = "left";
          const room = bbox.left + bbox.width - ctx.measureText(span.label).width - 4 * devicePixelRatio;
          ctx.fillText(
            span.label,
            Math.min(Math.max(left, bbox.left) + 5 * devicePixelRatio, room),
            bbox.top + 4 * devicePixelRatio,
          );
        }
        if (band && (band.low !== null || band.high !== null)) {
          const top = band.high === null ? bbox.top : chart.valToPos(band.high, "y", true);
          const bottom = band.low === null ? bbox.top + bbox.height : chart.valToPos(band.low, "y", true);
          ctx.fillStyle = colours.band;
          ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
          ctx.strokeStyle = colours.edge;
          ctx.globalAlpha = 0.55;
          ctx.setLineDash([4, 4]);
          ctx.lineWidth = 1;
          for (const [isThere, y] of [
            [band.high !== null, top],
            [band.low !== null, bottom],
          ] as const) {
            if (!isThere) continue;
            ctx.beginPath();
            ctx.moveTo(bbox.left, y);
            ctx.lineTo(bbox.left + bbox.width, y);
            ctx.stroke();
          }
        }
        ctx.restore();
      },
    },
  };
}

/** Draws a line and its name at each marked moment in sight. */
export function markPlugin(marks: () => ChartMark[], colours: Record<ChartMark["tone"], string>): uPlot.Plugin {
  return {
    hooks: {
      draw: (chart) => {
        const { ctx, bbox } = chart;
        const ratio = devicePixelRatio;
        ctx.save();
        ctx.font = `600 ${11 * ratio}px system-ui, sans-serif`;
        ctx.textBaseline = "bottom";
        ctx.textAlign = "left";
        let freeFrom = -Infinity;
        const sorted = [...marks()].sort((one, other) => one.at - other.at);
        for (const [index, mark] of sorted.entries()) {
          const x = chart.valToPos(mark.at / 1000, "x", true);
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.strokeStyle = ctx.fillStyle = colours[mark.tone];
          ctx.lineWidth = 1.5 * ratio;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          const width = ctx.measureText(mark.label).width;
          const next = sorted[index + 1];
          const end = next ? chart.valToPos(next.at / 1000, "x", true) : Infinity;
          // A name that would run into the next mark's stands before its own line.
          const isBefore = end < x + width + 8 * ratio && x - width > Math.max(bbox.left, freeFrom);
          const left = Math.min(isBefore ? x - width : x, bbox.left + bbox.width - width);
          if (left < freeFrom) continue;
          ctx.fillText(mark.label, left, bbox.top - 1 * ratio);
          freeFrom = left + width + 8 * ratio;
        }
        ctx.restore();
      },
    },
  };
}
