"""Where all our panels stand: a tab of their own in the 3D viewport's sidebar."""

from __future__ import annotations


class Sidebar:
    """Mixin of every panel: `class MyPanel(Sidebar, bpy.types.Panel)`."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Reel2Rig"
