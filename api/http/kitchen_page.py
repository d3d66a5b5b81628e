"""The customer's kitchen as a page: the display of one simulated appliance, its door and its keys. Plain HTML, en and zh.

It works without script: each button is a form. The script only keeps the display fresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from api.http.kitchens import Display

SCRIPT = """\
const box = () => document.querySelector("main");
async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  if (!fresh || fresh.innerHTML === box().innerHTML) return;
  const focused = document.activeElement && document.activeElement.id;
  box().replaceWith(fresh);
  if (focused && document.getElementById(focused)) document.getElementById(focused).focus();
}
setInterval(() => { if (!document.hidden) refresh().catch(() => {}); }, 1000);
"""

_STYLE = """\
:root { color-scheme: light dark; font: 17px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 30rem; padding: 1rem; }
h1 { font-size: 1.2rem; margin: 0; } .dim { opacity: .75; margin: 0; }
.display { background: #10261d; color: #b9f6ca; border-radius: 12px; padding: 1rem; margin: 1rem 0; min-height: 7rem; }
.display p { margin: 0 0 .4rem; }
.code { font: 700 2.6rem/1.2 ui-monospace, monospace; letter-spacing: .2em; }
form { margin: 0 0 .75rem; }
button { font: inherit; width: 100%; min-height: 48px; border-radius: 10px; border: 1px solid currentColor; background: none;
  color: inherit; cursor: pointer; }
button.stop { background: #c62828; color: #fff; border-color: #c62828; font-weight: 700; }
ul { padding-left: 1.2rem; } a { color: inherit; }
"""

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "The customer's kitchen",
        "at": "at {id}",
        "demo": "This is the demo's stand-in for the home: here you are the customer.",
        "consent_asked": "A technician asks for remote diagnosis ({scope}). Read this code out to allow it:",
        "testing": "A test is running: {test}.",
        "identifying": "Blinking, so that you can find me.",
        "in_session": "A technician is connected ({scope}).",
        "running": "Running ({mode}).",
        "idle": "Ready ({mode}).",
        "valid": "Valid until {time}.",
        "stop": "Stop",
        "refuse": "Refuse",
        "door_1": "Open the door",
        "door_0": "Close the door",
        "door_locked": "The door is locked while it runs.",
        "confirm_presence": "I am here: confirm",
        "confirmed": "Confirmed: somebody is here.",
        "service_mode_1": "Switch the service mode on",
        "service_mode_0": "Switch the service mode off",
        "gentle": "Gentle mode until the visit: {mode}.",
        "work_normally": "Work normally again",
        "do_steps": "Clean and set right what the customer's page asks for",
        "is_open": "The door is open.",
        "is_closed": "The door is closed.",
        "is_service": "The service mode is on.",
        "other": "中文",
        "see": "look only",
        "read": "read values",
        "test": "read and test",
        "act": "read, test and set",
    },
    "zh": {
        "title": "客户的厨房",
        "at": "设备 {id}",
        "demo": "演示中的家：您在这里扮演客户。",
        "consent_asked": "工程师申请远程诊断（{scope}）。如同意，请报出此授权码：",
        "testing": "正在测试：{test}。",
        "identifying": "正在闪烁，方便您找到我。",
        "in_session": "工程师已连接（{scope}）。",
        "running": "运行中（{mode}）。",
        "idle": "待机（{mode}）。",
        "valid": "有效期至 {time}。",
        "stop": "停止",
        "refuse": "拒绝",
        "door_1": "打开门",
        "door_0": "关上门",
        "door_locked": "运行时门已锁住。",
        "confirm_presence": "我在旁边：确认",
        "confirmed": "已确认：有人在场。",
        "service_mode_1": "打开维修模式",
        "service_mode_0": "关闭维修模式",
        "gentle": "上门前的保护模式：{mode}。",
        "work_normally": "恢复正常工作",
        "do_steps": "按客户页面的提示清洁、调整",
        "is_open": "门开着。",
        "is_closed": "门关着。",
        "is_service": "维修模式已打开。",
        "other": "English",
        "see": "仅查看",
        "read": "读取数值",
        "test": "读取和测试",
        "act": "读取、测试和设置",
    },
}


def message_of(display: Display, language: str, *, test: str) -> str:
    """What the display says, in a language; ``test`` is the running test as people call it."""
    words = WORDS[language]
    scope = words.get(display.scope or "", "")
    return words[display.doing].format(scope=scope, test=test, mode=(display.mode or "–").replace("_", " "))


def page_of(display: Display, language: str, *, test: str, kind: str) -> str:
    """The whole page."""
    words = WORDS[language]
    other = "zh" if language == "en" else "en"
    who = " · ".join(filter(None, (kind, display.model)))
    return f"""<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(words["title"])} · {escape(display.appliance_id)}</title>
<style>{_STYLE}</style>
<noscript><meta http-equiv="refresh" content="3"></noscript>
<script src="/demo/kitchen.js" defer></script></head>
<body>
<header><h1>{escape(words["title"])}</h1>
<p>{escape(who)} <code>{escape(display.appliance_id)}</code> · <a href="?lang={other}" hreflang="{other}">{words["other"]}</a></p>
<p class="dim">{escape(words["demo"])}</p></header>
<main>{_display(display, language, test)}{_keys(display, language)}</main>
</body></html>
"""


def _display(display: Display, language: str, test: str) -> str:
    words = WORDS[language]
    lines = [f"<p>{escape(message_of(display, language, test=test))}</p>"]
    if display.code is not None:
        valid = words["valid"].format(time=(display.expires_at or "")[11:16])
        lines += [f'<p class="code" id="code">{escape(display.code)}</p>', f"<p>{escape(valid)}</p>"]
    if display.presence_confirmed:
        lines.append(f"<p>{words['confirmed']}</p>")
    if display.gentle is not None:
        lines.append(f"<p>{words['gentle'].format(mode=escape(display.gentle.replace('_', ' ')))}</p>")
    if display.service_mode:
        lines.append(f"<p>{words['is_service']}</p>")
    return f'<section class="display" role="status" aria-live="polite">{"".join(lines)}</section>'


def _keys(display: Display, language: str) -> str:
    words = WORDS[language]
    stop = words["stop" if display.code is None else "refuse"]
    door = words["door_locked"] if display.door_locked else words["is_open" if display.door_open else "is_closed"]
    forms = [_form("stop", stop, language, css="stop"), _form("confirm_presence", words["confirm_presence"], language)]
    forms.append(f"<p>{door}</p>")
    if not display.door_locked:
        turn = int(not display.door_open)
        forms.append(_form("door", words[f"door_{turn}"], language, on=turn))
    if display.gentle is not None:
        forms.append(_form("work_normally", words["work_normally"], language))
    forms.append(_form("do_steps", words["do_steps"], language))
    turn = int(not display.service_mode)
    forms.append(_form("service_mode", words[f"service_mode_{turn}"], language, on=turn))
    return "".join(forms)


def _form(deed: str, label: str, language: str, *, on: int = 1, css: str = "") -> str:
    # Relative, so that the page may stand under any path; the browser goes back to the page by a 303.
    truth = "true" if on else "false"
    return (
        f'<form method="post" action="?deed={deed}&amp;on={truth}&amp;lang={language}">'
        f'<button id="{deed}" class="{css}">{escape(label)}</button></form>'
    )
