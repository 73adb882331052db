"""Several processes as one trainer: who this one is, and the few things they tell one another (method
section 6.1).

`torchrun` starts the processes and says so in the environment; without it there is one rank, and every call
here is free.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ...device import choose_device

Item = TypeVar("Item")

# The others wait while the first rank validates, which may take longer than the ten minutes torch allows.
PATIENCE = timedelta(hours=6)


@dataclass(frozen=True)
class Ranks:
    """One process among `world` that train together."""

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that validates, writes and reports."""
        return self.rank == 0

    def share(self, items: Sequence[Item], rank: int | None = None) -> Sequence[Item]:
        """The items that fall to this rank (or to `rank`); all ranks together have each exactly once."""
        return items[self.rank if rank is None else rank :: self.world]

    def wrap(self, module: nn.Module) -> nn.Module:
        """`module`, with the mean of all ranks' gradients after every backward pass."""
        if self.world == 1:
            return module
        devices = [self.device.index] if self.device.type == "cuda" else None
        return DistributedDataParallel(module, device_ids=devices, broadcast_buffers=False)

    def joint(self, mine: Tensor, counts: Sequence[int]) -> Tensor:
        """Rows (n_r, k) of every rank -> (n, k), ordered by rank; only this rank's rows carry a gradient.

        A loss over the joint rows, multiplied by `world`, has as mean over the ranks of its gradients exactly
        the gradient that one process would have, whatever the loss averages over.
        """
        if self.world == 1:
            return mine
        padded = mine.new_zeros(max(counts), mine.shape[1])
        padded[: len(mine)] = mine.detach()
        parts = [torch.empty_like(padded) for _ in counts]
        dist.all_gather(parts, padded)
        rows = [part[:count] for part, count in zip(parts, counts, strict=True)]
        rows[self.rank] = mine
        return torch.cat(rows)

    def any(self, flag: bool) -> bool:
        """Whether one of the ranks says yes."""
        return bool(self._agreed(float(flag), dist.ReduceOp.MAX)) if self.world > 1 else flag

    def from_first(self, value: float) -> float:
        """The first rank's value, known to all once it has come to this point."""
        return self._agreed(value if self.first else 0.0, dist.ReduceOp.SUM) if self.world > 1 else value

    def wait(self) -> None:
        """Until all ranks have come to this point."""
        if self.world > 1:
            dist.barrier()

    def _agreed(self, value: float, how: dist.ReduceOp.RedOpType) -> float:
        told = torch.tensor(value, dtype=torch.float64, device=self.device)
        dist.all_reduce(told, how)
        return float(told)


def started_first() -> bool:
    """Whether this process is the first that `torchrun` started, or the only one."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def ranks(device: str = "auto") -> Iterator[Ranks]:
    """This process's place, for the time of the block; one alone unless `torchrun` started it.

    With CUDA every process of a machine takes the device of its own number and they talk through NCCL; on
    the CPU through gloo.
    """
    chosen = choose_device(device)
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Ranks(chosen)
        return
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(chosen)
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo", timeout=PATIENCE)
    yield Ranks(chosen, dist.get_rank(), dist.get_world_size())
    # Not after an error: leaving in good order waits for the others, who may be waiting for this one.
    dist.destroy_process_group()
