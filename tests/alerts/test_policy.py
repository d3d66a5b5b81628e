"""The policy of remote commands: 50,000 random steps never let out what may not go, and each of its checks is missed when it is gone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from alerts.remote import policy
from alerts.remote.policy import (
    ALLOWED,
    HOT_C,
    MET,
    NEEDS,
    CommandRule,
    DangerClass,
    Facts,
    Moment,
    Obstacle,
    Scope,
    SessionLimits,
    obstacles,
)
from ingest.profiles.definition import Precondition, RemoteTest
from tests.examples import some_of

STEPS = 50_000
LIMITS = SessionLimits()
NOW_MS = 1_790_000_000_000


def _test(danger: DangerClass, needs: Precondition = Precondition()) -> RemoteTest:  # noqa: B008  (frozen)
    return RemoteTest("t", {"en": "t"}, "t", danger.value, 60, "x", "", (0.0, 1.0), needs=needs)


NEEDY = Precondition(modes=("idle",), above={"level_mm": 5.0}, below={"water_c": 40.0}, door="closed", idle_s=60)
RULES = [CommandRule(danger.value, danger) for danger in DangerClass] + [
    CommandRule(f"{danger} with needs", danger, test=_test(danger, NEEDY)) for danger in DangerClass
]
RULES.append(CommandRule("R2 to act", DangerClass.R2, least_scope=Scope.ACT))


@dataclass
class World:
    """A session, its people and its appliance, moved at random; it knows by itself what may go out."""

    chance: random.Random
    now_ms: int = NOW_MS
    scope: Scope = Scope.ACT
    is_active: bool = True
    is_busy: bool = False
    facts: Facts = field(default_factory=Facts)
    issued_by: str = "tess"
    approved_by: str | None = None
    approved_ms: int | None = None
    reason: str | None = "because"

    def step(self) -> None:
        """Something happens."""
        chance, now_ms = self.chance, self.now_ms
        told = {"water_c": chance.choice([20.0, 45.0, 80.0]), "level_mm": chance.choice([0.0, 10.0])}
        if chance.random() < 0.2:
            told.pop(chance.choice(list(told)))
        running = chance.choice([True, False, False, False, None])
        deeds = (
            lambda: setattr(self, "scope", chance.choice(list(Scope))),
            lambda: setattr(self, "is_active", chance.random() < 0.8),
            lambda: setattr(self, "is_busy", chance.random() < 0.2),
            lambda: setattr(self, "reason", chance.choice(["because", "because", "", " ", None])),
            lambda: self._learn(
                heard_ms=now_ms,
                mode=chance.choice(["idle", "spin", None]),
                is_running=running,
                metrics=told,
                idle_since_ms=None if running else now_ms - chance.choice([0, 30_000, 90_000]),
            ),
            lambda: self._learn(heard_ms=None),
            lambda: self._learn(is_door_open=chance.choice([True, False, False, None])),
            lambda: self._learn(presence_ms=chance.choice([now_ms, now_ms, None, now_ms + 60_000])),
            lambda: self._learn(service_mode_ms=chance.choice([now_ms, now_ms, None])),
            lambda: self._approve(chance.choice(["tess", "tom", "tom", None])),
            lambda: setattr(self, "now_ms", now_ms + chance.choice([100, 1_000, 30_000, 400_000, -2_000])),
            lambda: setattr(self, "facts", Facts()),  # a crash of whoever remembered
            self.heal,
            self.heal,
            self.heal,
        )
        chance.choice(deeds)()

    def heal(self) -> None:
        """All is as it should be, so that what goes wrong next stands alone."""
        now_ms = self.now_ms
        self.scope, self.is_active, self.is_busy, self.reason = Scope.ACT, True, False, "because"
        self.approved_by, self.approved_ms = "tom", now_ms
        self.facts = Facts(
            heard_ms=now_ms, mode="idle", is_running=False, metrics={"water_c": 20.0, "level_mm": 10.0},
            is_door_open=False, presence_ms=now_ms, service_mode_ms=now_ms, idle_since_ms=now_ms - 90_000,
        )  # fmt: skip

    def moment(self, rule: CommandRule) -> Moment:
        """A command, now."""
        return Moment(
            rule=rule, now_ms=self.now_ms, scope=self.scope, is_active=self.is_active, reason=self.reason,
            facts=self.facts, is_busy=self.is_busy, issued_by=self.issued_by, approved_by=self.approved_by,
            approved_ms=self.approved_ms, limits=LIMITS,
        )  # fmt: skip

    def wrongs(self, rule: CommandRule) -> set[str]:
        """Why the command may not go out, written down a second time and without the policy."""
        rank, facts = int(rule.danger_class.value[1]), self.facts
        known = {
            "never": rank == 4,
            "over": not self.is_active,
            "scope": rank > {Scope.SEE: -1, Scope.READ: 0, Scope.TEST: 2, Scope.ACT: 3}[self.scope],
            "scope for this": rule.least_scope is Scope.ACT and self.scope is not Scope.ACT,
            "no reason": rank >= 1 and not (self.reason or "").strip(),
            "busy": rank >= 1 and self.is_busy,
            "unknown": rank >= 2 and (facts.heard_ms is None or facts.is_running is None),
            "running": rank >= 2 and facts.is_running is True,
            "door": rank >= 2 and facts.is_door_open is True,
            "nobody": rank >= 2 and not self._is_within(facts.presence_ms, 120_000),
            "old": rank >= 3 and not self._is_within(facts.heard_ms, 5_000),
            "hot": rank >= 3 and facts.metrics.get("water_c", 0.0) > HOT_C,
            "no service mode": rank >= 3 and not self._is_within(facts.service_mode_ms, 900_000),
            "two eyes": rank >= 3 and self.approved_by in (None, self.issued_by),
            "old approval": rank >= 3 and not self._is_within(self.approved_ms, 300_000),
        }
        unmet = set() if rule.test is None else set(self._unmet(rule.test.needs))
        return {name for name, is_wrong in known.items() if is_wrong} | unmet

    def _is_within(self, then_ms: int | None, life_ms: int) -> bool:
        return then_ms is not None and then_ms <= self.now_ms <= then_ms + life_ms

    def _unmet(self, needs: Precondition) -> Iterator[str]:
        facts = self.facts
        if facts.mode not in needs.modes:
            yield "mode"
        if facts.metrics.get("level_mm", -1.0) < 5.0 or facts.metrics.get("water_c", 99.0) > 40.0:
            yield "limit"
        if facts.idle_since_ms is None or self.now_ms - facts.idle_since_ms < 60_000 or facts.is_door_open:
            yield "idle"

    def _learn(self, **news: object) -> None:
        self.facts = replace(self.facts, **news)  # type: ignore[arg-type]  # by name

    def _approve(self, who: str | None) -> None:
        self.approved_by, self.approved_ms = who, self.now_ms


def walk(seed: int, steps: int) -> Iterator[str]:
    """Random steps; what the policy let out that may not go, and what it held back without a reason."""
    world = World(random.Random(seed))
    for number in range(steps):
        world.step()
        rule = RULES[number % len(RULES)]
        found, wrongs = obstacles(world.moment(rule)), world.wrongs(rule)
        if not found and wrongs:
            yield f"step {number}: {rule.name} went out although {wrongs}"
        if found and not wrongs:
            yield f"step {number}: {rule.name} was held back by {found}"


@pytest.mark.parametrize("steps", some_of([STEPS // 4, STEPS], 1))
def test_whatever_happens_nothing_goes_out_that_may_not(steps: int) -> None:
    """Session, consent, door, mode, presence, approvals, clock and crash at random: the policy and a second account of it agree."""
    assert next(walk(7, steps), None) is None


def test_the_walk_comes_everywhere() -> None:
    """Every class that may go out goes out now and then, and every obstacle stands alone in the way of some command."""
    world, free, alone = World(random.Random(3)), set(), set()
    for number in range(STEPS // 5):
        world.step()
        rule = RULES[number % len(RULES)]
        found = obstacles(world.moment(rule))
        free |= set() if found else {rule.name}
        alone |= set(found) if len(found) == 1 else set()

    assert free == {rule.name for rule in RULES if rule.danger_class is not DangerClass.R4}
    assert alone == set(Obstacle)


CHECKS = sorted({(danger, obstacle) for danger, looked_at in NEEDS.items() for obstacle in looked_at})


@pytest.mark.parametrize(("danger", "obstacle"), CHECKS, ids=[f"{danger}-{obstacle}" for danger, obstacle in CHECKS])
def test_every_check_of_the_table_is_missed_when_it_is_gone(
    monkeypatch: pytest.MonkeyPatch, danger: DangerClass, obstacle: Obstacle
) -> None:
    """The policy without one entry of its table lets something out that may not go, and the walk notices."""
    left = {**NEEDS, danger: tuple(one for one in NEEDS[danger] if one is not obstacle)}
    monkeypatch.setattr(policy, "NEEDS", left)

    assert next(walk(5, STEPS), None) is not None


def test_a_command_that_needs_a_wider_consent_than_its_class_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at the rule's own scope something goes out for consent to test alone."""
    monkeypatch.setattr(policy, "_covers", lambda *_: True)

    assert next(walk(5, STEPS), None) is not None


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("danger", list(DangerClass))
def test_every_cell_of_the_consents_counts(monkeypatch: pytest.MonkeyPatch, scope: Scope, danger: DangerClass) -> None:
    """A class more or less for a scope is noticed; R4 stays out whatever the consent says."""
    turned = ALLOWED[scope] ^ {danger}
    monkeypatch.setattr(policy, "ALLOWED", {**ALLOWED, scope: turned})

    mistake = next(walk(5, STEPS // 5), None)

    assert (mistake is not None) is (danger is not DangerClass.R4)


def test_every_obstacle_has_its_check() -> None:
    """What the table names can be looked at, and class R4 has no row."""
    assert set(MET) == set(Obstacle) - {Obstacle.NEVER_REMOTE}
    assert DangerClass.R4 not in NEEDS
    assert obstacles(World(random.Random(1)).moment(RULES[4])) == (Obstacle.NEVER_REMOTE,)
