"""Who may do what: one role per account, each including those before it.

An account shows itself by an API key (``Authorization: Bearer``) or by the console's cookie. A cookie alone changes
nothing from a foreign page: every call by cookie that changes something must come from our own origin.
Fails closed: what can't be checked is refused.
"""

from __future__ import annotations
