"""A standalone cluster of Spark and a Kafka broker, as processes on the loopback address of this machine."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pyspark

HOME = Path(pyspark.__file__).parent
# Of all Java programs here; a worker starts executors from SPARK_HOME.
os.environ.update(SPARK_HOME=str(HOME), SPARK_SCALA_VERSION="2.13", SPARK_LOCAL_IP="127.0.0.1")
os.environ["PYSPARK_PYTHON"] = sys.executable
# Most of what they would do is to start.
os.environ["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
T = TypeVar("T")


def until(what: str, ready: Callable[[], T | None], seconds: float = 300) -> T:
    """What `ready` gives as soon as it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (found := ready()) is not None:
            return found
        time.sleep(0.05)
    raise TimeoutError(f"never: {what}")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def accepts(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def children(pid: int | None) -> list[int]:
    """Processes that a process started."""
    found: list[int] = []
    # By each of its threads.
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, file.read_text().split())
        except OSError:
            pass
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


class Programs:
    """Programs that end with this object."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        # Also where this process is told to end.
        atexit.register(self.end)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    def start(self, name: str, *command: str, **env: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            program = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, **env}, start_new_session=True
            )
        self.running.append(program)
        return program

    def java(self, name: str, jars: str, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        return self.start(name, "java", "-Xmx512m", "-cp", jars, main, *arguments)

    def end(self) -> None:
        for program in self.running:
            try:
                os.killpg(program.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            program.wait()


class Spark:
    """A master and two workers with a core each."""

    def __init__(self, programs: Programs) -> None:
        port = free_port()
        self.url = f"spark://127.0.0.1:{port}"
        jars = str(HOME / "jars" / "*")
        local = ["--host", "127.0.0.1", "--webui-port", "0"]
        programs.java("master", jars, "org.apache.spark.deploy.master.Master", *local, "--port", str(port))
        until("the master", lambda: accepts(port) or None)
        size = ["--cores", "1", "--memory", "1g", "--work-dir", str(programs.folder / "work")]
        worker = "org.apache.spark.deploy.worker.Worker"
        self.workers = [programs.java(f"worker{i}", jars, worker, *local, *size, self.url) for i in range(2)]

    def executor(self, worker: int) -> int | None:
        """The process of a worker's executor."""
        running = children(self.workers[worker].pid)
        return next((pid for pid in running if "CoarseGrainedExecutorBackend" in command_of(pid)), None)

    def python_workers(self, worker: int) -> list[int]:
        """Python processes that compute for a worker's executor: forks of its daemon."""
        return [pid for daemon in children(self.executor(worker)) for pid in children(daemon)]


class Kafka:
    """A broker that is its own controller."""

    def __init__(self, programs: Programs, jars: str) -> None:
        port, own = free_port(), free_port()
        self.servers = f"127.0.0.1:{port}"
        folder = programs.folder / "kafka"
        folder.mkdir()
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{own}",
            "listeners": f"PLAINTEXT://{self.servers},CONTROLLER://127.0.0.1:{own}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": folder / "logs",
            "num.partitions": 2,
            "offsets.topic.replication.factor": 1,
        }
        file = folder / "server.properties"
        file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        form = programs.java(
            "kafka-format", jars, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", str(file)
        )
        if form.wait() != 0:
            raise RuntimeError((programs.folder / "kafka-format.log").read_text())
        programs.java("kafka", jars, "kafka.Kafka", str(file))
        until("the broker", lambda: accepts(port) or None)


def python(programs: Programs, name: str, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
    return programs.start(name, sys.executable, *arguments, **env)
