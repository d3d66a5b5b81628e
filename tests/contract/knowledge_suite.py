"""What knowledge promises on every database; a subclass provides ``desk`` and ``clock``."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event

from alerts.csv_file import read_csv
from alerts.desk import Desk
from alerts.errors import ConflictError, InvalidError, StaleViewError, UnknownError
from alerts.importing import Outcome
from alerts.knowledge.article import ArticleStatus, ArticleText, Helped, NewArticle
from alerts.knowledge.csv_rows import ARTICLES, write_articles
from alerts.knowledge.reading import ArticleFilter
from alerts.knowledge.shipped import shipped_articles
from alerts.lifecycle import TicketStep
from alerts.repairs.repair import CallAnswer
from alerts.rules.desk_rules import DeskRules, Knowledge
from alerts.tickets.ticket import Verdict, VerdictRecord
from ingest.clock import ManualClock
from ingest.profiles import load_profiles
from tests.alerts.made import DAY_MS, FINDING, cleared, step_of

TEXT = ArticleText(
    title={"en": "Clogged drain pump", "zh": "排水泵堵塞"},
    body={"en": "Look for coins first.\nThen the hose.", "zh": "先查硬币。"},
    customer={"en": "Turn out the filter.", "zh": "请拧出过滤器。"},
)
NEW = NewArticle("washing_machine", "drain_clog", TEXT, status=ArticleStatus.PUBLISHED)


def close(desk: Desk, clock: ManualClock, appliance_id: str, verdict: Verdict) -> str:
    """Find, judge and close one fault; the ticket's id."""
    finding = replace(FINDING, appliance_id=appliance_id, raised_ms=clock.now_ms())
    desk.findings.commit(step_of(desk.findings.load().position + 1, finding))
    ticket_id = desk.tickets.page().items[0].id
    desk.tickets.step(ticket_id, TicketStep.START)
    desk.tickets.judge(ticket_id, VerdictRecord(verdict))
    desk.findings.commit(step_of(desk.findings.load().position + 1, cleared(finding, clock.now_ms())))
    desk.tickets.step(ticket_id, TicketStep.CLOSE)
    return ticket_id


