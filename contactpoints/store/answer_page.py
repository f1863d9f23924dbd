"""The page behind the link in an alert: what it is made of, and who opened it."""

from contactpoints.rules.alerts import wanted_by
from contactpoints.rules.answer_page import AnswerPage, calls_others
from contactpoints.rules.escalation import begin_again, read_plan
from contactpoints.store.alerts import home_zone
from contactpoints.store.database import Row, Session
from contactpoints.store.handing import IN_CHARGE, OPEN

_FIND = f"""
select r.id as reply_code_id, r.code, r.alert_id, r.officer_id, c.party, a.reference, a.status = 'exercise' as exercise,
       a.state, a.kind, a.opened_at, a.urgency, a.plan, a.step, a.exhausted_at, r.post_id,
       (select min(t.at) from timeline t where t.alert_id = a.id and t.code = 'exhausted') as ran_out_at,
       o.language, p.line, c.zone, {home_zone("a.requesting_party")} as requester_zone, c.pin_required,
       r.locked_at is not null as locked, o.retired_at is not null as "left",
       greatest(0, $2 - (select count(*) from pin_tries t
                          where t.reply_code_id = r.id and coalesce(t.outcome, 'wrong') = 'wrong'))::int as tries_left,
       first.received_at as taken_at, coalesce(first.late, false) as taken_late,
       has.line as has_line, has.at as has_at, case when has.house <> c.id then has.house_name end as has_whose,
       coalesce(has.officer_id = r.officer_id, false) as has_me, has.left_at is not null as has_left,
       mine.received_at as mine_at, case when r.declined_in = a.cycle then r.declined_at end as declined_at,
       case when asked.over_at is null and asked.taken_at is null then asked.asked_at end as asked_at,
       asked.over_at as asked_until, asked.why as asked_why,
       case when has.officer_id = r.officer_id then over.line end as over_from, over.whose as over_whose,
       case when has.officer_id = r.officer_id then offered.line end as offered_to, offered.whose as offered_whose,
       case when has.officer_id = r.officer_id then offered.asked_at end as offered_at,
       case when has.officer_id <> r.officer_id and has.over then has.line end as gone_to
  from reply_codes r join alerts a on a.id = r.alert_id join officers o on o.id = r.officer_id
  join posts p on p.id = r.post_id join contact_points c on c.id = p.contact_point_id
  left join lateral (select received_at, late from acknowledgements k where k.alert_id = a.id
                      order by received_at, inbound_id limit 1) first on true
  left join lateral (select received_at from acknowledgements k where k.alert_id = a.id and k.officer_id = r.officer_id
                      order by received_at, inbound_id limit 1) mine on true
  left join lateral (select c.*, exists (select 1 from alert_handovers h where h.alert_id = a.id
                                            and h.officer_id = c.officer_id and h.taken_at is not null) as over
                       from ({IN_CHARGE.format(alert="a.id")}) c) has on true
  left join lateral (select h.* from alert_handovers h where h.alert_id = a.id and h.officer_id = r.officer_id
                        and a.state = 'acknowledged' order by h.id desc limit 1) asked on true
  left join lateral (select q.line, case when w.id <> c.id then w.name end as whose from alert_handovers h
                       left join reply_codes t on t.alert_id = h.alert_id and t.officer_id = h.from_officer_id
                       left join posts q on q.id = t.post_id left join contact_points w on w.id = q.contact_point_id
                      where h.alert_id = a.id and h.officer_id = r.officer_id and h.taken_at is not null
                      order by h.taken_at desc limit 1) over on true
  left join lateral (select h.asked_at, q.line, case when w.id <> c.id then w.name end as whose from alert_handovers h
                       join reply_codes t on t.alert_id = h.alert_id and t.officer_id = h.officer_id
                       join posts q on q.id = t.post_id join contact_points w on w.id = q.contact_point_id
                      where h.alert_id = a.id and a.state = 'acknowledged' and {OPEN}
                      order by h.id desc limit 1) offered on true
 where r.page_token = $1
"""


async def find(session: Session, token: str, *, most_tries: int) -> AnswerPage | None:
    """Return the page that a link opens."""
    row = await session.fetchrow(_FIND, token, most_tries)
    if row is None:
        return None
    told = dict(row)
    plan, exhausted_at = read_plan(told.pop("plan")), told.pop("exhausted_at")
    others = calls_others(plan, step=told.pop("step"), post=told.pop("post_id")) and row["state"] == "alerting"
    anew_at = begin_again(plan, exhausted_at) if row["state"] == "exhausted" else None
    by = wanted_by(plan, kind=row["kind"], urgency=told.pop("urgency"), opened_at=row["opened_at"])
    return AnswerPage(**told, answer_by=by, others=others, anew_at=anew_at, hours=plan.hours)


async def is_awaited(session: Session, token: str) -> bool:
    """Say whether a link leads to an alert that has not ended."""
    found: bool = await session.fetchval(
        """select exists (select 1 from reply_codes r join alerts a on a.id = r.alert_id
                           where r.page_token = $1 and a.state in ('alerting', 'exhausted', 'acknowledged'))""",
        token,
    )
    return found


async def openings(session: Session, page: AnswerPage, *, automated: bool | None) -> Row:
    """Return how often the page was noted as opened in this way (``count``), and when ``last``."""
    row = await session.fetchrow(
        """select count(*) as count, max(at) as last from timeline
            where alert_id = $1 and code = 'link_opened' and (data->>'officer')::bigint = $2
              and (data->>'automated')::boolean is not distinct from $3""",
        page.alert_id,
        page.officer_id,
        automated,
    )
    assert row is not None
    return row


async def take_reading_try(session: Session, reply_code_id: int, *, most: int) -> bool:
    """Count a try at reading the request before the PIN is looked at; False when none is left."""
    taken = await session.fetchval(
        """update reply_codes set reading_tries = reading_tries + 1
            where id = $1 and reading_tries < $2 returning 1""",
        reply_code_id,
        most,
    )
    return taken is not None


async def give_reading_try_back(session: Session, reply_code_id: int) -> None:
    """Take back a try that no PIN was looked at for."""
    await session.execute(
        "update reply_codes set reading_tries = reading_tries - 1 where id = $1 and reading_tries > 0", reply_code_id
    )


async def begin_tries_anew(session: Session, reply_code_id: int) -> None:
    """Forget the tries at reading the request: the PIN was right."""
    await session.execute("update reply_codes set reading_tries = 0 where id = $1", reply_code_id)
