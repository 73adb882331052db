"""Footage with exact truth for tests; the rasteriser itself is `reel2rig.core.evaluate.rendering`.

The one place in tests that poses bodies and films them. To be completed by walking people and a crossing.
"""

from reel2rig.core.evaluate.rendering import background, clothes, draw_bodies

__all__ = ["background", "clothes", "draw_bodies"]
