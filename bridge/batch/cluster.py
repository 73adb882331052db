"""A batch on a Ray cluster: runners on its nodes keep a worker and a Blender warm and take clip after clip.

Only paths and short records travel. Each runner reads its clip from the shared folders and writes the results
there, so that nothing large ever enters Ray's object store. A clip whose node is lost goes to another one.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import Cancelled
from ..errors import WorkerError
from .crew import Crew
from .inputs import is_motion
from .ray_cluster import ClusterOptions, Needs, connected, node_resources
from .task import ClipOutcome, ClipTask

LOOK = 0.5  # seconds between two looks at cancelling and at new nodes
PATIENCE = 30.0  # seconds without a clip in hand after which the user is told


class ClusterTooSmall(WorkerError):
    code = "ray.too_small"


class ClusterLost(WorkerError):
    code = "ray.lost"


def run_on_cluster(
    tasks: Sequence[ClipTask],
    options: ClusterOptions,
    on_outcome: Callable[[ClipOutcome], None],
    *,
    say: Callable[[str], None] = lambda sentence: None,
    should_cancel: Callable[[], int] = lambda: 0,
) -> None:
    """Run `run_clip` on every task, each to the end once, somewhere on a cluster.

    Args:
        on_outcome: told of each clip when it is done or has failed for good, in the order in which they end.
        say: takes sentences about the cluster: nodes that take no part, clips that are begun again.

    Raises:
        RayMissing, ClusterUnreachable, ClusterTooSmall, CrewUnfit, ClusterLost.
        Cancelled: when asked for; no runner is left.
    """
    if not tasks:
        return
    with connected(options.address, Path(tasks[0].state) / "ray.log") as ray:
        resources = node_resources(ray)
        crews = []
        for needs, group in by_needs(tasks, options, resources).items():
            room = sum(needs.fit(node) for node in resources)
            if not room and options.runners is None:
                raise ClusterTooSmall(
                    f"No node of the Ray cluster has {needs}; ask for less with --ray-cpus and --ray-gpus."
                )
            crews.append(Crew(ray, needs, group, on_outcome, say, options))
        told_at = time.monotonic() + PATIENCE
        try:
            while any(crew.is_busy for crew in crews):
                if should_cancel():
                    raise Cancelled("Cancelled; the clips that were being made were given up.")
                pending = [ref for crew in crews for ref in crew.advance()]
                if any(crew.is_making for crew in crews):
                    told_at = time.monotonic() + PATIENCE
                elif time.monotonic() > told_at:
                    say("Clips are waiting: the Ray cluster has no room free just now.")
                    told_at = math.inf
                ready: list[Any] = []
                if pending:
                    ready, _ = ray.wait(pending, timeout=LOOK)
                else:  # all nodes are gone; others may come
                    time.sleep(LOOK)
                for crew in crews:
                    crew.take(ready)
        except ray.exceptions.RayError as error:
            raise ClusterLost(
                f"The Ray cluster was lost in mid-batch ({type(error).__name__}); run the command again with "
                "--resume: what was finished stays."
            ) from error
        finally:
            for crew in crews:
                crew.dismiss()


def by_needs(
    tasks: Sequence[ClipTask], options: ClusterOptions, resources: Sequence[dict[str, float]]
) -> dict[Needs, list[ClipTask]]:
    """The tasks by what each is granted, on a cluster whose nodes have these `resources`."""
    gpus = any(node.get("GPU", 0.0) > 0 for node in resources)
    groups: dict[Needs, list[ClipTask]] = defaultdict(list)
    for task in tasks:
        wanted = options.gpus
        if wanted is None:
            wanted = 1.0 if gpus and task.settings.get("device") != "cpu" else 0.0
        groups[Needs(options.cpus, 0.0 if is_motion(task.input) else wanted)].append(task)
    return groups
