"""Two Ray nodes on this computer, each with processes of its own: `python two_ray_nodes.py`.

Prints the cluster's address, then obeys words on stdin: `kill` takes the second node away at once, the end of
stdin ends everything. A process of its own, so that Ray never meets the test runner.
"""

from __future__ import annotations

import sys

OBJECT_STORE = 80 * 2**20
MEMORY = 3 * 2**30  # what Ray may promise of each node's memory


def main() -> None:
    from ray.cluster_utils import Cluster

    facts = {"num_cpus": 1, "object_store_memory": OBJECT_STORE, "memory": MEMORY}
    cluster = Cluster(initialize_head=True, head_node_args={**facts, "include_dashboard": False})
    second = cluster.add_node(**facts)
    print(f"two_ray_nodes: {cluster.address}", flush=True)
    for word in sys.stdin:
        if word.strip() == "kill":
            cluster.remove_node(second, allow_graceful=False)
            print("two_ray_nodes: killed", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main()
