"""What all tables are made of: the names of their constraints, and columns that many of them have."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_N_name)s_uq",
        "ck": "%(table_name)s_%(constraint_name)s_ck",
        "ix": "%(table_name)s_%(column_0_N_name)s_ix",
    }
)


def number() -> Column[int]:
    """The number by which a row is known, given by PostgreSQL alone."""
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def moment(name: str, *, required: bool = False) -> Column[object]:
    """An instant."""
    return Column(name, DateTime(timezone=True), nullable=not required)


def words(name: str, *, default: str | None = None, required: bool = True) -> Column[str]:
    """A text."""
    return Column(name, Text, nullable=not required, server_default=default)


def refers(name: str, to: str, *, required: bool = True) -> Column[int]:
    """A row points to another one, ``to`` a column, which has to exist."""
    return Column(name, BigInteger, ForeignKey(to), nullable=not required)


def written_with(name: str, *, required: bool = True) -> Column[int]:
    """A row of the hot path points to one that was written or read in the same statement; see `guards`."""
    return Column(name, BigInteger, nullable=not required)


def entry() -> list[Column[object]]:
    """The columns that every directory entry has: its version, and when it came, changed and went."""
    return [
        Column("version", Integer, nullable=False, server_default="1"),
        moment("created_at", required=True),
        moment("changed_at", required=True),
        moment("retired_at"),
    ]


def span() -> list[Column[object]]:
    """From when until when, as instants; and on the clocks of which zone, with their offset then, as it was meant."""
    return [
        moment("starts_at", required=True),
        moment("ends_at", required=True),
        Column("zone", Text),
        Column("starts_local", Text),
        Column("ends_local", Text),
    ]


def one_of(name: str, column: str, *codes: str) -> CheckConstraint:
    """A column has one of some codes."""
    listed = ", ".join(f"'{code}'" for code in codes)
    return CheckConstraint(f"{column} in ({listed})", name=name)
