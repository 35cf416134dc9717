"""Workers on several machines share reading the boards, sending and the cycle, through Procrastinate's queue in the database.

The queue only hands out work. That a board is read by one, that a cycle is run by one and that an act leaves once is held
by leases in the city's own tables, which ``liandong run`` and the desk's dispatcher take as well.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

import psycopg
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import DeleteJobCondition, Job, Status
from procrastinate.schema import SchemaManager

from classifier.ready import ready
from classifier.service import since
from classifier.suggest import Suggester
from data.city import City
from data.problem import Problem
from data.records import Alert
from data.reference import Reference
from data.store import on_server
from data.store.queue import schema_of_queue
from ticketing import cycle, outbox, sharing

BOARDS, OFFICE = "boards", "office"  # queues: a board may take twenty minutes, and the rest must not wait for it
LOOK = "* * * * * */10"  # what is due is looked for every ten seconds
BEAT, STALLED = 5.0, 15.0  # seconds: a worker that says nothing for so long has died
AT_ONCE = 20  # acts to be sent, for each of which a worker is called
MOST_SENDING = 8
SOON = timedelta(minutes=1)  # a new post waits no longer for its suggestion
Tell = Callable[[str, Mapping[str, Any]], None]  # what was done (a stage's name, or a sentence), and what it counted
Clock = Callable[[], datetime]


class Worker:
    """One process that works until told to end."""

    def __init__(self, city: City, clock: Clock, tell: Tell) -> None:
        """Raises Problem where the city is not one for workers."""
        self.city, self.clock, self.tell = city, clock, tell
        self.app = App(connector=_connector(city))
        self.ending = threading.Event()
        self._failing = ""
        self._ready: tuple[Reference, datetime | None, Suggester] | None = None
        self._read = self.app.task(name="read", queue=BOARDS, pass_context=True)(self.read)
        self._send = self.app.task(name="send", queue=OFFICE, pass_context=True)(self.send)
        self._cycle = self.app.task(name="cycle", queue=OFFICE, pass_context=True)(self.cycle)
        look = self.app.task(name="look", queue=OFFICE, lock="look", queueing_lock="look")(self.look)
        self.app.periodic(cron=LOOK)(look)

    async def work(self) -> None:
        """Until cancelled; then what is being sent is ended, and boards are left where they are. A database that is away is waited for."""
        with suppress(asyncio.CancelledError):
            while True:
                try:
                    async with self.app.open_async():
                        await self._both()
                except (ConnectorException, psycopg.Error):
                    pass
                self.tell("数据库没有应答，5 秒后再试", {})
                await asyncio.sleep(BEAT)

    async def _both(self) -> None:
        """Serve both queues until one of them cannot be served any more: then the other is left, too."""
        serving = [
            asyncio.ensure_future(self._serve(BOARDS, self.city.settings.workers.boards)),
            asyncio.ensure_future(self._serve(OFFICE, 2)),
        ]
        try:
            await asyncio.wait(serving, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in serving:
                one.cancel()
            ends = await asyncio.gather(*serving, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _serve(self, queue: str, at_once: int) -> None:
        await self.app.run_worker_async(
            queues=[queue],
            name=queue,
            concurrency=at_once,
            install_signal_handlers=False,
            delete_jobs=DeleteJobCondition.ALWAYS,
            fetch_job_polling_interval=2.0,
            update_heartbeat_interval=BEAT,
            stalled_worker_timeout=STALLED,
        )

    async def look(self, timestamp: int) -> None:
        """Put what is due into the queue; what a dead worker had is taken out of its hands first."""
        jobs = self.app.job_manager
        for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=STALLED):
            await self._bury(job)
        going = {job.lock for job in await jobs.list_jobs_async(status="doing")}
        boards, acts, cycle_due = await asyncio.to_thread(self._due)
        for slug in boards:
            if f"read/{slug}" not in going:
                await self._defer(self._read, f"read/{slug}", f"read/{slug}", board=slug)
        for n in range(min(-(-acts // AT_ONCE), MOST_SENDING)):
            await self._defer(self._send, None, f"send/{n}")
        if cycle_due and "cycle" not in going:
            await self._defer(self._cycle, "cycle", "cycle")

    async def _bury(self, job: Job) -> None:
        with suppress(ConnectorException):  # another worker did it
            await self.app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
            self.tell(f"接手已停的进程的任务：{job.lock or job.task_name}", {})
            if job.task_name == "cycle":
                await asyncio.to_thread(self._release, job)

    async def _defer(self, task: Any, lock: str | None, queueing_lock: str, **given: str) -> None:
        with suppress(AlreadyEnqueued):
            await task.configure(lock=lock, queueing_lock=queueing_lock).defer_async(**given)

    def _release(self, job: Job) -> None:
        with self._own("look") as city, city.store.transaction():
            city.store.runs.release("run", _name(job))

    def _due(self) -> tuple[Sequence[str], int, bool]:
        """Boards to be read, how many acts are to be sent, and whether a cycle is due."""
        now, every = self.clock(), timedelta(minutes=self.city.settings.workers.every_minutes)
        with self._own("look") as city:
            last = city.store.runs.last()
            passed = now - last.started_at if last else every
            fresh = passed >= SOON and bool(city.store.threads.unread_by_machine(limit=1))
            boards = [b.slug for b in sharing.due(city, now)]
            return boards, city.store.outbox.due(now), passed >= every or fresh or passed < timedelta()
        return [], 0, False

    def read(self, context: JobContext, board: str) -> None:
        """Read one board, if nobody has meanwhile."""
        with self._own("read") as city:
            if board in {b.slug for b in sharing.due(city, self.clock())}:
                found = cycle.crawl(city, self.clock, frozenset({board}), lambda: not self.ending.is_set())
                self.tell(f"读 {board}", found)

    def send(self, context: JobContext) -> None:
        """Send what is due until nothing is."""
        with self._own("send") as city:
            if counts := outbox.send_due(city, self.clock, f"{cycle.holder()}:{_name(context.job)}"):
                self.tell("send", counts)

    def cycle(self, context: JobContext) -> None:
        """All of a cycle but the reading; where ``liandong run`` is at it, it is being done."""
        with self._own("cycle") as city, suppress(cycle.Busy):
            done = cycle.run(city, self.clock, self._suggester(city), _name(context.job))
            for name, stage in done.stages.items():
                self.tell(name, stage)

    def _suggester(self, city: City) -> Suggester:
        """Loaded once, and anew when the tables or the model in service changed. One cycle runs at a time."""
        reference, made = city.reference(), since(city.models)
        if self._ready is None or (self._ready[0], self._ready[1]) != (reference, made):
            self._ready = (reference, made, ready(reference, city.models))
        return self._ready[2]

    @contextmanager
    def _own(self, what: str) -> Iterator[City]:
        """A copy of the city opens a store of its own: each job is in a thread of its own. What fails in it is said."""
        own = replace(self.city)
        try:
            yield own
        except Exception as error:  # noqa: BLE001 - what failed now may work at the next look; a person is told
            words = (
                f"{what}：{error}" if isinstance(error, Problem) else f"{what}：{type(error).__name__}: {error}"[:300]
            )
            self._complain(words)
        finally:
            if "store" in own.__dict__:  # never opened where the database was away
                own.store.close()

    def _complain(self, words: str) -> None:
        self.tell(words, {})
        if words == self._failing:
            return
        self._failing, now = words, self.clock()
        with suppress(Problem), self._alerting() as store, store.transaction():
            store.runs.alert(Alert(now, "worker", f"{words[:80]}/{now:%Y%m%d}", f"工作进程出错，仍在重试：{words}"))

    @contextmanager
    def _alerting(self) -> Iterator[Any]:
        store = self.city.store_of_its_own()
        try:
            yield store
        finally:
            store.close()


def _name(job: Job) -> str:
    """Who runs this job, as a lease names it: whoever buries it knows what it held."""
    return f"worker-job:{job.id}"


def _connector(city: City) -> PsycopgConnector:
    database = city.settings.city.database
    if not on_server(database):
        raise Problem(
            "liandong worker 要几台机器共用一个 PostgreSQL 库；这座城市的库是一个文件，一台机器用 liandong run 就够了。"
            "要分到几台机器，先 liandong store copy 抄到 PostgreSQL，改 [city] database"
        )
    if not sharing.shared(city):
        raise Problem("没有打开多机分工；请在 liandong.toml 写 [workers] every_minutes = 5")
    for name in ("procrastinate", "psycopg.pool"):  # what failed is said by the job itself
        logging.getLogger(name).setLevel(logging.CRITICAL)
    schema = schema_of_queue(database, version("procrastinate"), SchemaManager.get_schema())
    return PsycopgConnector(
        conninfo=database, kwargs={"options": f"-csearch_path={schema}"}, min_size=1, max_size=4, timeout=10
    )
