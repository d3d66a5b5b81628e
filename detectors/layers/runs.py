"""Runs of an appliance that only a power plug speaks for: how long it stays on, and how much it draws meanwhile.

Idea: a run is the time from switching on to switching off (pauses below :data:`PAUSE_MS` belong to it). The logs of its
length and of its mean power are compared with those of a thinned sample of the appliance's own earlier runs: their
median, and their standard deviation clipped at three times the median absolute deviation, but at least ``FLOOR``.

Formula, with n remembered runs, median m, deviation s, and y the log of the length or of the mean power::

    t = (y - m) / (s √(1 + 1.57 / n))        z = sign(t) √((n - 1) ln(1 + t² / (n - 1)))
    c⁺ = max(0, c⁺ + z - k)    c⁻ = max(0, c⁻ - z - k)

1.57 / n is the variance of a median of n; z is what the t of a small sample is worth on the normal scale. While a run
goes on, its length so far counts as soon as it is longer than usual. The score is the largest CUSUM over the threshold
that meets the alarm budget (Siegmund's approximation), or one z over the quantile that the budget leaves to single runs.

Beside the runs stands the time for which a heater is on without a break: a tenth longer than ever before is an alarm while it
lasts. A run that is an alarm teaches nothing.

Measured length is all there is: the run that was on when readings began, or during a gap, is not judged.

Reference: Siegmund 1985, Sequential Analysis: Tests and Confidence Intervals, for the CUSUM's run length.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.layering.grouping import passes
from detectors.layering.layer import Layer, Setting
from detectors.layering.piece import Piece, RunScores, Samples
from detectors.state.columns import Axis, Column, places
from ingest.profiles.definition import Unit

ON_POWER_W = 10.0
ON_SHARE = 0.25
"""Where a day has many runs: on is what exceeds this share of the usual power, be it a lamp or a fan that is left."""
PAUSE_MS = {Unit.DAY: 120_000, Unit.CYCLE: 600_000, Unit.NONE: 120_000}
FLOOR = {Unit.DAY: 0.15, Unit.CYCLE: 0.25, Unit.NONE: 0.25}
"""The least deviation believed, in log units: a kitchen's temperature and load move runs so much, programmes more."""
GAP_MS = 600_000
REMEMBERED = 32
LEARN_S = 4.5 * 86_400
LEARN_RUNS = 6
SPACING_MS = (12_600_000, 75_600_000)
"""Least time between remembered runs: while fewer than :data:`REMEMBERED` are known, and later, so that four weeks count."""
SLACK = 0.75
CLIP = 4.0
FOLLOWING_RUNS_ALIKE = 1.86
"""The threshold is raised by (1 + r) / (1 - r), for runs correlate with the next by about r = .3."""
CAP = 1.2
"""A CUSUM goes no farther beyond its threshold than this, so that ordinary runs bring it back."""
SMOOTHING = 0.2
LONGER = {Unit.DAY: float(np.log(2.0)), Unit.CYCLE: float(np.log(1.3)), Unit.NONE: float(np.log(1.3))}
"""A single run is an alarm only if it is longer than any remembered one by this much."""
HEAT_W_MIN, HEAT_SHARE, HEAT_GAIN = 300.0, 0.6, 0.3
"""What draws so much, and so much of the most that was drawn, is a heater; the most follows what exceeds it."""
HEAT_LONGER, HEAT_SLACK_S, HEAT_PAUSE_MS = 1.1, 120.0, 120_000
HEAT_UNSEEN = 1
"""In place of a beginning that a gap hides."""
BELOW_ALARM = 0.9
YEAR_S = 365 * 86_400.0
PLUG_MS = 86_400_000
"""An appliance that spoke through a power plug within this time is judged run by run, not by its days or cycles."""

Floats = NDArray[np.float64]


