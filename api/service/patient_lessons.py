"""Lessons for the journal while the desk's database may be away: nothing is due then, and nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from alerts.desk import Desk
from alerts.errors import UnavailableError
from api.service.patience import Patience
from ingest.sample import Lesson


@dataclass(slots=True)
class PatientLessons:
    """The desk as a source of lessons that never fails because its database is away."""

    desk: Desk
    _patience: Patience = field(default_factory=lambda: Patience("lessons_wait"))

    def lessons(self, *, after: int, limit: int) -> Sequence[Lesson]:
        """What is to be appended now; nothing while the database is away."""
        try:
            found = self.desk.tickets.lessons(after=after, limit=limit)
        except UnavailableError as error:
            self._patience.wait(error)
            return ()
        self._patience.end()
        return found

    def note_lessons(self, upto: int) -> bool:
        """Write down how far the journal has them, if that can be written now."""
        try:
            self.desk.tickets.note_lessons(upto)
        except UnavailableError as error:
            self._patience.wait(error)
            return False
        return True
