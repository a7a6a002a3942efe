"""Alembic's environment: runs the migrations on the engine that the records hand over."""

from __future__ import annotations

from alembic import context

from tutor.records import Base

engine = context.config.attributes["engine"]
with engine.connect().execution_options(tutor_writes=True) as connection, connection.begin():
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
