"""tokens spent, and the options of a course"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


# Columns are added and dropped in place: a batch would make the table anew, and dropping the old one would take all
# that points at a course with it.


def upgrade() -> None:

    op.add_column("courses", sa.Column("options", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
    op.create_table(
        "spent",
        sa.Column("learner", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("learner", "day"),
    )
    op.create_index(op.f("ix_spent_day"), "spent", ["day"], unique=False)


def downgrade() -> None:

    op.drop_index(op.f("ix_spent_day"), table_name="spent")
    op.drop_table("spent")
    op.drop_column("courses", "options")
