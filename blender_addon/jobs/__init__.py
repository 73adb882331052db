"""What runs for this Blender. `jobs` is the one of it; `unregister` closes it."""

from __future__ import annotations

from .desk import Jobs, VideoMissing
from .item import Asker, Item

__all__ = ["Asker", "Item", "Jobs", "VideoMissing", "jobs"]

jobs = Jobs()
