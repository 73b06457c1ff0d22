"""What carriers say that goods would cost, kept until the word no longer holds (decision 118).

A question is a row that says *wanted* and until when it is waited for. A job asks, outside any transaction, and writes down the
answer, or why there is none that can be used. What is late settles nothing: by then the order goes without it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from wms.core import clock
from wms.core.ids import new_id
from wms.platform.database import end_reading, session
from wms.platform.secrecy import blind_index
from wms.shipping.carriers.interface import AtTheDoor, CarrierFault, NotRated, Rate, RateRequest
from wms.shipping.models import CarrierQuote, QuoteState, Service
from wms.shipping.rates import Goods, NoQuote, Quote
from wms.shipping.service import tasks
from wms.shipping.workflow import QUOTE

WAIT = timedelta(seconds=45)  # for an answer: people walk meanwhile
EACH = timedelta(seconds=1)  # longer for each question to the same carrier before it: a large wave is walked for longer
MOST_WAIT = timedelta(minutes=10)
HOLDS = timedelta(hours=12)  # a price or a no, where the carrier does not say how long
SILENCE_HOLDS = timedelta(minutes=10)  # who did not answer is left alone for so long
KEEP = timedelta(days=30)
LATE = CarrierFault("carrier_slow", retryable=True)
EXPIRED = CarrierFault("carrier_quote_expired", retryable=False)
RESTS = CarrierFault("carrier_rests", retryable=True)
AWAY_AFTER = 3  # questions in a row without an answer


@dataclass(frozen=True)
class Need:
    """A subject whose goods a service might take, of a carrier that says its prices itself."""

    subject_id: uuid.UUID
    service: Service
    goods: Goods
    signed: bool
    insured: bool
    door: AtTheDoor

    @property
    def key(self) -> tuple[uuid.UUID, uuid.UUID]:
        return self.subject_id, self.service.id


@dataclass(frozen=True)
class Waiting:
    """A question that is not answered yet. `is_new`: somebody has to ask it."""

    carrier_id: uuid.UUID
    wanted_at: datetime
    is_new: bool


Standing = Quote | NoQuote | CarrierFault | Waiting


def standing(
    warehouse_id: uuid.UUID, subject_kind: str, needs: Sequence[Need]
) -> dict[tuple[uuid.UUID, uuid.UUID], Standing]:
    """What is known of each (subject, service): a price, a no, why there is no answer, or that one is waited for.

    What nobody asked, or what was asked of other goods or no longer holds, is wanted from now on. The caller holds the
    subjects.
    """
    known = _known(subject_kind, {each.subject_id for each in needs})
    now = clock.now()
    found: dict[tuple[uuid.UUID, uuid.UUID], Standing] = {}
    before: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)  # subjects that each carrier is asked about from now on
    for need in needs:
        row, asked_of = known.get(need.key), _asked_of(need)
        if row is not None and row.asked_of == asked_of and row.state == QuoteState.WANTED.value and row.until <= now:
            _settle(row, LATE, now)
        if row is None or row.asked_of != asked_of or _is_over(row, now):
            queue = before[need.service.carrier_id]
            until = now + min(WAIT + EACH * len(queue - {need.subject_id}), MOST_WAIT)
            queue.add(need.subject_id)
            row = _want(warehouse_id, subject_kind, need, asked_of, row, now, until)
            found[need.key] = Waiting(row.carrier_id, row.wanted_at, is_new=True)
        elif row.state == QuoteState.WANTED.value:
            found[need.key] = Waiting(row.carrier_id, row.wanted_at, is_new=False)
        else:
            found[need.key] = _said(row, need.goods)
    session().flush()
    return found


def _known(subject_kind: str, subject_ids: set[uuid.UUID]) -> dict[tuple[uuid.UUID, uuid.UUID], CarrierQuote]:
    if not subject_ids:
        return {}
    rows = session().scalars(
        select(CarrierQuote)
        .where(CarrierQuote.subject_kind == subject_kind, CarrierQuote.subject_id.in_(subject_ids))
        .execution_options(populate_existing=True)
    )
    return {(row.subject_id, row.service_id): row for row in rows}


def _asked_of(need: Need) -> bytes:
    """A keyed hash: nobody without the key can try postcodes."""
    return blind_index(repr((need.goods, need.signed, need.insured, need.door)))


def _is_over(row: CarrierQuote, now: datetime) -> bool:
    return row.valid_until is not None and row.valid_until <= now


def _said(row: CarrierQuote, goods: Goods) -> Quote | NoQuote | CarrierFault:
    if row.state == QuoteState.REFUSED.value:
        return NoQuote.SAYS_NO
    if row.state == QuoteState.SILENT.value:
        return CarrierFault(row.fault or LATE.code, retryable=False)
    surcharges = tuple((str(name), int(minor)) for name, minor in row.surcharges)
    base, currency = row.base_minor or 0, row.currency or ""  # both are there: `quoted_has_a_price`
    return Quote("", goods.weight_g, base, surcharges, currency, row.days, by="carrier")


def _want(
    warehouse_id: uuid.UUID, subject_kind: str, need: Need, asked_of: bytes, row: CarrierQuote | None, now: datetime,
    until: datetime,
) -> CarrierQuote:  # fmt: skip
    if row is None:
        row = CarrierQuote(
            id=new_id(), warehouse_id=warehouse_id, carrier_id=need.service.carrier_id, service_id=need.service.id,
            subject_kind=subject_kind, subject_id=need.subject_id, state=QUOTE.initial.value,
        )  # fmt: skip
        session().add(row)
    else:
        row.state = QUOTE.apply("want", row.state).value
    row.asked_of, row.wanted_at, row.until, row.valid_until = asked_of, now, until, None
    row.currency = row.base_minor = row.total_minor = row.days = row.fault = row.facts = None
    row.surcharges = []
    return row


@dataclass(frozen=True)
class Asked:
    """What a carrier said to the questions of one subject, not settled yet; by row what it was asked of."""

    carrier_id: uuid.UUID
    rows: Mapping[uuid.UUID, tuple[str, bytes]]  # the service's code, and the hash of the goods
    answer: list[Rate | NotRated] | CarrierFault


def ask(
    subject_kind: str, subject_id: uuid.UUID, carrier_id: uuid.UUID,
    request_of: Callable[[Sequence[str]], RateRequest | None],
) -> Asked | None:  # fmt: skip
    """Ask a carrier what is wanted of it for a subject; None when nothing is, or it would be too late. Ends the transaction.

    To ask twice costs nothing, so nothing is noted before. `request_of` gives what the owner knows, or None when that is gone.
    """
    wanted = session().execute(
        select(CarrierQuote.id, CarrierQuote.asked_of, Service.code)
        .join(Service, Service.id == CarrierQuote.service_id)
        .where(
            CarrierQuote.subject_kind == subject_kind, CarrierQuote.subject_id == subject_id,
            CarrierQuote.carrier_id == carrier_id, CarrierQuote.state == QuoteState.WANTED.value,
            CarrierQuote.until > clock.now(),
        )
        .order_by(Service.code, CarrierQuote.id)
    ).all()  # fmt: skip
    if not wanted:
        return None
    rows = {row.id: (row.code, row.asked_of) for row in wanted}
    if _is_away(carrier_id):
        return Asked(carrier_id, rows, RESTS)
    request = request_of([row.code for row in wanted])
    connection = tasks.connect(carrier_id)
    end_reading()
    if isinstance(connection, CarrierFault):
        return Asked(carrier_id, rows, connection)
    if request is None:
        return Asked(carrier_id, rows, CarrierFault("carrier_no_recipient", retryable=False))
    return Asked(carrier_id, rows, connection.rate(request))


def _is_away(carrier_id: uuid.UUID) -> bool:
    """Whether the last questions to this carrier went unanswered, and not long ago: the next ones are not put, so that a carrier
    that is away costs a few waits and not one each.
    """
    newest = session().execute(
        select(CarrierQuote.state, CarrierQuote.valid_until)
        .where(
            CarrierQuote.carrier_id == carrier_id, CarrierQuote.state != QuoteState.WANTED.value,
            CarrierQuote.fault.is_distinct_from(RESTS.code), CarrierQuote.valid_until.is_not(None),
        )
        .order_by(CarrierQuote.wanted_at.desc(), CarrierQuote.id.desc()).limit(AWAY_AFTER)
    ).all()  # fmt: skip
    now = clock.now()
    silent = [row for row in newest if row.state == QuoteState.SILENT.value and row.valid_until > now]
    return len(silent) == AWAY_AFTER


def settle(asked: Asked) -> None:
    """Write down what came of it, for questions that still stand. The caller holds the subject."""
    now = clock.now()
    answers = {} if isinstance(asked.answer, CarrierFault) else {each.service: each for each in asked.answer}
    for row_id, (code, asked_of) in asked.rows.items():
        row = session().get(CarrierQuote, row_id, populate_existing=True)
        if row is None or row.state != QuoteState.WANTED.value or row.asked_of != asked_of:
            continue  # late, or other goods are asked about by now
        said = asked.answer if isinstance(asked.answer, CarrierFault) else answers[code]
        _settle(row, said, now)
    session().flush()


def _settle(row: CarrierQuote, said: Rate | NotRated | CarrierFault, now: datetime) -> None:
    if isinstance(said, CarrierFault) and said.code == "carrier_says_no":
        said = NotRated("", str(said.params.get("reason", "")))  # to all of it
    if isinstance(said, Rate) and said.valid_until is not None and said.valid_until <= now:
        said = EXPIRED
    if isinstance(said, Rate):
        row.state = QUOTE.apply("quote", row.state).value
        row.currency, row.base_minor, row.total_minor = said.currency, said.base_minor, said.total_minor
        row.surcharges, row.days = [list(each) for each in said.surcharges], said.days
        row.valid_until = min(said.valid_until or now + HOLDS, now + HOLDS)
    elif isinstance(said, NotRated):
        row.state = QUOTE.apply("refuse", row.state).value
        row.fault, row.facts, row.valid_until = "carrier_says_no", {"reason": said.code[:40]}, now + HOLDS
    else:
        row.state = QUOTE.apply("miss", row.state).value
        row.fault, row.valid_until = said.code[:40], now + SILENCE_HOLDS
        row.facts = {key: str(value)[:80] for key, value in said.params.items()}


def miss_overdue(limit: int = 500) -> list[tuple[str, uuid.UUID]]:
    """Questions whose time is over are answered by silence; the subjects that waited for them."""
    now = clock.now()
    due = (
        select(CarrierQuote.id)
        .where(CarrierQuote.state == QuoteState.WANTED.value, CarrierQuote.until <= now)
        .order_by(CarrierQuote.until).limit(limit).with_for_update(skip_locked=True)
    )  # fmt: skip
    missed = session().execute(
        update(CarrierQuote).where(CarrierQuote.id.in_(due), CarrierQuote.state == QuoteState.WANTED.value).values(
            state=QuoteState.SILENT.value, fault=LATE.code, facts={}, valid_until=now + SILENCE_HOLDS
        ).returning(CarrierQuote.subject_kind, CarrierQuote.subject_id)
    )  # fmt: skip
    return sorted({(row.subject_kind, row.subject_id) for row in missed})


def forget_old() -> int:
    """Answers that nobody needs any more: why a service was taken stands with the shipment. Returns how many."""
    before = clock.now() - KEEP
    gone = session().execute(
        delete(CarrierQuote)
        .where(CarrierQuote.wanted_at < before, CarrierQuote.state != QuoteState.WANTED.value)
        .returning(CarrierQuote.id)
    )
    return len(gone.all())


@dataclass(frozen=True)
class Answering:
    """How a carrier answered of late: counts by state, and the newest reason why it did not."""

    counts: Mapping[str, int]
    fault: str | None
    facts: Mapping[str, str]


def answering(carrier_id: uuid.UUID, since: timedelta = timedelta(days=1)) -> Answering:
    """Of the questions that a carrier was asked since then."""
    recent = (CarrierQuote.carrier_id == carrier_id, CarrierQuote.wanted_at >= clock.now() - since)
    counted = session().execute(
        select(CarrierQuote.state, func.count()).where(*recent).group_by(CarrierQuote.state)
    ).all()  # fmt: skip
    newest = session().execute(
        select(CarrierQuote.fault, CarrierQuote.facts)
        .where(*recent, CarrierQuote.state == QuoteState.SILENT.value)
        .order_by(CarrierQuote.wanted_at.desc()).limit(1)
    ).first()  # fmt: skip
    fault, facts = (None, None) if newest is None else (newest.fault, newest.facts)
    return Answering({row[0]: row[1] for row in counted}, fault, facts or {})
