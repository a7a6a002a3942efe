"""The budget: how many tokens a chat model may spend on one learner in a day (UTC), and what they cost.

An answer sets aside what it may take at most before the model is asked, and says afterwards what it took. Both are
single statements of the database, so that answers at the same time, in other processes too, cannot spend the same
tokens. What was set aside by a process that was killed stays counted for that day: it errs on the safe side.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite

from tutor.records import Records, Spent
from tutor.types import Usage

KEPT_DAYS = 400
_MOST = 1_000_000_000  # tokens of one answer


@dataclass(frozen=True, eq=False, slots=True)
class Reservation:
    """Tokens set aside for one answer; no two are equal, even of the same learner, day and number."""

    learner: str
    day: date
    tokens: int


class Budget:
    """The tokens of each learner and day. Thread-safe; what was spent outlives the process."""

    def __init__(self, records: Records, tokens_per_day: int, prices: tuple[float, float] | None) -> None:
        """Let each learner spend ``tokens_per_day``, without end when 0.

        ``prices`` are dollars for a million tokens read and written.
        """
        self._records = records
        self._tokens_per_day = tokens_per_day
        self._prices = prices
        self._open: set[Reservation] = set()

    def left(self, learner: str | None) -> int | None:
        """Return the tokens that ``learner`` may still spend today, None without a limit."""
        if not self._tokens_per_day:
            return None
        with self._records.read() as session:
            spent = session.get(Spent, (learner or "", _today()))
            used = spent.reserved + spent.input_tokens + spent.output_tokens if spent else 0
        return max(0, self._tokens_per_day - used)

    def reserve(self, learner: str | None, tokens: int) -> Reservation | None:
        """Return ``tokens`` set aside for one answer to ``learner``, None where fewer are left.

        Raises `NotReady` when the records cannot be written.
        """
        wanted = Reservation(learner or "", _today(), tokens)
        if self._tokens_per_day and tokens > self._tokens_per_day:
            return None
        with self._records.write() as session:
            session.execute(delete(Spent).where(Spent.day < wanted.day - timedelta(days=KEPT_DAYS)))
            insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
            used = Spent.reserved + Spent.input_tokens + Spent.output_tokens
            row = insert(Spent).values(
                learner=wanted.learner, day=wanted.day, reserved=tokens, input_tokens=0, output_tokens=0, cost_usd=0
            )
            added = row.on_conflict_do_update(
                index_elements=[Spent.learner, Spent.day],
                set_={"reserved": Spent.reserved + tokens},
                where=used + tokens <= self._tokens_per_day if self._tokens_per_day else None,
            )
            if session.scalar(added.returning(Spent.reserved)) is None:
                return None
        self._open.add(wanted)
        return wanted

    def settle(self, reservation: Reservation, input_tokens: int, output_tokens: int) -> Usage:
        """Count what an answer took in place of what was set aside for it, and return it with its cost.

        More than was set aside is counted too. Raises `KeyError` for a reservation that is settled already, `NotReady`
        when the records cannot be written, after which it can be settled again.
        """
        if reservation not in self._open:
            raise KeyError(reservation)
        read, written = _tokens(input_tokens), _tokens(output_tokens)
        cost = (read * self._prices[0] + written * self._prices[1]) / 1_000_000 if self._prices else None
        with self._records.write() as session:
            session.execute(
                update(Spent)
                .where(Spent.learner == reservation.learner, Spent.day == reservation.day)
                .values(
                    reserved=Spent.reserved - reservation.tokens,
                    input_tokens=Spent.input_tokens + read,
                    output_tokens=Spent.output_tokens + written,
                    cost_usd=Spent.cost_usd + (cost or 0),
                )
            )
        self._open.remove(reservation)
        return Usage(input_tokens=read, output_tokens=written, cost_usd=cost)


def _tokens(count: int) -> int:
    """Return a count that some server gave, within reason: it must neither give tokens back nor overflow the sum."""
    return min(max(count, 0), _MOST)


def _today() -> date:
    return datetime.now(UTC).date()
