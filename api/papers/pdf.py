"""A paper as PDF, A4, in the fonts that every reader of PDF has; so Chinese needs no font file on our side.

Latin letters are set in Helvetica, everything else in STSong-Light, one of the Chinese fonts that readers bring or replace.
A letter that neither has (Polish, Vietnamese, Arabic ...) is set as □ and never left out. Charts stay in the report.
"""

from __future__ import annotations

from html import escape
from io import BytesIO
from itertools import groupby

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from api.papers.paper import Block, Facts, Grid, Paper, Words

LATIN, CHINESE = "Helvetica", "STSong-Light"
MISSING = "□"
MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
NAMES_WIDTH = 45 * mm

_BODY = ParagraphStyle("body", fontName=LATIN, fontSize=9.5, leading=13.5, wordWrap="CJK")
_TITLE = ParagraphStyle("title", parent=_BODY, fontSize=15, leading=20, spaceAfter=4)
_HEADING = ParagraphStyle("heading", parent=_BODY, fontSize=11.5, leading=16, spaceBefore=10, spaceAfter=3)
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=8, leading=11, textColor=colors.grey)
_LINES = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey),
    ]
)


def pdf_of(paper: Paper) -> bytes:
    """The whole file; the same paper gives the same bytes."""
    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))
    story: list[Flowable] = [_text(paper.title, _TITLE)]
    for section in paper.sections:
        story.append(_text(section.title, _HEADING))
        story += [flowable for block in section.blocks for flowable in _flowables(block)]
    story += [Spacer(0, 12), _text(paper.footer, _SMALL)]
    file = BytesIO()
    template = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=paper.title,
        author="Fettle",
        lang=paper.language,
        invariant=1,
    )
    template.build(story)
    return file.getvalue()


def _flowables(block: Block) -> list[Flowable]:
    if isinstance(block, Facts):
        rows = [[_text(name), _text(value)] for name, value in block.rows]
        return [Table(rows, colWidths=(NAMES_WIDTH, WIDTH - NAMES_WIDTH), style=_LINES)] if rows else []
    if isinstance(block, Grid):
        rows = [[_text(cell) for cell in row] for row in (block.heads, *block.rows)]
        return [Table(rows, colWidths=[WIDTH / len(block.heads)] * len(block.heads), style=_LINES, repeatRows=1)]
    return [_text(block.text)] if isinstance(block, Words) else []


def _text(text: str, style: ParagraphStyle = _BODY) -> Paragraph:
    """A paragraph, each run of letters in the font that has them."""
    runs = groupby(text, key=_font)
    return Paragraph("".join(f'<font name="{font}">{_letters(font, "".join(run))}</font>' for font, run in runs), style)


def _font(letter: str) -> str:
    return LATIN if _has(letter, "cp1252") else CHINESE


def _letters(font: str, run: str) -> str:
    return escape(run if font == LATIN else "".join(one if _has(one, "gbk") else MISSING for one in run))


def _has(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
