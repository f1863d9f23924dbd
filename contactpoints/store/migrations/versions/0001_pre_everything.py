"""Before everything: the tables with which the service begins, told in plain SQL beside this file.

The SQL is a copy, not a look at `store.tables`: a migration must do in five years what it does today.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, constraint and index. There is no way back: evidence is not dropped."""
    written = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in written.split(";\n"):
        if statement.strip():
            op.execute(statement.strip())
