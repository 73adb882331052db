"""The add-on's preferences: where the worker lives, what it is made from, and its installation."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import bpy

from ..bridge.client.choice import InstallChoice
from ..bridge.client.pythons import python_in
from ..bridge.client.torch_build import needs_address
from ..bridge.home import Home

# Inside Blender the package is bl_ext.<repository>.reel2rig, and preferences are filed under that name.
ROOT_PACKAGE = __package__.rpartition(".")[0]


def _changed(_preferences: bpy.types.AddonPreferences, _context: bpy.types.Context) -> None:
    from .install_plan import plans
    from .jobs import jobs

    _home.cache_clear()
    plans.forget()
    jobs.look_again()


class Reel2RigPreferences(bpy.types.AddonPreferences):
    bl_idname = ROOT_PACKAGE

    home: bpy.props.StringProperty(
        name="Home Folder",
        description="Where the worker, its models and its logs are kept. Empty: your user data folder",
        subtype="DIR_PATH",
        update=_changed,
    )
    worker_in: bpy.props.EnumProperty(
        name="Worker Runs In",
        description="Which Python the worker runs in. Blender's own is never changed",
        items=[
            ("MANAGED", "Its Own Environment", "Reel2Rig makes an environment of its own, outside Blender"),
            ("EXISTING", "A Python of Mine", "A Python or environment of yours that has the packages"),
        ],
        default="MANAGED",
        update=_changed,
    )
    existing_python: bpy.props.StringProperty(
        name="My Python",
        description="The python program, or the folder of its environment, with PyTorch and MediaPipe in it",
        subtype="FILE_PATH",
        update=_changed,
    )
    torch_build: bpy.props.EnumProperty(
        name="PyTorch Build",
        description="What the worker can compute on",
        items=[
            (
                "AUTO",
                "Automatic",
                "The usual build for this system: CUDA on Linux, CPU on Windows, Apple GPU",
            ),
            ("CPU", "CPU", "The smallest; works everywhere"),
            ("CUDA", "CUDA", "For NVIDIA graphics cards"),
            ("ROCM", "ROCm", "For AMD graphics cards, on Linux"),
            ("CUSTOM", "Custom", "Any other package index"),
        ],
        default="AUTO",
        update=_changed,
    )
    torch_index: bpy.props.StringProperty(
        name="From",
        description=(
            "The command or address that pytorch.org shows under Get Started once you have chosen this build "
            "there"
        ),
        update=_changed,
    )
    base_python: bpy.props.StringProperty(
        name="Base Python",
        description="The Python 3.11, 3.12 or 3.13 that the environment is made with. Empty: the first found",
        subtype="FILE_PATH",
        update=_changed,
    )
    wheels: bpy.props.StringProperty(
        name="Wheel Folder",
        description="Install from wheels in this folder, without any network. Empty: download them",
        subtype="DIR_PATH",
        update=_changed,
    )
    proxy: bpy.props.StringProperty(
        name="Proxy",
        description="For downloads, such as http://user:password@host:8080. Empty: the system's",
        update=_changed,
    )

    def draw(self, context: bpy.types.Context) -> None:
        from .panels.worker import draw_worker

        draw_worker(self.layout, always_manage=True)
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.separator()
        column.row().prop(self, "worker_in", expand=True)
        if self.worker_in == "EXISTING":
            column.prop(self, "existing_python")
        else:
            column.prop(self, "base_python", placeholder="The first that fits")
            column.separator()
            column.prop(self, "torch_build")
            if self.torch_index or self.torch_build == "CUSTOM" or needs_address(self.torch_build.lower()):
                column.prop(self, "torch_index", placeholder="Paste what pytorch.org shows")
            column.prop(self, "wheels", placeholder="Download them")
        column.prop(self, "proxy", placeholder="The system's")
        column.separator()
        column.prop(self, "home", placeholder="Your user data folder")


def preferences() -> Reel2RigPreferences | None:
    """The user's preferences, or None where the package is registered without being an enabled add-on."""
    addon = bpy.context.preferences.addons.get(ROOT_PACKAGE)
    return addon.preferences if addon else None


def home() -> Home:
    """The home folder the user chose, else the default one; with it the Python they chose for the worker."""
    chosen = preferences()
    existing = chosen.existing_python if chosen and chosen.worker_in == "EXISTING" else ""
    return _home(chosen.home if chosen else "", existing, os.environ.get("REEL2RIG_HOME", ""))


@lru_cache(maxsize=8)
def _home(folder: str, existing: str, _variable: str) -> Home:
    """Remembered, because panels ask while they draw and a path may lie on a slow disk."""
    python = python_in(Path(bpy.path.abspath(existing))) if existing else None
    return Home.find(Path(bpy.path.abspath(folder)) if folder else None, python)


def python_is_wanting() -> bool:
    """Whether the worker is to run in a Python of the user's own, and none is named."""
    chosen = preferences()
    return bool(chosen and chosen.worker_in == "EXISTING" and not chosen.existing_python)


def install_choice(repair: bool = False) -> InstallChoice:
    """What the preferences ask an installation for."""
    chosen = preferences()
    if chosen is None:
        return InstallChoice(repair=repair)
    return InstallChoice(
        python=_path(chosen.base_python),
        torch_build=chosen.torch_build.lower(),
        torch_index=chosen.torch_index.strip() or None,
        wheels=_path(chosen.wheels),
        proxy=chosen.proxy.strip(),
        repair=repair,
    )


def _path(text: str) -> Path | None:
    return Path(bpy.path.abspath(text)) if text else None


CLASSES = (Reel2RigPreferences,)
