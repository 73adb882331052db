"""The add-on's preferences: where the worker lives, and its installation."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..bridge.home import Home

# Inside Blender the package is bl_ext.<repository>.reel2rig, and preferences are filed under that name.
ROOT_PACKAGE = __package__.rpartition(".")[0]


class Reel2RigPreferences(bpy.types.AddonPreferences):
    bl_idname = ROOT_PACKAGE

    home: bpy.props.StringProperty(
        name="Home Folder",
        description="Where the worker and its models are kept. Empty: your user data folder",
        subtype="DIR_PATH",
    )
    torch_index: bpy.props.StringProperty(
        name="PyTorch Index",
        description=(
            "The package index with the PyTorch build you want (CPU, CUDA, ROCm), as pytorch.org's page "
            "names it. Empty: pip's own"
        ),
    )

    def draw(self, context: bpy.types.Context) -> None:
        from .panels.worker import draw_worker

        self.layout.prop(self, "home")
        self.layout.prop(self, "torch_index")
        draw_worker(self.layout, always_manage=True)


def preferences() -> Reel2RigPreferences | None:
    """The user's preferences, or None where the package is registered without being an enabled add-on."""
    addon = bpy.context.preferences.addons.get(ROOT_PACKAGE)
    return addon.preferences if addon else None


def home() -> Home:
    """The home folder the user chose, else the default one."""
    chosen = preferences()
    return Home.find(Path(bpy.path.abspath(chosen.home)) if chosen and chosen.home else None)


def torch_index() -> str | None:
    """The package index the user chose for PyTorch, or None."""
    chosen = preferences()
    return (chosen.torch_index.strip() or None) if chosen else None


CLASSES = (Reel2RigPreferences,)
