"""A paper as HTML: one file without script that can be read, printed and kept."""

from __future__ import annotations

from html import escape

from api.papers.paper import Block, Chart, Facts, Grid, Paper, Section
from api.papers.svg import drawn

_STYLE = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 44rem; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; margin: .5rem 0; } h2 { font-size: 1.1rem; margin: 1.3rem 0 .4rem; }
h3 { font-size: 1rem; margin: .8rem 0 .2rem; }
dl { display: grid; grid-template-columns: minmax(8rem, 1fr) 3fr; gap: .25rem 1rem; margin: 0; } dt { opacity: .75; } dd { margin: 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: start; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #8886; }
td { overflow-wrap: normal; } td:last-child { overflow-wrap: anywhere; } td:first-child { min-width: 5.5rem; } th { overflow-wrap: normal; }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: currentColor; }
svg .line { fill: none; stroke: #1c6fd0; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
svg .limit { stroke: #b3261e; stroke-dasharray: 5 4; } svg .span { fill: #8883; }
footer { margin-top: 1.5rem; font-size: .9rem; opacity: .8; } a { color: inherit; }
@media print { nav { display: none; } }
"""


def html_of(paper: Paper, links: tuple[tuple[str, str], ...] = ()) -> str:
    """The whole page; ``links`` are (address, words) that stand above it and are not printed."""
    refresh = "" if paper.refresh_s is None else f'<meta http-equiv="refresh" content="{paper.refresh_s}">'
    ways = "".join(f'<a href="{escape(address)}">{escape(words)}</a> ' for address, words in links)
    nav = f"<nav>{ways}</nav>" if ways else ""
    body = "".join(_section(one) for one in paper.sections)
    return f"""<!doctype html>
<html lang="{paper.language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{escape(paper.title)}</title>
<style>{_STYLE}</style>{refresh}</head>
<body>{nav}<main><h1>{escape(paper.title)}</h1>{body}</main><footer>{escape(paper.footer)}</footer></body></html>
"""


def _section(section: Section) -> str:
    return f"<section><h2>{escape(section.title)}</h2>{''.join(map(_block, section.blocks))}</section>"


def _block(block: Block) -> str:
    if isinstance(block, Facts):
        return f"<dl>{''.join(f'<dt>{escape(a)}</dt><dd>{escape(b)}</dd>' for a, b in block.rows)}</dl>"
    if isinstance(block, Grid):
        heads = "".join(f'<th scope="col">{escape(one)}</th>' for one in block.heads)
        rows = "".join(f"<tr>{''.join(f'<td>{escape(one)}</td>' for one in row)}</tr>" for row in block.rows)
        return (
            f'<div class="wide" tabindex="0"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
        )
    if isinstance(block, Chart):
        return f"<h3>{escape(block.title)}</h3>{drawn(block)}<p>{escape(block.summary)}</p>"
    return f"<p>{escape(block.text)}</p>"
