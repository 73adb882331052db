"""The worker's state and what can be done about it; the sidebar and the preferences both show it."""

from __future__ import annotations

import textwrap

import bpy

from ...bridge.client.environment import EnvironmentState
from ...bridge.client.install_task import InstallTask
from ...bridge.client.plan import InstallPlan
from ...bridge.home import Home
from ..install_plan import plans
from ..jobs import jobs
from ..preferences import home, install_choice, python_is_wanting

_ICONS = {
    "absent": "INFO",
    "installing": "SORTTIME",
    "ready": "CHECKMARK",
    "outdated": "FILE_REFRESH",
    "broken": "ERROR",
    "busy": "TIME",
    "stopped": "ERROR",
}
_NETWORK_HINT = "Online access is off: allow it under System, Network, or name a folder of wheels."


def draw_worker(layout: bpy.types.UILayout, always_manage: bool = False) -> None:
    """The worker's state, a running installation, and the buttons that fit the state.

    Args:
        always_manage: in full, with all facts and buttons, as the preferences have room for it.
    """
    where = home()
    if jobs.install:
        _draw_installation(layout.box(), jobs.install, always_manage)
        return
    state = jobs.environment_state(where)
    kind, line = _headline(where, state)
    if kind in ("ready", "busy") and not always_manage:
        row = layout.row()
        row.label(text=line, icon=_ICONS[kind])
        row.operator("reel2rig.open_preferences", text="", icon="PREFERENCES", emboss=False)
        if advice := _advice(state):
            draw_text(layout.box(), advice, "INFO")
        if state.lacks_model:
            _draw_model(layout.box())
        return
    box = layout.box()
    if python_is_wanting():
        draw_text(box, "Choose your Python" if always_manage else "No Python chosen", "INFO")
        kind = "absent"
    else:
        draw_text(box, line, _ICONS.get(kind, "INFO"))
    if always_manage and kind == "ready":
        _draw_ready(box, where, state)
    if kind != "busy" and not python_is_wanting():
        _draw_offer(box, where, state, always_manage)
    if always_manage:
        draw_problem(layout)
    elif kind not in ("ready", "busy"):
        box.operator("reel2rig.open_preferences", text="More Choices", icon="PREFERENCES")


def draw_facts(layout: bpy.types.UILayout, plan: InstallPlan | None, width: int = 0) -> None:
    """What an installation will do, as a small table.

    Args:
        width: of the place, in pixels at scale 1; 0 takes the region's.
    """
    if plan is None:
        draw_text(layout, "Looking at this computer", "SORTTIME", width)
        return
    table = layout.column(align=True)
    for name, value in plan.facts():
        split = table.split(factor=0.2 if width > 400 or not width else 0.3)
        title = split.row()
        title.alignment = "RIGHT"
        title.label(text=name)
        lines = textwrap.wrap(value, max(20, int(_characters(width) * 0.8)), break_on_hyphens=False)
        cell = split.column(align=True)
        for text in lines or [""]:
            cell.label(text=text)
    if plan.hint:
        draw_text(layout, plan.hint, "INFO", width)
    if plan.obstacle:
        draw_text(layout, plan.obstacle, "ERROR", width)


def draw_problem(layout: bpy.types.UILayout) -> None:
    """The last error, with its code, or the last message."""
    if jobs.problem:
        box = layout.box()
        message = box.column()
        message.alert = True
        draw_text(message, jobs.problem.message, "ERROR")
        box.label(text=f"Code: {jobs.problem.code}", icon="BLANK1")
        row = box.row(align=True)
        row.operator("reel2rig.copy_report", text="Copy Report", icon="COPYDOWN")
        row.operator("reel2rig.open_logs", text="", icon="FILE_FOLDER")
    elif jobs.message:
        draw_text(layout.box(), jobs.message, "INFO")


def draw_text(layout: bpy.types.UILayout, text: str, icon: str = "NONE", width: int = 0) -> None:
    """A text of any length, broken into lines that fit; Blender itself cuts out the middle.

    Args:
        width: of the place, in pixels at scale 1; 0 takes the region's.
    """
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, _characters(width)) or [""]):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


def device_words(device: str) -> str:
    """A device as a person calls it: "CPU", "NVIDIA RTX 4070", "Apple GPU"."""
    if device.startswith("cuda"):
        return device.partition("(")[2].rstrip(")") or "GPU"
    return {"cpu": "CPU", "mps": "Apple GPU"}.get(device, device)


def _headline(where: Home, state: EnvironmentState) -> tuple[str, str]:
    """The kind of state, for the icon, and the line that tells it."""
    line = jobs.state_line(where)
    for kind in ("busy", "stopped"):
        if line.lower().startswith(kind):
            return kind, f"Worker: {line}"
    if state.name == "ready":
        device = jobs.session.hello.device if jobs.session and jobs.session.hello else state.device
        return "ready", f"Ready on {device_words(device)}" if device else "Ready"
    told = {
        "absent": "Python not checked yet" if where.python else "Worker not installed",
        "installing": "Installing in another Blender",
        "outdated": "Worker needs an update",
        "broken": "Worker needs a repair",
    }
    return state.name, told.get(state.name, line)


