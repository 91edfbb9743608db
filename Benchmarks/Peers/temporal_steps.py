"""Measures how many activities a Temporal server carries through in a second.

A workflow has ten activities and each of them returns its number. So many workflows are kept in flight, each
followed by the next; what finishes between two looks at the clock is counted and printed as one line of JSON.
"""

import argparse
import asyncio
import json
import os
import sys
import time
import uuid
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

STEPS = 10
IN_FLIGHT = (1, 8, 64)
WARM_UP_SECONDS = 1.0
QUEUE = "dosette-bench"


@dataclass
class Tally:
    """What has finished so far."""

    steps: int = 0
    workflows: int = 0


tally = Tally()


@activity.defn
async def step(number: int) -> int:
    """Does nothing; Temporal records that it was scheduled, started and completed."""
    tally.steps += 1
    return number


@workflow.defn
class TenSteps:
    """One activity after the other."""

    @workflow.run
    async def run(self) -> None:
        for number in range(STEPS):
            await workflow.execute_activity(step, number, start_to_close_timeout=timedelta(minutes=1))


async def repeat(client: Client, stop: asyncio.Event) -> None:
    """Runs one workflow after the other."""
    while not stop.is_set():
        await client.execute_workflow(TenSteps.run, id=str(uuid.uuid4()), task_queue=QUEUE)
        tally.workflows += 1


async def warm_up(in_flight: int) -> None:
    """Waits at least the given time, and until there were as many steps as workflows are in flight."""
    enough = tally.steps + in_flight
    await asyncio.sleep(WARM_UP_SECONDS)
    while tally.steps < enough:
        await asyncio.sleep(0.01)


async def measure(client: Client, in_flight: int, seconds: float) -> dict[str, Any]:
    """Keeps so many workflows going and counts what finishes in the given time after the warm-up."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(repeat(client, stop))
        await warm_up(in_flight)
        began, before = time.perf_counter(), Tally(tally.steps, tally.workflows)
        await asyncio.sleep(seconds)
        elapsed, after = time.perf_counter() - began, Tally(tally.steps, tally.workflows)
        stop.set()
    steps = after.steps - before.steps
    return {
        "manner": "activity",
        "in_flight": in_flight,
        "workflows": after.workflows - before.workflows,
        "steps": steps,
        "seconds": round(elapsed, 3),
        "steps_per_second": round(steps / elapsed, 1),
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True, help="what the server keeps its history in, for the output")
    parser.add_argument("--address", required=True, help="host and port of the server")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement")
    options = parser.parse_args()
    client = await Client.connect(options.address)
    async with Worker(client, task_queue=QUEUE, workflows=[TenSteps], activities=[step]):
        for in_flight in IN_FLIGHT:
            figures = await measure(client, in_flight, options.seconds)
            peer = {"peer": "temporal", "version": version("temporalio"), "store": options.store}
            print(json.dumps(peer | figures), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
    # The client's native threads outlive the event loop, and Python aborts now and then when it ends before them.
    sys.stdout.flush()
    os._exit(0)