class KnowledgeSuite:
    """The promises of :class:`alerts.knowledge.desk.Knowledge`."""

    def test_an_article_has_versions_an_owner_and_one_place(self, desk: Desk) -> None:
        """What was said stays; a second one on the same is refused, and so is a change of what another has changed."""
        made = desk.by("Eve").knowledge.add(NEW)
        desk.by("Tom").knowledge.change(made.id, replace(NEW, text=replace(TEXT, body={"en": "The hose first."})))
        same = desk.knowledge.change(made.id, replace(NEW, text=replace(TEXT, body={"en": "The hose first."})))

        versions = desk.knowledge.versions(made.id)

        assert (same.version, same.owner, same.changed_by) == (2, "Eve", "Tom")
        assert [(one.version, one.by, one.text.body["en"][:8]) for one in versions] == [
            (2, "Tom", "The hose"), (1, "Eve", "Look for"),
        ]  # fmt: skip
        with pytest.raises(ConflictError, match="already"):
            desk.knowledge.add(NEW)
        with pytest.raises(StaleViewError):
            desk.knowledge.change(made.id, NEW, expected_version=1)
        with pytest.raises(InvalidError, match="what an article is about stays"):
            desk.knowledge.change(made.id, replace(NEW, model="X"))
        with pytest.raises(UnknownError):
            desk.knowledge.read("ar_no")

    @pytest.mark.parametrize(
        ("new", "said"),
        [
            (replace(NEW, kind="kettle"), "kind: 'kettle' is none of"),
            (replace(NEW, fault_mode="sadness"), "has no 'sadness'"),
            (replace(NEW, text=replace(TEXT, title={"en": " "})), "title must not be empty"),
            (replace(NEW, text=replace(TEXT, body={"fr": "Oui"})), "no language that is spoken here"),
        ],
    )
    def test_what_makes_no_article_is_refused(self, desk: Desk, new: NewArticle, said: str) -> None:
        """With a sentence."""
        with pytest.raises(InvalidError, match=said):
            desk.knowledge.add(new)

    @pytest.mark.parametrize("q", ["coin", "COINS hose", "过滤", "排水泵", "drain_clog"])
    def test_it_is_found_by_its_words(self, desk: Desk, q: str) -> None:
        """In both languages, short words too, in any case; what is written anew is found by what it says now."""
        made = desk.knowledge.add(NEW)
        assert [one.id for one in desk.knowledge.page(ArticleFilter(q=q)).items] == [made.id]
        assert desk.knowledge.page(ArticleFilter(q=f"{q} elephant")).items == ()

        desk.knowledge.change(made.id, replace(NEW, text=ArticleText({"en": "New"}, {"en": "other"})))

        assert (q == "drain_clog") == bool(desk.knowledge.page(ArticleFilter(q=q)).items)

    def test_it_stands_beside_the_ticket_that_of_the_model_first(self, desk: Desk) -> None:
        """Published ones of the fault, or of what the technician found; drafts and other models are not shown."""
        desk.appliances.register(("WM-0231", "washing_machine"))
        general = desk.knowledge.add(NEW)
        desk.knowledge.add(replace(NEW, model="Other 9"))
        desk.knowledge.add(replace(NEW, fault_mode="unknown", status=ArticleStatus.DRAFT))
        desk.findings.commit(step_of(1, FINDING))

        assert [one.id for one in desk.knowledge.for_ticket("1")] == [general.id]
        assert len(desk.knowledge.page(ArticleFilter(status=ArticleStatus.PUBLISHED)).items) == 2

    def test_a_list_counts_its_cases_at_once(self, desk: Desk, clock: ManualClock) -> None:
        """A page of four articles asks the database no oftener than one of one; each has its own cases."""
        close(desk, clock, "WM-1", Verdict.CONFIRMED)
        desk.knowledge.add(NEW)

        def queries(count: int) -> int:
            asked: list[str] = []

            def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
                asked.append(statement)

            event.listen(desk.unit.engine, "before_cursor_execute", note)
            page = desk.knowledge.page()
            event.remove(desk.unit.engine, "before_cursor_execute", note)
            assert [one.cases.closed for one in page.items] == [0] * (count - 1) + [1]
            return len(asked)

        alone = queries(1)
        for model in ("A", "B", "C"):
            desk.knowledge.add(replace(NEW, model=model))
        assert queries(4) == alone

    def test_cases_and_what_helped_are_counted_by_hand(self, desk: Desk, clock: ManualClock) -> None:
        """Three closed as it, one as nothing; of the three one held and two came back: with a rule of 0.05 that is no advice."""
        rules = DeskRules(knowledge=Knowledge(came_back_share=0.05, cases_at_least=3))
        desk = replace(desk, unit=replace(desk.unit, rules=rules))
        made = desk.knowledge.add(NEW)
        for number in range(3):
            close(desk, clock, f"WM-{number}", Verdict.CONFIRMED)
        close(desk, clock, "WM-9", Verdict.NO_FAULT_FOUND)
        desk.repairs.settle()
        clock.advance(30 * DAY_MS)
        desk.repairs.settle()
        watched = desk.repairs.page().items
        for repair, said in zip(watched, (CallAnswer.HELD, CallAnswer.CAME_BACK, CallAnswer.CAME_BACK), strict=True):
            before = desk.knowledge.read(made.id).cases.stopped_helping
            desk.repairs.call(repair.id, said)

        cases = desk.knowledge.read(made.id).cases

        assert not before
        assert (cases.closed, cases.no_fault_found) == (3, 1)
        assert cases.helped == (Helped("without_part", 3, 1, 2),)
        assert (cases.held_since_version, cases.came_back_since_version, cases.stopped_helping) == (1, 2, True)
        clock.advance(1)
        anew = desk.knowledge.change(made.id, replace(NEW, text=replace(TEXT, body={"en": "Better"})))
        assert (anew.cases.stopped_helping, anew.cases.closed) == (False, 3)
        other = desk.knowledge.add(replace(NEW, model="Other 9"))
        assert (other.cases.closed, other.cases.helped) == (0, ())

    def test_shipped_articles_fill_what_is_empty(self, desk: Desk) -> None:
        """On modes that there are, in both languages, for who works and for customers; taken once, and no word of ours is touched."""
        desk = replace(desk, profiles=load_profiles())
        desk.knowledge.add(replace(NEW, fault_mode="bearing_wear"))

        made = desk.knowledge.add_shipped()
        again = desk.knowledge.add_shipped()

        everything = list(desk.knowledge.all(ArticleFilter()))
        assert (len(made) + 1, again) == (len(shipped_articles()), [])
        assert len(made) >= 10
        assert {one.kind for one in made} == set(desk.knowledge.profiles) - {"generic"}
        texts = [part for one in made for part in (one.text.title, one.text.body, one.text.customer)]
        assert all(set(part) == {"en", "zh"} and all(part.values()) for part in texts)
        assert {one.status for one in made} == {ArticleStatus.PUBLISHED}
        assert [one.text for one in everything if one.fault_mode == "bearing_wear"] == [TEXT]
        assert [one.fault_mode for one in desk.knowledge.all(ArticleFilter("喇叭口"))] == ["refrigerant_leak"]

    def test_files_go_in_and_come_out(self, desk: Desk) -> None:
        """What is written out changes nothing when it is taken over again; a row that makes no sense is refused alone."""
        desk.knowledge.add(NEW)
        text = "".join(write_articles(desk.knowledge.all(ArticleFilter())))
        more = "washing_machine,unknown,Odd noise,Listen\nwashing_machine,sadness,x,y\n"
        rows = read_csv("kind,fault_mode,title_en,body_en\n" + more, ARTICLES)

        again = [one.outcome for one in desk.knowledge.take(read_csv(text, ARTICLES))]
        taken = [one.outcome for one in desk.knowledge.take(rows)]

        assert (again, taken) == ([Outcome.UNCHANGED], [Outcome.CREATED, Outcome.REFUSED])