class Runs(Layer):
    """The runs of the appliances of one kind."""

    name: ClassVar[str] = "runs"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        profile = setting.profile
        metrics = list(profile.metrics)
        self.power = metrics.index("power_w") if "power_w" in metrics else -1
        self.others = [number for number in range(len(metrics)) if number != self.power]
        self.pause_ms = PAUSE_MS[profile.unit]
        self.floor = FLOOR[profile.unit]
        self.longer = LONGER[profile.unit]
        self.share = ON_SHARE if profile.unit is Unit.DAY else 0.0
        self.alarms_per_year = max(setting.alarms_per_year, 1e-6)

    def columns(self) -> tuple[Column, ...]:
        """The run that goes on, the runs remembered, and what has accumulated; times in ms since 1970."""
        of, side = Axis("of", ("length", "power")), Axis("side", ("longer", "shorter"))
        usual = Axis("usual", ("length", "power", "length_width", "power_width", "longest"))
        columns = (
            *(Column(name, "i8") for name in ("since", "on_ts", "ts")),
            Column("whole", "?"),
            *(Column(name, "f4") for name in ("energy", "usual_w")),
            Column("observed_s", "f8"),
            *(Column(name, "i8") for name in ("heat_since", "heat_ts")),
            *(Column(name, "f4") for name in ("heat_w", "heat_longest")),
            Column("heats", "u4"),
            *(Column(name, "u4") for name in ("count", "kept")),
            Column("kept_ts", "i8"),
            Column("known", "f2", (of, places("run", REMEMBERED))),
            Column("usual", "f4", (usual,)),
            Column("cusum", "f4", (of, side)),
            Column("z", "f4", (of,)),
            Column("onset", "i8"),
        )
        return tuple(replace(column, is_seldom=True) for column in columns)

    def take(self, piece: Piece) -> None:
        """Judge runs, and say whose days or cycles are not to be judged because a plug speaks for them."""
        if piece.starts_over:
            self.forget(piece.row)
        if piece.samples is not None:
            piece.runs = self.fold(piece.samples)
        if piece.units is not None:
            piece.is_plugged = piece.units.closed_ms - self.seldom.read("ts", piece.units.rows) < PLUG_MS

    def fold(self, samples: Samples) -> RunScores | None:
        """Take in samples; None where no power plug is among them."""
        if self.power < 0:
            return None
        rows, ts, power = samples.rows, samples.ts, samples.values[:, self.power]
        at = np.flatnonzero((samples.modes < 0) & ~np.isnan(power))
        if len(at):
            at = at[np.isnan(samples.values[np.ix_(at, np.array(self.others, np.intp))]).all(axis=1)]
        if not len(at):
            return None
        rows, ts, power = rows[at], ts[at], power[at]
        length, params = np.zeros(len(at)), np.zeros((len(at), 18))
        for place in passes(rows):
            self._step(self.seldom.held(rows[place]), ts[place], power[place], place, length, params)
        return self._scores(at, length, params)

    def _step(
        self,
        at: NDArray[np.int32],
        ts: NDArray[np.int64],
        power: Floats,
        place: NDArray[np.intp],
        length: Floats,
        params: Floats,
    ) -> None:
        """One sample of each of ``at``: move the run that goes on, close what has ended, and note what is known then.

        A pause shorter than the allowed one belongs to the run, so a run ends only once the pause is too long; one that a gap
        cuts, or that was on when readings began, is not whole, and neither judged nor remembered.
        """
        before, last_on = self.seldom.own["ts"][at], self.seldom.own["on_ts"][at]
        since = self.seldom.own["since"][at]
        gap = (ts - before > GAP_MS) | (before == 0)
        step_s = np.where(gap, 0.0, (ts - before) / 1000.0)
        on = power > np.maximum(ON_POWER_W, self.share * self.seldom.own["usual_w"][at])
        ended = (since > 0) & (gap | (~on & (ts - last_on > self.pause_ms)))
        self._close(at[ended & ~gap & self.seldom.own["whole"][at]])
        begins = on & (ended | (since == 0))
        since = np.where(begins, ts, np.where(ended, 0, since))
        energy = np.where(begins | ended, 0.0, self.seldom.own["energy"][at] + power * step_s)
        self.seldom.own["whole"][at] = np.where(begins, ~gap, self.seldom.own["whole"][at])
        self.seldom.own["since"][at], self.seldom.own["energy"][at] = since, energy
        self.seldom.own["on_ts"][at] = np.where(on, ts, last_on)
        self.seldom.own["ts"][at] = ts
        self.seldom.own["observed_s"][at] += step_s
        params[place, 16:18] = self._heat(at, ts, power, gap)
        length[place] = np.where(on & (since > 0) & self.seldom.own["whole"][at], (ts - since) / 1000.0, 0.0)
        params[place, :4] = self.seldom.own["cusum"][at].reshape(-1, 4)
        params[place, 4:9] = self.seldom.own["usual"][at]
        params[place, 9] = self._is_taught(at)
        params[place, 10] = self._runs_per_year(at)
        params[place, 11] = self.seldom.own["kept"][at]
        params[place, 12:14] = self.seldom.own["z"][at]
        params[place, 14] = self.seldom.own["onset"][at]
        params[place, 15] = since

    def _heat(self, at: NDArray[np.int32], ts: NDArray[np.int64], power: Floats, gap: NDArray[np.bool_]) -> Floats:
        """How long each has drawn what its heater draws without a break, in s, and for how long it may (0: not known).

        What may be is a tenth longer than ever before. A longer one teaches no more than that: it was an alarm. Of most plugs
        none draws so much, and nothing is asked further.
        """
        own = self.seldom.own
        known = (own["heats"][at] >= LEARN_RUNS) & self._is_taught(at)
        told = np.zeros((len(at), 2))
        told[:, 1] = np.where(known, HEAT_LONGER * own["heat_longest"][at] + HEAT_SLACK_S, 0.0)
        if (power >= HEAT_W_MIN).any() or own["heat_since"][at].any():
            told[:, 0] = self._heating(at, ts, power, gap, known)
        return told

    def _heating(
        self,
        at: NDArray[np.int32],
        ts: NDArray[np.int64],
        power: Floats,
        gap: NDArray[np.bool_],
        known: NDArray[np.bool_],
    ) -> Floats:
        """Move what heats go on, remember the longest of those that end, and say how long each has lasted, in s.

        A heat whose begin was not seen neither lasts nor teaches, as nobody knows how long it is; and one teaches no more than what
        is allowed, so that a fault does not become usual at once.
        """
        own = self.seldom.own
        heats = (power >= HEAT_W_MIN) & (power >= HEAT_SHARE * own["heat_w"][at])
        risen = own["heat_w"][at] + HEAT_GAIN * np.maximum(power - own["heat_w"][at], 0.0)
        own["heat_w"][at] = np.where(power >= HEAT_W_MIN, risen, own["heat_w"][at])
        since, last = own["heat_since"][at], own["heat_ts"][at]
        ended = (since > 0) & (gap | (~heats & (ts - last > HEAT_PAUSE_MS)))
        longest = own["heat_longest"][at]
        most = np.where(known, HEAT_LONGER * longest, np.inf)
        teaches = ended & (since > HEAT_UNSEEN)
        took = np.minimum((last - since) / 1000.0, most)
        own["heat_longest"][at] = np.where(teaches, np.maximum(longest, took), longest)
        own["heats"][at] += teaches.astype(np.uint32)
        begins = heats & (ended | (since == 0))
        since = np.where(begins, np.where(gap, HEAT_UNSEEN, ts), np.where(ended, 0, since))
        own["heat_since"][at], own["heat_ts"][at] = since, np.where(heats, ts, last)
        lasts: Floats = np.where(heats & (since > HEAT_UNSEEN), (ts - since) / 1000.0, 0.0)
        return lasts

    def _close(self, at: NDArray[np.int32]) -> None:
        """Judge finished runs, then remember them.

        Of many runs only some are remembered, with a least time between them, so that a few weeks count and not one busy
        day; a run is judged before it is remembered, and so never by itself.
        """
        if not len(at):
            return
        length = np.maximum((self.seldom.own["on_ts"][at] - self.seldom.own["since"][at]) / 1000.0, 60.0)
        watts = np.maximum(self.seldom.own["energy"][at] / np.maximum(length, 60.0), 1.0)
        y = np.log(np.stack([length, watts], axis=1))
        usual = self.seldom.own["usual"][at].astype(float)
        z = np.clip(_worth(y, usual[:, :2], usual[:, 2:4], self.seldom.own["kept"][at][:, None]), -CLIP, CLIP)
        taught = self._is_taught(at)
        cusum = self.seldom.own["cusum"][at]
        was_calm = ~(cusum > 0).any(axis=(1, 2))
        drift = np.stack([z, -z], axis=2) - SLACK
        most = CAP * self.threshold(self._runs_per_year(at))[:, None, None]
        cusum = np.where(taught[:, None, None], np.clip(cusum + drift, 0.0, most), 0.0)
        self.seldom.own["cusum"][at] = cusum
        self.seldom.own["onset"][at] = np.where(was_calm, self.seldom.own["since"][at], self.seldom.own["onset"][at])
        mean = self.seldom.own["z"][at]
        self.seldom.own["z"][at] = mean + SMOOTHING * (z - mean)
        self.seldom.own["count"][at] += np.uint32(1)
        before = self.seldom.own["usual_w"][at]
        self.seldom.own["usual_w"][at] = before + (watts - before) / np.minimum(self.seldom.own["count"][at], 50)
        kept = self.seldom.own["kept"][at]
        spacing = np.where(kept < REMEMBERED, *SPACING_MS)
        is_calm = ~(cusum.reshape(len(at), -1).max(axis=1) >= self.threshold(self._runs_per_year(at)))
        keep = (self.seldom.own["since"][at] - self.seldom.own["kept_ts"][at] >= spacing) & (is_calm | ~taught)
        at, y = at[keep], y[keep]
        self.seldom.own["known"][at, :, self.seldom.own["kept"][at] % REMEMBERED] = y
        self.seldom.own["kept"][at] += np.uint32(1)
        self.seldom.own["kept_ts"][at] = self.seldom.own["since"][at]
        if len(at):
            self.seldom.own["usual"][at] = self._usual(at)

    def _usual(self, at: NDArray[np.int32]) -> Floats:
        """Centres of log length and log power, their widths, and the longest log length of the remembered runs (B, 5)."""
        kept = np.minimum(self.seldom.own["kept"][at], REMEMBERED).astype(np.int64)
        known = self.seldom.own["known"][at].astype(float)
        known[np.broadcast_to(np.arange(REMEMBERED) >= kept[:, None, None], known.shape)] = np.nan
        centre = np.nanmedian(known, axis=2)
        apart = known - centre[:, :, None]
        spread = np.maximum(3 * 1.4826 * np.nanmedian(np.abs(apart), axis=2), self.floor)[:, :, None]
        width = np.sqrt(
            np.nansum(np.square(np.clip(apart, -spread, spread)), axis=2) / np.maximum(kept - 1, 1)[:, None]
        )
        width = np.maximum(width, self.floor)
        return np.concatenate([centre, width, np.nanmax(known[:, :1], axis=2)], axis=1)

    def threshold(self, runs_per_year: Floats) -> Floats:
        """The CUSUM (B,) that four sides of one appliance reach by chance as often as the budget allows.

        It is in standard deviations; ``runs_per_year`` is (B,).
        """
        wait = 8 * np.maximum(runs_per_year, 1.0) / self.alarms_per_year
        plain = np.log(1 + 2 * SLACK**2 * wait) / (2 * SLACK) - 1.166
        raised: Floats = FOLLOWING_RUNS_ALIKE * np.maximum(plain, 1.0)
        return raised

    def quantile(self, runs_per_year: Floats) -> Floats:
        """The z (B,) that one run reaches by chance as often as half of the budget allows; ``runs_per_year`` is (B,)."""
        tail = np.minimum(0.05, self.alarms_per_year / 2 / np.maximum(runs_per_year, 1.0))
        u = np.sqrt(-2 * np.log(tail))  # Abramowitz and Stegun 26.2.23
        below = 2.515517 + u * (0.802853 + u * 0.010328)
        level: Floats = u - below / (1 + u * (1.432788 + u * (0.189269 + u * 0.001308)))
        return level

    def _is_taught(self, at: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Who has been seen for long enough."""
        taught: NDArray[np.bool_] = (self.seldom.own["observed_s"][at] >= LEARN_S) & (
            self.seldom.own["kept"][at] >= LEARN_RUNS
        )
        return taught

    def _runs_per_year(self, at: NDArray[np.int32]) -> Floats:
        """How often each appliance runs."""
        rate: Floats = self.seldom.own["count"][at] / np.maximum(self.seldom.own["observed_s"][at], 86_400.0) * YEAR_S
        return rate

    def _scores(self, at: NDArray[np.intp], length: Floats, params: Floats) -> RunScores:
        """The score of each sample: what finished runs left, and what the run that goes on adds."""
        taught = params[:, 9] > 0
        cusum, centre, width, longest = params[:, :4], params[:, 4], params[:, 6], params[:, 8]
        limit, quantile = self.threshold(params[:, 10]), self.quantile(params[:, 10])
        y = np.log(np.maximum(length, 1.0))
        z = np.where(length > 0, _worth(y, centre, np.maximum(width, self.floor), params[:, 11]), 0.0)
        going_on = np.where(z > 0, cusum[:, 0] + np.minimum(z, CLIP) - SLACK, 0.0)
        beyond_all = y > longest + self.longer
        alone = np.where(beyond_all, z / quantile, np.minimum(z / quantile, BELOW_ALARM))
        score = np.where(taught, np.maximum(np.maximum(cusum.max(axis=1), going_on) / limit, alone), 0.0)
        heat = np.where(params[:, 17] > 0, params[:, 16] / np.maximum(params[:, 17], 1.0), 0.0)
        is_hot = heat >= 1
        score = np.where(is_hot, np.maximum(score, heat), score)
        endless = (taught & (alone >= 1) & beyond_all) | is_hot
        return RunScores(at, score, length, endless, params[:, 4:9], params[:, 12:14], params[:, 14], params[:, 15])


def _worth(y: Floats, centre: Floats, width: Floats, kept: NDArray[Any]) -> Floats:
    """What a deviation from the median of ``kept`` runs is worth on the normal scale."""
    count = np.maximum(np.minimum(kept, REMEMBERED).astype(float), 2.0)
    t = (y - centre) / np.maximum(width * np.sqrt(1 + 1.57 / count), 1e-9)
    worth: Floats = np.sign(t) * np.sqrt((count - 1) * np.log1p(np.square(t) / (count - 1)))
    return worth