def _advice(state: EnvironmentState) -> str:
    """Why a GPU is not used, as the worker said it last."""
    return jobs.session.hello.advice if jobs.session and jobs.session.hello else state.advice


def _draw_ready(box: bpy.types.UILayout, where: Home, state: EnvironmentState) -> None:
    versions = ", ".join(f"{name.title()} {value}" for name, value in state.versions.items() if value)
    if versions:
        draw_text(box, versions.replace("Torch", "PyTorch"), "BLANK1")
    draw_text(box, f"In {where.python or where.environment}", "BLANK1")
    if advice := _advice(state):
        draw_text(box, advice, "INFO")


def _draw_offer(box: bpy.types.UILayout, where: Home, state: EnvironmentState, full: bool) -> None:
    """Why the worker cannot be used, and the one button that changes it."""
    if state.name == "ready":
        if state.lacks_model:
            _draw_model(box)
        if full:
            row = box.row(align=True)
            row.operator("reel2rig.install_worker", text="Repair", icon="TOOL_SETTINGS").repair = True
            row.operator("reel2rig.remove_worker", text="Remove", icon="TRASH")
            row.operator("reel2rig.open_logs", text="Logs", icon="FILE_FOLDER")
        return
    if state.name == "installing":
        return
    if state.name in ("broken", "outdated"):
        draw_text(box, state.reason, "BLANK1")
    repair = state.name == "broken"
    plan = plans.look(where, install_choice(repair))
    blocked = bool(plan and (plan.obstacle or (plan.needs_network and not bpy.app.online_access)))
    if full:
        draw_facts(box, plan)
    else:
        _draw_summary(box, state, plan)
    if plan and not plan.obstacle and blocked:
        draw_text(box, _NETWORK_HINT, "INTERNET_OFFLINE")
    buttons = box.row(align=True) if full else box.column()
    if plan and not plan.obstacle and blocked:
        buttons.operator("reel2rig.open_network_preferences", icon="PREFERENCES")
    buttons.scale_y = 1.2
    row = buttons.row(align=True)
    button = row.row(align=True)
    button.enabled = not blocked
    text, icon = _button(state, where)
    button.operator("reel2rig.install_worker", text=text, icon=icon).repair = repair
    if full and state.name in ("broken", "outdated"):
        row.operator("reel2rig.remove_worker", text="", icon="TRASH")


def _draw_model(box: bpy.types.UILayout) -> None:
    """The environment is complete, but the model it looks for people with is not there yet."""
    draw_text(box, "The landmark model is still missing (36 MB).", "INFO")
    if not bpy.app.online_access:
        draw_text(box, _NETWORK_HINT, "INTERNET_OFFLINE")
        box.operator("reel2rig.open_network_preferences", icon="PREFERENCES")
    box.operator("reel2rig.install_worker", text="Fetch the Model", icon="IMPORT")


def _draw_summary(box: bpy.types.UILayout, state: EnvironmentState, plan: InstallPlan | None) -> None:
    """What the sidebar has room for."""
    if plan and plan.obstacle:
        draw_text(box, plan.obstacle, "ERROR")
    elif state.name == "absent":
        draw_text(box, "Captures run in a program of their own, outside Blender.", "BLANK1")
        if plan and plan.needs_network:
            draw_text(box, f"Download: {dict(plan.facts())['Download']}", "BLANK1")


def _button(state: EnvironmentState, where: Home) -> tuple[str, str]:
    if where.python:
        return "Use This Python", "CHECKMARK"
    return {
        "broken": ("Repair the Worker", "TOOL_SETTINGS"),
        "outdated": ("Update the Worker", "FILE_REFRESH"),
    }.get(state.name, ("Install the Worker", "IMPORT"))


def _draw_installation(box: bpy.types.UILayout, task: InstallTask, full: bool) -> None:
    """The bar, what is being done, the end of the log, and a way out."""
    progress = task.progress
    text = "Cancelling" if task.cancelling else progress.text
    box.label(text="Installing the Worker", icon="SORTTIME")
    box.progress(factor=progress.fraction, type="BAR", text=f"{100 * progress.fraction:.0f} %")
    draw_text(box, text)
    if full:
        lines = box.column(align=True)
        lines.scale_y = 0.8
        lines.enabled = False
        for line in task.latest:
            lines.label(text=line[: _characters(0)])
    row = box.row(align=True)
    row.operator("reel2rig.cancel_install", icon="X")
    row.operator("reel2rig.open_logs", text="Open Log" if full else "", icon="TEXT").install = True


def _characters(width: int = 0) -> int:
    """About how many characters stand beside an icon in the region being drawn, or in a given width."""
    if width:
        return int((width - 50) / 6.2)
    region = bpy.context.region
    if region is None:
        return 32
    scale = bpy.context.preferences.system.ui_scale
    return max(16, int((region.width / scale - 80) / 6.5))
