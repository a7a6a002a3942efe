"""feedback on answers"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


# The column is added and dropped in place, as in 0002.


def upgrade() -> None:

    op.add_column("messages", sa.Column("feedback", sa.JSON(), nullable=True))


def downgrade() -> None:

    op.drop_column("messages", "feedback")
