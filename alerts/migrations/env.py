"""What Alembic runs: the migrations, on the connection that :func:`alerts.database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from alerts.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, compare_type=True)
context.run_migrations()
