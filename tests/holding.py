"""Learners on whom something is held in every table: two tenants, an LMS link of each, rows of chosen ages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from tutor.records import (
    Base,
    ConversationRow,
    Course,
    CourseVersion,
    Delivery,
    LaunchState,
    Link,
    MessageRow,
    Platform,
    Progress,
    Records,
    Replay,
    SignIn,
    Spent,
)
from tutor.tenants import ensure_tenant
from tutor.types import Answer, Timings
from tutor.visitor import Visitor

HELD = (ConversationRow, Progress, Delivery, SignIn, Replay, Spent)


def hold(records: Records, tenant: str, learner: str, word: str, days: float = 1) -> None:
    """Hold something on a learner in every table, ``days`` old, with ``word`` wherever a text can stand."""
    at = datetime.now(UTC) - timedelta(days=days)
    with records.write() as session:
        ensure_tenant(session, tenant)
        if session.get(Course, "history") is None:
            session.add(Course(id="history", title="History", language="en", licence=None, live_id=1))
            session.flush()
            session.add(
                CourseVersion(
                    id=1, course_id="history", number=1, index_name="history.v1", embedder="e", revision="1", pipeline=1
                )
            )
        issuer = f"https://{tenant}.example"
        link = session.scalar(select(Link).join(Platform, Platform.id == Link.platform_id).filter_by(issuer=issuer))
        if link is None:
            platform = Platform(
                tenant=tenant, issuer=issuer, client_id="c", auth_login_url="", auth_token_url="", key_set_url=""
            )
            session.add(platform)
            session.flush()
            link = Link(platform_id=platform.id, deployment="d", context="x", resource="r", space="s", scopes=[])
            session.add(link)
            session.flush()
            session.add(
                LaunchState(
                    state=f"state-{tenant}",
                    platform_id=platform.id,
                    nonce="n",
                    browser="b",
                    target="t",
                    again="",
                    expires_at=at,
                )
            )
        unique = f"{tenant}/{learner}/{days}"
        row = ConversationRow(
            id=f"c_{unique}", course_id="history", tenant=tenant, space="s", learner=learner, title=f"{word} title",
            created_at=at, updated_at=at,
        )  # fmt: skip
        answer = an_answer(row.id, f"{word} question").model_dump(mode="json")
        said = {"rating": "down", "comment": f"{word} comment"}
        row.messages.append(MessageRow(id=f"m_{unique}", answer=answer, feedback=said, created_at=at))
        session.add(row)
        session.merge(
            Progress(
                link_id=link.id, learner=learner, subject=f"{word} subject", asked=1, opened=[word], score=1.0,
                maximum=1.0, updated_at=at,
            )
        )  # fmt: skip
        session.add(
            Delivery(
                id=f"o_{unique}", kind="xapi", key=unique, tenant=tenant, learner=learner, link_id=link.id,
                body={"statement": word}, created_at=at, delivered_at=at,
            )
        )  # fmt: skip
        session.add(
            SignIn(
                id=f"hash-{unique}", tenant=tenant, space="s", learner=learner, role="learner",
                details={"course": word, "subject": f"{word} subject", "form": "hash-"}, created_at=at,
                expires_at=at + timedelta(hours=8),
            )
        )  # fmt: skip
        session.add(
            Replay(
                owner=f"{tenant}/key", key=unique, request="r", status=200, body=f"{word} body", learner=learner,
                created_at=at,
            )
        )  # fmt: skip
        account = Visitor(tenant=tenant, learner=learner).account
        session.add(Spent(learner=account, day=at.date(), reserved=0, input_tokens=7, output_tokens=8, cost_usd=0.5))


def an_answer(conversation: str, question: str) -> Answer:
    """Return an answer that cites nothing."""
    return Answer(
        question=question, standalone_question=question, answer=f"Of {question}.", refused=False, reason=None,
        claims=(), citations=(), nearest=(), suggestions=(), course="history", conversation=conversation,
        answerer="quotes", prompts=(), timings_ms=Timings(),
    )  # fmt: skip


def counts(records: Records, tables: tuple[type[Base], ...] = HELD) -> dict[str, int]:
    """Return how many rows each table has."""
    with records.read() as session:
        return {table.__tablename__: len(session.scalars(select(table)).unique().all()) for table in tables}
