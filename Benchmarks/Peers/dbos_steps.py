"""Measures how many durable steps DBOS Transact finishes in a second.

A workflow has ten steps and each of them returns its number. So many workflows are kept in flight, each
followed by the next; what finishes between two looks at the clock is counted. Every setting is measured in
three manners of running a workflow that DBOS documents and with the pool sizes of CONNECTIONS, each on a new
database; the best is printed as one line of JSON, the others go to stderr.
"""

import argparse
import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import pysqlite3

# The SQLite that the requirements pin, in place of whatever the system has.
sys.modules["sqlite3"] = pysqlite3

from dbos import DBOS, DBOSConfig
from sqlalchemy import Engine, event

STEPS = 10
IN_FLIGHT = (1, 8, 64)
WARM_UP_SECONDS = 1.0
# Pool sizes to try: first the one that DBOS ships with, then one that was better with much in flight.
CONNECTIONS = {"sqlite": (20,), "sqlite-wal": (20, 1), "postgresql": (20, 64)}


class Tally:
    """What has finished so far, counted from many threads."""

    def __init__(self) -> None:
        self.steps = 0
        self.workflows = 0
        self._lock = threading.Lock()

    def add(self, *, steps: int = 0, workflows: int = 0) -> None:
        """Counts what has just finished."""
        with self._lock:
            self.steps += steps
            self.workflows += workflows

    def look(self) -> tuple[float, int, int]:
        """The time, the steps and the workflows until now."""
        with self._lock:
            return time.perf_counter(), self.steps, self.workflows


tally = Tally()


@DBOS.step()
def step(number: int) -> int:
    """Does nothing; DBOS records its result."""
    return number


@DBOS.workflow()
def ten_steps() -> None:
    """One step after the other."""
    for number in range(STEPS):
        step(number)
        tally.add(steps=1)


@DBOS.step()
async def step_async(number: int) -> int:
    """Does nothing; DBOS records its result."""
    return number


@DBOS.workflow()
async def ten_steps_async() -> None:
    """One step after the other."""
    for number in range(STEPS):
        await step_async(number)
        tally.add(steps=1)


Driver = Callable[[threading.Event], None]


def repeat(run: Callable[[], None]) -> Driver:
    """A driver that runs one workflow after the other."""

    def drive(stop: threading.Event) -> None:
        while not stop.is_set():
            run()
            tally.add(workflows=1)

    return drive


def repeat_async(in_flight: int) -> Driver:
    """A driver that keeps so many workflows going in one event loop."""

    async def drive_one(stop: threading.Event) -> None:
        while not stop.is_set():
            await ten_steps_async()
            tally.add(workflows=1)

    async def drive_all(stop: threading.Event) -> None:
        await asyncio.gather(*(drive_one(stop) for _ in range(in_flight)))

    return lambda stop: asyncio.run(drive_all(stop))


def start_and_wait() -> None:
    """Runs a workflow in a thread of DBOS."""
    DBOS.start_workflow(ten_steps).get_result()


MANNERS: dict[str, Callable[[int], list[Driver]]] = {
    "call": lambda in_flight: [repeat(ten_steps)] * in_flight,
    "start_workflow": lambda in_flight: [repeat(start_and_wait)] * in_flight,
    "async": lambda in_flight: [repeat_async(in_flight)],
}


def warm_up(in_flight: int, running: list[Future[None]]) -> None:
    """Waits at least the given time, and until there were as many steps as workflows are in flight."""
    enough = tally.steps + in_flight
    time.sleep(WARM_UP_SECONDS)
    while tally.steps < enough and not any(driver.done() for driver in running):
        time.sleep(0.01)


def count(manner: str, in_flight: int, seconds: float) -> dict[str, Any]:
    """Keeps so many workflows going and counts what finishes in the given time after the warm-up."""
    drivers = MANNERS[manner](in_flight)
    stop = threading.Event()
    with ThreadPoolExecutor(len(drivers)) as pool:
        running: list[Future[None]] = [pool.submit(drive, stop) for drive in drivers]
        warm_up(in_flight, running)
        began, steps, workflows = tally.look()
        time.sleep(seconds)
        ended, steps_then, workflows_then = tally.look()
        stop.set()
        for driver in running:
            driver.result()
    return {
        "workflows": workflows_then - workflows,
        "steps": steps_then - steps,
        "seconds": round(ended - began, 3),
        "steps_per_second": round((steps_then - steps) / (ended - began), 1),
    }


def measure(options: argparse.Namespace, in_flight: int, manner: str, connections: int) -> dict[str, Any]:
    """One measurement on a database of its own."""
    database = f"{options.databases}dosette_{manner}_{in_flight}_{connections}"
    if options.store != "postgresql":
        database += ".sqlite"
    config: DBOSConfig = {
        "name": "dosette-bench",
        "system_database_url": database,
        "sys_db_pool_size": connections,
        "log_level": "WARNING",
    }
    DBOS(config=config)
    DBOS.launch()
    try:
        figures = count(manner, in_flight, options.seconds)
    finally:
        DBOS.destroy()
    return {
        "peer": "dbos",
        "version": version("dbos"),
        "store": options.store,
        "manner": manner,
        "connections": connections,
        "in_flight": in_flight,
        **figures,
    }


def use_wal() -> None:
    """Has every SQLite connection write ahead, and sync at each commit."""

    @event.listens_for(Engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=("sqlite", "sqlite-wal", "postgresql"), required=True)
    parser.add_argument("--databases", required=True, help="URL to which the name of a new database is added")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement")
    options = parser.parse_args()
    if options.store == "sqlite-wal":
        use_wal()
    for in_flight in IN_FLIGHT:
        results = [
            measure(options, in_flight, manner, connections)
            for manner in MANNERS
            for connections in CONNECTIONS[options.store]
        ]
        results.sort(key=lambda result: result["steps_per_second"])
        for other in results[:-1]:
            print(json.dumps(other), file=sys.stderr)
        print(json.dumps(results[-1]), flush=True)


if __name__ == "__main__":
    main()
