"""Two Ray nodes on this computer, each with processes of its own: `python two_ray_nodes.py`.

Prints the cluster's address, then obeys words on stdin: `kill` takes the second node away at once, as a power
cut would, the end of stdin ends everything. A process of its own, so that Ray never meets the test runner.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

OBJECT_STORE = 80 * 2**20
MEMORY = 3 * 2**30  # what Ray may promise of each node's memory


def family(pid: int) -> list[int]:
    """A process and all that it has started: what a power cut takes away together."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in listed.splitlines())
    parents = {int(child): int(parent) for child, parent in pairs}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def main() -> None:
    from ray.cluster_utils import Cluster

    facts = {"num_cpus": 1, "object_store_memory": OBJECT_STORE, "memory": MEMORY}
    cluster = Cluster(initialize_head=True, head_node_args={**facts, "include_dashboard": False})
    second = cluster.add_node(**facts)
    print(f"two_ray_nodes: {cluster.address}", flush=True)
    for word in sys.stdin:
        if word.strip() == "kill":
            (raylet,) = second.all_processes["raylet"]
            for pid in family(raylet.process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            cluster.remove_node(second, allow_graceful=False)
            print("two_ray_nodes: killed", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
