"""A crew of Dask workers, by the address of their scheduler.

The plan, with the model's bytes, is registered as a plugin: every worker gets it once, and so does each that
joins later or comes back after a death. Dask itself gives a dead worker's chunks to others; a chunk in whose
company too many died comes back to `dispatch`, and is tried in a process of this machine. Only the scan
writes results, so a chunk that two workers answered still counts once.
"""

import queue
import time
import uuid
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from distributed import Client, Future, WorkerPlugin
from distributed.scheduler import KilledWorker

from silentspam.archive import ScanError
from silentspam.archive.dispatch import Crew, Outcome
from silentspam.archive.plan import Chunk, Plan
from silentspam.archive.processes import ProcessCrew
from silentspam.archive.worker import Row, forget, prepare, read_opening, ready, scan_chunk

AHEAD = 2
CONNECT_SECONDS = 30.0
LOOK_SECONDS = 5.0
"""How often a scan that waits looks whether the scheduler is still there."""


class PlanPlugin(WorkerPlugin):  # type: ignore[misc]
    """Gives a worker the plan."""

    def __init__(self, plan: Plan) -> None:
        self.name = f"silentspam-{plan.key}-{uuid.uuid4().hex}"
        self._plan = plan

    def setup(self, worker: Any) -> None:
        """Called by each worker when it starts, or when the plugin is registered."""
        prepare(self.name, self._plan)

    def teardown(self, worker: Any) -> None:
        """Called when the scan has ended."""
        forget(self.name)


class DaskCrew:
    """The workers of the scheduler at `address` (implements Crew); use it in a `with` statement.

    ship_audio: the scan reads the openings and sends them along, for workers that do not see the archive.
    """

    def __init__(
        self,
        plan: Plan,
        address: str,
        *,
        ship_audio: bool = False,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self._plan = plan
        self._address = address
        self._ship_audio = ship_audio
        self._connect_seconds = connect_seconds
        self._plugin = PlanPlugin(plan)
        self._under_way: dict[Future[list[Row]], Chunk] = {}
        self._finished: queue.SimpleQueue[Future[list[Row]]] = queue.SimpleQueue()

    def __enter__(self) -> "DaskCrew":
        try:
            self._client = Client(self._address, timeout=self._connect_seconds, set_as_default=False)
            self._client.wait_for_workers(1, timeout=self._connect_seconds)
        except (OSError, TimeoutError, ValueError) as error:
            raise ScanError(f"no Dask scheduler with a worker at {self._address}: {error}") from error
        self._client.register_plugin(self._plugin)
        self._client.submit(ready, self._plugin.name, pure=False).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._client.status == "running":
                self._client.cancel(list(self._under_way))
                self._client.unregister_worker_plugin(self._plugin.name)
        except (OSError, TimeoutError):
            # The scheduler went away: there is nobody left to be told.
            pass
        finally:
            self._client.close()

    def capacity(self) -> int:
        """How many chunks under way keep every thread of every worker busy."""
        threads: dict[str, int] = self._client.nthreads()
        return AHEAD * max(1, sum(threads.values()))

    def submit(self, chunk: Chunk) -> None:
        """Put a chunk under way, with its audio where that is wanted."""
        key = f"silentspam-scan-{chunk.identity(self._plan)}-{uuid.uuid4().hex}"
        sent = self.with_audio(chunk) if self._ship_audio and chunk.audio is None else chunk
        future = self._client.submit(scan_chunk, self._plugin.name, sent, key=key, pure=False)
        self._under_way[future] = sent
        future.add_done_callback(self._finished.put)

    def collect(self) -> list[Outcome]:
        """Wait until a chunk is no longer under way."""
        last = time.monotonic()
        while True:
            try:
                return [self._outcome(self._finished.get(timeout=LOOK_SECONDS))]
            except queue.Empty:
                self._look_after_cluster()
                last = time.monotonic() if self._client.nthreads() else last
                if time.monotonic() - last > self._connect_seconds:
                    raise ScanError(f"no worker is left on the Dask scheduler at {self._address}") from None

    def _look_after_cluster(self) -> None:
        lost = any(future.status in ("lost", "cancelled") for future in self._under_way)
        if lost or self._client.status != "running":
            raise ScanError(f"the Dask scheduler at {self._address} is gone")

    def _outcome(self, future: Future[list[Row]]) -> Outcome:
        chunk = self._under_way.pop(future)
        try:
            return Outcome(chunk, future.result())
        except KilledWorker:
            return Outcome(chunk, None)
        except (CancelledError, TimeoutError) as error:
            raise ScanError(f"the Dask scheduler at {self._address} is gone: {error}") from error
        finally:
            future.release()

    def alone(self) -> AbstractContextManager[Crew]:
        """A process here: each death of a Dask worker costs the cluster a restart, some of which fail."""
        return ProcessCrew(self._plan, 1)

    def with_audio(self, chunk: Chunk) -> Chunk:
        """The chunk with its openings read here; what cannot be read becomes its recording's fault."""
        recordings, audio = [], []
        for listed in chunk.recordings:
            opening = listed.fault or read_opening(
                listed.path, self._plan.questions.seconds, self._plan.key_files
            )
            if isinstance(opening, str):
                recordings.append(listed._replace(fault=opening))
                audio.append(b"")
            else:
                recordings.append(listed)
                audio.append(opening.codes.tobytes())
        return Chunk(tuple(recordings), tuple(audio))
