"""Everything that Blender has to know of, in one list, made known and taken back in order.

A module in the list has `CLASSES`, and may have `attach` and `detach` for what is not a class: properties on
Blender's own types, menu entries, handlers.
"""

from __future__ import annotations

import bpy

from . import (
    body_properties,
    camera_properties,
    capture_presets,
    cleanup_properties,
    export_properties,
    handlers,
    live,
    preferences,
    previews,
    properties,
    retarget_properties,
    rig_map_fields,
)
from .operators import body as body_operators
from .operators import camera as camera_operators
from .operators import camera_track as camera_track_operators
from .operators import capture as capture_operators
from .operators import cleanup as cleanup_operators
from .operators import cleanup_jumps, cleanup_presets, export_motion, import_motion
from .operators import finished as finished_operators
from .operators import people as people_operators
from .operators import queue as queue_operators
from .operators import retarget as retarget_operators
from .operators import rig_maps as rig_map_operators
from .operators import scene as scene_operators
from .operators import tracks as track_operators
from .operators import video as video_operators
from .operators import waiting as waiting_operators
from .operators import worker as worker_operators
from .panels import body as body_panels
from .panels import camera as camera_panels
from .panels import capture as capture_panels
from .panels import chosen_people, cleanup_layers, cleanup_parts
from .panels import cleanup as cleanup_panels
from .panels import export as export_panels
from .panels import help as help_panels
from .panels import menu as command_menu
from .panels import people as people_panels
from .panels import retarget as retarget_panels
from .panels import rig_map as rig_map_panels
from .panels import waiting as waiting_panels

# In the order in which panels stand in the sidebar.
MODULES = (
    properties,
    previews,
    preferences,
    capture_presets,
    body_properties,
    cleanup_properties,
    camera_properties,
    retarget_properties,
    rig_map_fields,
    export_properties,
    capture_operators,
    finished_operators,
    import_motion,
    queue_operators,
    video_operators,
    worker_operators,
    scene_operators,
    cleanup_operators,
    cleanup_jumps,
    cleanup_presets,
    camera_operators,
    camera_track_operators,
    body_operators,
    people_operators,
    track_operators,
    waiting_operators,
    export_motion,
    retarget_operators,
    rig_map_operators,
    chosen_people,
    capture_panels,
    people_panels,
    waiting_panels,
    cleanup_panels,
    cleanup_parts,
    cleanup_layers,
    camera_panels,
    body_panels,
    retarget_panels,
    rig_map_panels,
    export_panels,
    help_panels,
    live,
    command_menu,
    handlers,
)


def register() -> None:
    """Make the add-on known to Blender. Starts no process and touches no file."""
    for module in MODULES:
        for cls in module.CLASSES:
            bpy.utils.register_class(cls)
        if attach := getattr(module, "attach", None):
            attach()


def unregister() -> None:
    """Take everything back and end what runs."""
    for module in reversed(MODULES):
        if detach := getattr(module, "detach", None):
            detach()
        for cls in reversed(module.CLASSES):
            bpy.utils.unregister_class(cls)
