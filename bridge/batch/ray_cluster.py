"""A connection to a Ray cluster, and what its nodes can hold. Ray is imported here and nowhere else."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import WorkerError, writing
from .blender import CLIPS

LOCAL = "local"
OBJECT_STORE = 80 * 2**20  # bytes, next to Ray's least: only paths and short records travel
ANSWER = 5.0  # seconds in which a cluster's head must take a connection
MEMORY = 2 * 2**30  # bytes that a worker and a Blender need together, measured with room to spare


class RayMissing(WorkerError):
    code = "ray.missing"


class ClusterUnreachable(WorkerError):
    code = "ray.unreachable"


@dataclass(frozen=True)
class Needs:
    """What one clip is granted on its node: cores and GPUs. Half a GPU lets two clips share one."""

    cpus: float = 1.0
    gpus: float = 0.0

    def __str__(self) -> str:
        gpus = f", {self.gpus:g} GPUs" if self.gpus else ""
        return f"{self.cpus:g} CPU cores{gpus} and {MEMORY / 2**30:.0f} GB of memory"

    def options(self) -> dict[str, float]:
        """As Ray is told them."""
        return {"num_cpus": self.cpus, "num_gpus": self.gpus, "memory": MEMORY}

    def fit(self, resources: dict[str, float]) -> int:
        """How many clips a node with these resources can hold at once."""
        asked = {"CPU": self.cpus, "GPU": self.gpus, "memory": MEMORY}
        return min(int(resources.get(name, 0.0) / share + 1e-6) for name, share in asked.items() if share)


@dataclass(frozen=True)
class ClusterOptions:
    """Where and how a batch is spread.

    Attributes:
        address: as `connected` takes it.
        cpus: cores granted to each clip.
        gpus: granted to each clip that is captured; None is one where the cluster has any and the settings do
            not say "cpu". Files of motion need none.
        runners: at most so many clips at a time; None is what the cluster holds.
        restart_every: clips after which a runner's Blender is started afresh.
        tries: how often a clip is begun before it counts as failed because its nodes are lost.
    """

    address: str
    cpus: float = 1.0
    gpus: float | None = None
    runners: int | None = None
    restart_every: int = CLIPS
    tries: int = 3


def import_ray(address: str) -> Any:
    """The ray package, for a cluster at `address`. Raises RayMissing with the command that installs it."""
    # The import reads both. Nothing about anybody's use is sent anywhere, and nobody else on the network can
    # hand work to a cluster of this computer alone.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address == LOCAL:
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    try:
        import ray
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise RayMissing("--ray needs the package Ray; run pip install 'reel2rig[ray]'.") from None
    return ray


@contextmanager
def connected(address: str, log: Path) -> Iterator[Any]:
    """The ray package, connected to the cluster at `address`.

    What Ray prints about its nodes goes to a file: it would stand between a command's own results. So does
    all else that is printed to stdout meanwhile.

    Args:
        address: of the cluster's head ("10.0.0.5:6379"), "auto" for the one this computer belongs to, or
            "local": a cluster of this computer alone is started, and ended again.
        log: that file.

    Raises:
        RayMissing, ClusterUnreachable.
    """
    ray = import_ray(address)
    if ray.is_initialized():  # the caller's own connection, to be left as it is
        yield ray
        return
    if address != LOCAL:
        _require_answer(address)
    with writing(log):
        log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "a", encoding="utf-8") as stream, redirect_stdout(stream):
        _connect(ray, address)
        try:
            yield ray
        finally:
            ray.shutdown()


def _connect(ray: Any, address: str) -> None:
    started: dict[str, Any] = {"include_dashboard": False, "object_store_memory": OBJECT_STORE}
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level="error",
            **(started if address == LOCAL else {}),
        )
    except (ray.exceptions.RayError, ConnectionError, RuntimeError, ValueError, OSError) as error:
        told = str(error).strip().splitlines() or [type(error).__name__]
        raise _unreachable(address, told[0].rstrip(".")) from error


def _require_answer(address: str) -> None:
    """Raise ClusterUnreachable at once where nothing listens: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return  # "auto" and whatever else Ray understands
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, str(error)) from None


def _unreachable(address: str, reason: str) -> ClusterUnreachable:
    return ClusterUnreachable(
        f"No Ray cluster can be used at {address} ({reason}); start one with ray start --head, or take "
        "--ray local."
    )


def node_resources(ray: Any) -> list[dict[str, float]]:
    """What each node that is alive has in all."""
    return [dict(node["Resources"]) for node in ray.nodes() if node["Alive"]]
