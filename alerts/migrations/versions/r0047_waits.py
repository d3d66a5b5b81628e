"""What a held ticket waits for, and whether something is to be tried from afar, beside the ticket itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and fill them from history and stages."""
    op.add_column("tickets", sa.Column("pause", sa.String(64)))
    op.add_column("tickets", sa.Column("remote_first", sa.Boolean, nullable=False, server_default=sa.text("false")))
    op.execute(
        "UPDATE tickets SET remote_first = true WHERE EXISTS (SELECT 1 FROM remote_first AS stage"
        " WHERE stage.ticket_id = tickets.id AND stage.episode = tickets.episode AND stage.ended_ms IS NULL)"
    )
    line = sa.table(
        "ticket_history", sa.column("n"), sa.column("ticket_id"), sa.column("event"), sa.column("data", sa.JSON)
    )
    held = sa.table("tickets", sa.column("id"), sa.column("paused_ms"), sa.column("pause"))
    connection = op.get_bind()
    lines = sa.select(line.c.ticket_id, line.c.data).join(held, held.c.id == line.c.ticket_id)
    lines = lines.where(held.c.paused_ms.is_not(None), line.c.event == "hold").order_by(line.c.n)
    pauses = {ticket_id: (data or {}).get("pause") or "hold" for ticket_id, data in connection.execute(lines)}
    for ticket_id, pause in pauses.items():
        connection.execute(sa.update(held).where(held.c.id == ticket_id).values(pause=pause))
