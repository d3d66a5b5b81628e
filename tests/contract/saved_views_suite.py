"""What saved views promise on every database; a subclass provides a ``desk``."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from alerts.accounts.account import Role
from alerts.audit.tables import audit
from alerts.desk import Desk
from alerts.errors import ConflictError, InvalidError, UnknownError
from alerts.saved_views import desk as saving
from alerts.saved_views.saved_view import NewView


def names(desk: Desk, who: str, role: Role) -> list[str]:
    """The names of the views that somebody sees."""
    return [one.name for one in desk.by(who).saved_views.seen_by(role)]


class SavedViewsSuite:
    """The promises of :class:`alerts.saved_views.desk.SavedViews`."""

    def test_a_view_is_seen_by_its_owner_and_by_the_roles_it_is_shared_with(self, desk: Desk) -> None:
        """Those above the role see it too, those below do not; one's own come first."""
        mira = desk.by("mira").saved_views
        mira.keep(NewView("Leaks", "fault=leak"))
        mira.keep(NewView("Late ovens", "kind=oven&risk=late", Role.DISPATCHER))
        desk.by("zoe").saved_views.keep(NewView("Z", "view=mine"))

        assert names(desk, "mira", Role.TECHNICIAN) == ["Late ovens", "Leaks"]
        assert names(desk, "zoe", Role.MANAGER) == ["Z", "Late ovens"]
        assert names(desk, "otto", Role.TECHNICIAN) == []

    def test_only_the_owner_changes_a_view(self, desk: Desk) -> None:
        """Another's is not there for them; each change is audited with before and after; a deleted one is kept again."""
        kept = desk.by("mira").saved_views.keep(NewView("Leaks", "fault=leak", Role.VIEWER))
        with pytest.raises(UnknownError):
            desk.by("zoe").saved_views.delete(kept.id)
        with pytest.raises(UnknownError):
            desk.by("zoe").saved_views.change(kept.id, {"name": "Mine"})

        mine = desk.by("mira").saved_views
        changed = mine.change(kept.id, {"name": "All leaks", "shared_with": None})
        mine.delete(kept.id)
        again = mine.keep(NewView(changed.name, changed.address, changed.shared_with))

        assert (changed.name, changed.address, changed.shared_with) == ("All leaks", "fault=leak", None)
        assert [one.id for one in mine.seen_by(Role.VIEWER)] == [again.id]
        query = select(audit.c.action, audit.c.data).where(audit.c.action.startswith("view.")).order_by(audit.c.n)
        told = desk.unit.look(lambda t: t.connection.execute(query).all())
        assert [one.action for one in told] == ["view.add", "view.change", "view.delete", "view.add"]
        assert (told[1].data["before"]["name"], told[1].data["after"]["name"]) == ("Leaks", "All leaks")

    def test_what_makes_no_view_is_refused(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        """No name, an address that is none, a name that one has already, more than one may keep."""
        mine = desk.by("mira").saved_views
        mine.keep(NewView("Leaks", "fault=leak"))
        for name, address in ((" ", "view=mine"), ("x", "https://else.example/"), ("x", "view=mine#top"), ("x", "")):
            with pytest.raises(InvalidError):
                NewView(name, address)
        with pytest.raises(ConflictError, match="already"):
            mine.keep(NewView("Leaks", "fault=fan"))
        monkeypatch.setattr(saving, "VIEWS_MAX", 1)
        with pytest.raises(ConflictError, match="delete one"):
            mine.keep(NewView("Fans", "fault=fan"))
