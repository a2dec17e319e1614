"""How well the next hour's accesses are predicted, on a log that is replayed.

    python benchmarks/warming.py

The log is that of the example's flights: each departure of 2013 from New York counts as an access
of its route, and in a second log of its airline's flights to a place. At every full hour of the
last 300 days it is predicted for each entity that was ever seen whether it is accessed within the
hour, for several half-lives. Beside them stand two predictors to beat: the share of all entities,
and whether there was an access within the last hour.

The error is Brier's: the mean of the squared differences between probability and outcome. Of the
entities above 0.7 it is said how many were accessed, and which share of all accesses they had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tilewright_runtime.fetch.warming import HOUR_S, AccessCounts

FLIGHTS = Path(__file__).parents[1] / "examples/flights/flights.parquet"
HALF_LIVES_HOURS = (1, 3, 6, 24, 72, 168)
LEAST, FIRST_DAYS = 0.7, 65

#: The accesses of each hour.
Log = Sequence[Counter[str]]


@dataclass
class Score:
    """How good predictions were."""

    squares: float = 0.0
    predictions: int = 0
    warmed: int = 0
    warmed_rightly: int = 0
    accesses: int = 0
    warm_accesses: int = 0

    def add(self, probability: float, accesses: int) -> None:
        """Add a prediction, and what came."""
        self.squares += (probability - bool(accesses)) ** 2
        self.predictions += 1
        self.accesses += accesses
        if probability > LEAST:
            self.warmed += 1
            self.warmed_rightly += bool(accesses)
            self.warm_accesses += accesses

    def __str__(self) -> str:
        right = self.warmed_rightly / self.warmed if self.warmed else 0.0
        return (
            f"error {self.squares / self.predictions:.3f}; above {LEAST}: "
            f"{self.warmed / self.predictions:6.1%} of the entities, {right:5.1%} rightly, "
            f"{self.warm_accesses / self.accesses:5.1%} of the accesses"
        )


def read(entity: str) -> Log:
    """Read the log by hours."""
    rows = (
        duckdb.connect()
        .execute(
            f"SELECT {entity}, epoch(departed)::BIGINT // 3600 FROM '{FLIGHTS}' "
            "WHERE departed IS NOT NULL ORDER BY 2"
        )
        .fetchall()
    )
    first, last = rows[0][1], rows[-1][1]
    hours: list[Counter[str]] = [Counter() for _ in range(last - first + 1)]
    for name, hour in rows:
        hours[hour - first][name] += 1
    return hours


class Replay:
    """A log that goes on hour by hour, with a clock of its own."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.now_s = 0.0

    def predicted(self, half_life_hours: float) -> Score:
        """Score the predictions of a half-life."""
        self.now_s = 0.0
        counts = AccessCounts(half_life_hours * HOUR_S, 1 << 20, lambda: self.now_s)
        score, known = Score(), set[str]()
        for hour, accesses in enumerate(self._log):
            if hour >= FIRST_DAYS * 24:
                for entity in known:
                    score.add(counts.probability(entity), accesses[entity])
            self.now_s = (hour + 1) * HOUR_S
            counts.add(accesses.elements())
            known.update(accesses)
        return score

    def baselines(self) -> tuple[Score, Score]:
        """Score the share of all entities, and the last hour."""
        share, last = Score(), Score()
        known, hits, asked = set[str](), 0, 0
        for hour, accesses in enumerate(self._log):
            if hour >= FIRST_DAYS * 24:
                before = self._log[hour - 1]
                for entity in known:
                    share.add(hits / asked, accesses[entity])
                    last.add(float(bool(before[entity])), accesses[entity])
            hits, asked = hits + len(accesses), asked + max(len(known), 1)
            known.update(accesses)
        return share, last


def main() -> None:
    """Both logs."""
    for title, entity in (("routes", "origin || dest"), ("airlines' routes", "carrier || dest")):
        log = read(entity)
        replay = Replay(log)
        names = {name for hour in log for name in hour}
        accesses = sum(hour.total() for hour in log)
        print(f"{title}: {len(names):,} entities, {accesses:,} accesses, {len(log):,} hours")
        for name, score in zip(("share of all", "last hour"), replay.baselines(), strict=True):
            print(f"  {name:>15}: {score}")
        for hours in HALF_LIVES_HOURS:
            print(f"  half-life {hours:3} h: {replay.predicted(hours)}")


if __name__ == "__main__":
    main()
