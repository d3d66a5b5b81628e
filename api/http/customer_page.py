"""The customer's page as HTML: one file without script, which a phone of any age shows at once.

Every value that came from a person is escaped where it is put in; every button is a form, so that nothing is lost where a
browser runs no script. What stands here is the view and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

from alerts.billing.bill import Quote, QuoteStatus
from alerts.care.care import Care, GivenAdvice
from alerts.care.lifecycle import AdviceState
from alerts.customers.answering import TEXT_MAX, AnswerKind, RatingReason
from alerts.customers.view import CustomerView
from alerts.knowledge.article import Article
from alerts.lifecycle import FixFirstState, TicketState
from alerts.tickets.sentence import in_language
from alerts.visits.visit import Slot
from api.http.customer_words import WORDS, day_of
from ingest.clock import to_ms

_STYLE = """\
:root { color-scheme: light dark; font: 17px/1.55 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 36rem; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.35rem; margin: .5rem 0; } h2 { font-size: 1.1rem; margin: 0 0 .4rem; }
section { border: 1px solid #8886; border-radius: 12px; padding: .9rem 1rem; margin: 0 0 1rem; }
p { margin: 0 0 .6rem; } form { margin: .4rem 0 .7rem; }
label { display: block; margin: 0 0 .3rem; } fieldset { border: 0; padding: 0; margin: 0 0 .6rem; }
fieldset label { display: inline-block; margin-right: 1rem; min-height: 32px; } legend { padding: 0; margin-bottom: .3rem; }
textarea { font: inherit; width: 100%; box-sizing: border-box; min-height: 5rem; margin: 0 0 .5rem; }
button { font: inherit; min-height: 46px; padding: 0 1.1rem; border-radius: 10px; border: 1px solid currentColor;
  background: none; color: inherit; cursor: pointer; }
button.main { background: #1257a8; border-color: #1257a8; color: #fff; }
button.stop { background: #b3261e; border-color: #b3261e; color: #fff; font-weight: 700; width: 100%; }
summary { cursor: pointer; min-height: 32px; } li { margin: 0 0 .6rem; } ul { padding-left: 1.2rem; margin: 0; }
.note { border-color: #2e7d32; } .small { font-size: .9rem; } a { color: inherit; }
"""
NOTICES = frozenset({"sent"})
CARE_FROM = 0.3
"""Of a consumable the customer reads from this share of its life on."""


def page_of(
    view: CustomerView,
    language: str,
    *,
    kind: str,
    slots: Sequence[Slot] = (),
    quote: Quote | None = None,
    article: Article | None = None,
    care: Care | None = None,
    notice: str | None = None,
    why: str | None = None,
) -> str:
    """The whole page of a view; ``kind`` is the appliance's kind as people call it, ``slots`` are times to choose from, ``quote`` what it costs, ``article`` what is known, ``care`` what is advised."""
    words = WORDS[language]
    ticket = view.ticket
    other = "zh" if language == "en" else "en"
    name = view.customer.contact.name if view.customer.contact else ""
    told = f'<section class="note" role="status"><p>{_put(words[notice])}</p></section>' if notice in NOTICES else ""
    if why is not None:
        told = f'<section class="note" role="alert"><p>{_put(words["wrong"], why=why)}</p></section>'
    parts = [
        told,
        _what(view, words, language),
        _section(words["now"], f"<p>{words[f'status_{ticket.status.value}']}</p>{_finished(view, words)}"),
        _fix_first(view, words, language),
        _known(article, words, language),
        _care(care, view, words, language),
        _gentle(view, words, language),
        _price(quote, view, words, language),
        _visit(view, slots, words, language),
        _remote(view, words, language),
        _allow(view, words),
        _write(view, words),
        _stored(view, words, language),
    ]
    refresh = '<meta http-equiv="refresh" content="15">' if view.is_connected else ""
    return _document(
        language,
        f"{kind} · #{ticket.number}",
        f'<header><p><a href="?lang={other}" hreflang="{other}">{words["other"]}</a></p>'
        f"<h1>{_put(words['title'])}{words['colon']}{escape(' '.join(filter(None, (kind, ticket.model))))}</h1>"
        f"<p>{_put(words['hello'], name=name)}</p></header><main>{''.join(parts)}</main>",
        head=refresh,
    )


def no_page(language: str) -> str:
    """What stands where a link does not work."""
    words = WORDS[language]
    body = f"<main><h1>{words['no_link_title']}</h1><p>{words['no_link']}</p></main>"
    return _document(language, words["no_link_title"], body)


def _what(view: CustomerView, words: Mapping[str, str], language: str) -> str:
    ticket = view.ticket
    seen = in_language(ticket.summary, language)
    lines = [f"<p>{escape(seen)}</p>" if seen else f"<p>{_put(words['by_hand'], title=ticket.title)}</p>"]
    if seen:
        lines.append(f"<h2>{words['means']}</h2><p>{_sure(ticket.probability, words)}</p>")
    if ticket.failure_window is not None:
        start, end = (_day(one, view, language) for one in (ticket.failure_window.start, ticket.failure_window.end))
        lines.append(f"<p>{_put(words['window'], start=start, end=end)}</p>")
    return _section(words["saw"], "".join(lines))


def _sure(probability: float | None, words: Mapping[str, str]) -> str:
    if probability is None:
        return words["no_share"]
    word = "sure_high" if probability >= 0.8 else "sure_middle" if probability >= 0.5 else "sure_low"
    return words[word].format(share=round(probability * 100))


def _finished(view: CustomerView, words: Mapping[str, str]) -> str:
    if not view.is_finished:
        return ""
    refuse = _form("not_accepted", words["send"], _area("text", words["refuse_label"]))
    parts = []
    if view.ticket.status is TicketState.REPAIRED:
        parts.append(_form("accepted", words["accept"], css="main"))
    parts.append(f"<details><summary>{words['refuse']}</summary>{refuse}</details>")
    rated = "" if view.stars is None else f"<p>{words['rated'].format(n=view.stars)}</p>"
    stars = "".join(
        f'<label><input type="radio" name="stars" value="{n}" required{" checked" if n == view.stars else ""}> '
        f"{words['stars'].format(n=n)}</label>"
        for n in range(5, 0, -1)
    )
    about = "".join(
        f'<label><input type="checkbox" name="reasons" value="{one.value}"> {words[one.value]}</label>'
        for one in RatingReason
    )
    fields = (
        f"<fieldset><legend>{words['rate']}</legend>{stars}</fieldset>"
        f"<fieldset><legend>{words['reasons']}</legend>{about}</fieldset>{_area('text', words['words'], is_needed=False)}"
    )
    return "".join([*parts, rated, _form("rating", words["send"], fields)])


def _known(article: Article | None, words: Mapping[str, str], language: str) -> str:
    """What the knowledge base says to customers about this fault."""
    said = "" if article is None else in_language(article.text.customer, language)
    if article is None or not said:
        return ""
    lines = "".join(f"<p>{escape(line)}</p>" for line in said.splitlines() if line.strip())
    return _section(in_language(article.text.title, language) or words["known"], lines)


def _care(care: Care | None, view: CustomerView, words: Mapping[str, str], language: str) -> str:
    """What is advised about use, what came of it, and what is soon used up; nothing while nothing may be advised."""
    if care is None:
        return ""
    parts = [_advised(one, view, words, language) for one in care.advice if one.text is not None]
    for left in (one for one in care.consumables if one.remaining < CARE_FROM):
        title, share = in_language(left.consumable.title, language) or "", f"{100 * left.remaining:.0f}"
        when = _date(left.due_on, language)
        parts.append(f'<p class="small">{_put(words["care_left"], title=title, share=share, when=when)}</p>')
    said = "".join(parts)
    return _section(words["care"], f'{said}<p class="small">{words["care_why"]}</p>') if said else ""


def _advised(one: GivenAdvice, view: CustomerView, words: Mapping[str, str], language: str) -> str:
    title = "" if one.text is None else in_language(one.text.title, language) or ""
    text = "" if one.text is None else in_language(one.text.text, language) or ""
    head = f"<h3>{escape(title)}</h3>"
    if one.state is AdviceState.STANDING:
        hidden = f'<input type="hidden" name="advice" value="{one.id}">'
        done, no = (
            _form(deed, words[word], hidden, css=css, label=f"{words[word]}{words['colon']}{title}")
            for deed, word, css in (("advice_done", "care_done", "main"), ("advice_no", "care_no", ""))
        )
        return f"{head}<p>{escape(text)}</p>{done}{no}"
    if one.state is AdviceState.FOLLOWED:
        return f"{head}<p>{_put(words['care_followed'], when=_day(one.settles_at, view, language))}</p>"
    if one.state is AdviceState.HELPED and one.after is not None:
        unit = "" if one.use is None else f" {one.use.unit}"
        numbers = {"before": f"{one.before:.3g}{unit}", "after": f"{one.after:.3g}{unit}"}
        return f"{head}<p>{_put(words['care_helped'], **numbers)}</p>"
    return ""


def _fix_first(view: CustomerView, words: Mapping[str, str], language: str) -> str:
    found = view.fix_first
    if found.steps is None:
        return ""
    last = found.attempts[0] if found.attempts else None
    if last is not None and last.state is FixFirstState.WATCHING and last.settle_by is not None:
        return _section(
            words["fix"], f"<p>{_put(words['fix_watching'], when=_day(last.settle_by, view, language))}</p>"
        )
    if not found.is_offered and (last is None or last.state is not FixFirstState.DECLINED):
        return _section(words["fix"], f"<p>{words[f'fix_{last.state.value}']}</p>") if last is not None else ""
    title = in_language(found.steps.title, language)
    steps = "".join(f"<li>{escape(in_language(one, language))}</li>" for one in found.steps.steps)
    told = words["fix_why"].format(share=round((found.helps or 0) * 100), minutes=f"{found.steps.minutes:g}")
    buttons = _form("fix_done", words["fix_done"], css="main")
    if found.is_offered:
        buttons += _form("fix_declined", words["fix_no"])
    return _section(words["fix"], f"<p><strong>{escape(title)}</strong></p><p>{told}</p><ol>{steps}</ol>{buttons}")


def _gentle(view: CustomerView, words: Mapping[str, str], language: str) -> str:
    standing, gentle = view.protection.standing, view.protection.gentle
    if standing is None or gentle is None:
        return ""
    title, loss = (in_language(one, language) for one in (gentle.title, gentle.loss))
    how = words[f"gentle_{standing.state.value}"].format(until=_day(standing.until, view, language))
    return _section(
        words["gentle"],
        f"<p><strong>{escape(title)}</strong></p><p>{how}</p><p>{escape(loss)}</p>"
        f"{_form('end_protection', words['gentle_end'])}",
    )


def _price(quote: Quote | None, view: CustomerView, words: Mapping[str, str], language: str) -> str:
    """What it costs, line by line, who pays and why, and the customer's yes or no."""
    if quote is None:
        return ""
    rows = "".join(
        f"<li>{escape(line.label)} × {escape(line.quantity)}{words['colon']}{line.total} {quote.currency}</li>"
        for line in quote.lines
    )
    due = _put(words["to_pay"], amount=f"{quote.to_pay} {quote.currency}")
    if quote.tax.strip("0."):
        rows += f"<li>{_put(words['price_tax'], tax=f'{quote.tax} {quote.currency}')}</li>"
    text = f"<ul>{rows}</ul><p>{words[f'pay_{quote.reason.value}']}</p><p><strong>{due}</strong></p>"
    hidden = f'<input type="hidden" name="quote" value="{quote.id}">'
    if quote.status is QuoteStatus.APPROVED:
        return _section(words["price_title"], f"{text}<p>{words['price_agreed']}</p>")
    until = _put(words["price_until"], when=_moment(quote.valid_until, view, language))
    buttons = _form("approve", words["price_yes"], hidden, css="main") + _form("decline", words["price_no"], hidden)
    return _section(words["price_title"], f'{text}{buttons}<p class="small">{until}</p>')


def _visit(view: CustomerView, slots: Sequence[Slot], words: Mapping[str, str], language: str) -> str:
    visit = view.ticket.visit
    is_open = view.ticket.status not in {TicketState.CLOSED, TicketState.CANCELLED}
    if visit is None or visit.start is None:
        if not is_open:
            return ""
        none = f"<p>{words['visit_choose' if slots else 'visit_none']}</p>"
        return _section(words["visit"], none + _choice(view, slots, words, language))
    who = view.ticket.assignee or words["somebody"]
    lines = f"<p>{_put(words['visit_at'], who=who, when=_span(visit.start, visit.end, view, language))}</p>"
    if is_open:
        form = _form("appointment", words["send"], _area("text", words["other_time_label"]))
        choice = _choice(view, slots, words, language)
        lines += f"<details><summary>{words['other_time']}</summary>{choice or form}</details>"
    return _section(words["visit"], lines)


def _choice(view: CustomerView, slots: Sequence[Slot], words: Mapping[str, str], language: str) -> str:
    """Times to choose from, each one real."""
    if not slots:
        return ""
    rows = "".join(
        f'<label><input type="radio" name="slot" required value="{to_ms(one.start)}-{to_ms(one.end)}"> '
        f"{escape(_span(one.start, one.end, view, language))}</label><br>"
        for one in slots
    )
    return _form("choose", words["choose"], f"<fieldset><legend>{words['choose_legend']}</legend>{rows}</fieldset>")


def _remote(view: CustomerView, words: Mapping[str, str], language: str) -> str:
    lines = f"<p>{words['remote_live' if view.is_connected else 'remote_none']}</p>"
    if view.is_connected:
        lines += _form("stop", words["stop"], css="stop")
    for session in view.sessions:
        when = _moment(session.requested_at, view, language)
        scope = words[f"scope_{session.scope.value}"]
        way = f"?session={session.id}&lang={language}"
        lines += (
            f'<p class="small">{_put(words["remote_past"], when=when, who=session.requested_by, scope=scope)} '
            f'<a href="{escape(way)}">{words["receipt"]}</a></p>'
        )
    return _section(words["remote"], lines)


def _allow(view: CustomerView, words: Mapping[str, str]) -> str:
    rows = []
    for purpose, is_allowed in view.allowed.items():
        state = words["allowed" if is_allowed else "not_allowed"]
        button = words["do_forbid" if is_allowed else "do_allow"]
        hidden = f'<input type="hidden" name="purpose" value="{purpose.value}">'
        form = _form(
            "forbid" if is_allowed else "allow", button, hidden, label=f"{button}{words['colon']}{words[purpose.value]}"
        )
        rows.append(f"<li>{words[purpose.value]}{words['colon']}<strong>{state}</strong>{form}</li>")
    return _section(words["allow"], f"<ul>{''.join(rows)}</ul>")


def _write(view: CustomerView, words: Mapping[str, str]) -> str:
    lines = [
        f"<details><summary>{words[kind]}</summary>{_form(kind, words['send'], _area('text', words[f'{kind}_label']))}</details>"
        for kind in (AnswerKind.MESSAGE.value, AnswerKind.COMPLAINT.value)
    ]
    written = [f"<li>{escape(one.text)}</li>" for one in view.answers if one.text]
    if written:
        lines.append(f"<details><summary>{words['answers']}</summary><ul>{''.join(written)}</ul></details>")
    return _section(words["talk"], "".join(lines))


def _stored(view: CustomerView, words: Mapping[str, str], language: str) -> str:
    until = _put(words["until"], when=_moment(view.link.expires_at, view, language))
    return _section(
        words["stored"],
        f'<p>{words["stored_text"]}</p><p><a href="?what=stored">{words["export"]}</a></p>'
        f'{_form("erasure", words["erase"])}<p class="small">{until}</p>',
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _form(deed: str, button: str, fields: str = "", *, css: str = "", label: str | None = None) -> str:
    named = f' aria-label="{escape(label)}"' if label else ""
    return (
        f'<form method="post"><input type="hidden" name="do" value="{deed}">{fields}'
        f'<button class="{css}"{named}>{escape(button)}</button></form>'
    )


def _area(name: str, label: str, *, is_needed: bool = True) -> str:
    needed = " required" if is_needed else ""
    return f'<label>{escape(label)}<textarea name="{name}" maxlength="{TEXT_MAX}"{needed}></textarea></label>'


def _put(sentence: str, **values: str) -> str:
    """A sentence of ours with values of other people's, made harmless."""
    return sentence.format(**{name: escape(value) for name, value in values.items()})


def _zone(view: CustomerView) -> ZoneInfo:
    return ZoneInfo(view.site.time_zone if view.site else "UTC")


def _day(moment: datetime, view: CustomerView, language: str) -> str:
    return _date(moment.astimezone(_zone(view)).date(), language)


def _date(local: date, language: str) -> str:
    if language == "zh":
        return f"{local.year}年{local.month}月{local.day}日"
    return f"{local.day} {local:%B %Y}"


def _moment(moment: datetime, view: CustomerView, language: str) -> str:
    zone = _zone(view)
    local = moment.astimezone(zone)
    if language == "zh":
        return f"{_day(moment, view, language)} {day_of(local.isoweekday())} {local:%H:%M}（{zone.key}）"
    return f"{local:%A}, {_day(moment, view, language)}, {local:%H:%M} ({zone.key})"


def _span(start: datetime, end: datetime | None, view: CustomerView, language: str) -> str:
    if end is None:
        return _moment(start, view, language)
    hour = f"{end.astimezone(_zone(view)):%H:%M}"
    text = _moment(start, view, language)
    local = f"{start.astimezone(_zone(view)):%H:%M}"
    return (
        text.replace(local, f"{local}–{hour}", 1)
        if start.date() == end.date()
        else f"{text} – {_moment(end, view, language)}"
    )


def _document(language: str, title: str, body: str, *, head: str = "") -> str:
    return f"""<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{escape(title)}</title>
<style>{_STYLE}</style>{head}</head>
<body>{body}</body></html>
"""
