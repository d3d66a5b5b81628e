"""A chart as SVG: drawn here, so that it needs no script and can be printed, sent and kept.

One unit of the drawing is a pixel of a screen, :data:`WIDTH` by :data:`HEIGHT`.
"""

from __future__ import annotations

from html import escape

from api.papers.paper import Chart

WIDTH, HEIGHT = 640, 180
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 10, 24
HEADROOM = 0.06
"""What is left free above and below, as a share of what the values span."""


def drawn(chart: Chart) -> str:
    """The chart as one ``<svg>``; empty without any value."""
    known = [(at, value) for at, value in chart.points if value is not None]
    if not known:
        return ""
    limits = [one for one in (chart.low, chart.high) if one is not None]
    values = [value for _, value in known] + limits
    low, high = min(values), max(values)
    room = (high - low) * HEADROOM or max(abs(high), 1.0) * HEADROOM
    low, high = low - room, high + room
    start_ms, end_ms = chart.points[0][0], max(chart.points[-1][0], chart.points[0][0] + 1)

    def x(at_ms: int) -> float:
        share = min(max((at_ms - start_ms) / (end_ms - start_ms), 0.0), 1.0)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    shades = "".join(
        f'<rect class="span" x="{x(begun)}" y="{TOP}" width="{max(x(ended) - x(begun), 1):g}"'
        f' height="{HEIGHT - TOP - BOTTOM}"/>'
        for begun, ended in chart.spans
    )
    lines = "".join(
        f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(one)}" y2="{y(one)}"/>{_word(LEFT, y(one), one)}'
        for one in limits
    )
    ends = (min(value for _, value in known), max(value for _, value in known))
    scale = "".join(_word(LEFT, y(one), one) for one in dict.fromkeys(ends))
    path = " ".join(_strokes([(x(at), None if value is None else y(value)) for at, value in chart.points]))
    words = (
        f'<text x="{LEFT}" y="{HEIGHT - 6}">{escape(chart.ends[0])}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(chart.ends[1])}</text>'
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(chart.summary or chart.title)}">'
        f'{shades}{lines}{scale}<path class="line" d="{path}"/>{words}</svg>'
    )


def _word(x: float, y: float, value: float) -> str:
    return f'<text x="{x - 6}" y="{y + 4:g}" text-anchor="end">{value:.4g}</text>'


def _strokes(points: list[tuple[float, float | None]]) -> list[str]:
    """The steps of a path; it is lifted where nothing was reported."""
    steps, is_down = [], False
    for at, height in points:
        if height is not None:
            steps.append(f"{'L' if is_down else 'M'}{at:g} {height:g}")
            # A value between two gaps would be a stroke of no length: it is drawn as a point.
            if not is_down:
                steps.append("h.1")
        is_down = height is not None
    return steps
