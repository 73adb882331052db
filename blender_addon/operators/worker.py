"""Install, update, repair, check and remove what the worker runs in."""

from __future__ import annotations

import time

import bpy

from ...bridge.client.install import remove
from ...bridge.client.plan import InstallPlan, plan_install
from ...core.errors import InputError
from ..install_plan import plans, rest
from ..jobs import jobs
from ..panels.worker import draw_facts
from ..preferences import ROOT_PACKAGE, home, install_choice, python_is_wanting
from ..redraw import redraw
from ..ticks import measured
from .base import report_error

_TICK = 0.2  # seconds between two looks at a running installation
_DIALOG_WAIT = 1.5  # seconds that a dialog waits for its facts
_OFFLINE = (
    "Blender may not use the network: allow online access in Preferences, System, or name a wheel folder"
)
_TITLES = {
    "install": ("Install the Worker", "Install"),
    "renew": ("Install the Worker Anew", "Install"),
    "update": ("Update the Worker", "Update"),
    "model": ("Fetch the Landmark Model", "Fetch"),
    "check": ("Use This Python", "Use"),
}


class OnlineAccessOff(InputError):
    code = "setup.offline"


class PythonNotChosen(InputError):
    code = "setup.python_not_chosen"


def _idle(cls: type[bpy.types.Operator]) -> bool:
    if jobs.capturing or jobs.installing:
        cls.poll_message_set("The worker is busy" if jobs.capturing else "An installation is running")
        return False
    return True


class InstallWorker(bpy.types.Operator):
    bl_idname = "reel2rig.install_worker"
    bl_label = "Install the Worker"
    bl_description = "Show what will be downloaded and where to, then install the program that captures"

    repair: bpy.props.BoolProperty(name="Repair", options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        if properties.repair:
            return "Show what will be downloaded and where to, then make the worker's environment anew"
        return cls.bl_description

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _idle(cls):
            return False
        if python_is_wanting():
            cls.poll_message_set("Choose your Python first")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        plans.forget()  # a disk or a Python may have come since the panel was drawn
        plan = plans.wait(home(), install_choice(self.repair), _DIALOG_WAIT)
        if plan and (plan.obstacle or _offline(plan)):
            return self.execute(context)  # which says why, instead of asking first
        title, button = _TITLES[plan.action if plan else "install"]
        if plan and self.repair and plan.action == "renew":
            title, button = "Repair the Worker", "Repair"
        return context.window_manager.invoke_props_dialog(self, width=460, title=title, confirm_text=button)

    def draw(self, context: bpy.types.Context) -> None:
        plan = plans.look(home(), install_choice(self.repair))
        draw_facts(self.layout, plan, width=440)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            where, choice = home(), install_choice(self.repair)
            if python_is_wanting():
                raise PythonNotChosen("Choose the Python that the worker shall run in.")
            plan = plans.look(where, choice) or plan_install(where, choice)
            if _offline(plan):
                raise OnlineAccessOff(f"{_OFFLINE}.")
            jobs.begin_install(where, choice)
        except Exception as error:
            return report_error(self, error)
        if not bpy.app.background:
            bpy.app.timers.register(_look_after, first_interval=_TICK, persistent=True)
            redraw()
            return {"FINISHED"}
        while not jobs.poll_install():
            time.sleep(0.1)
        if jobs.problem:
            self.report({"ERROR"}, jobs.problem.line())
            return {"CANCELLED"}
        self.report({"INFO"}, jobs.message)
        return {"FINISHED"}


def _offline(plan: InstallPlan) -> bool:
    return plan.needs_network and not bpy.app.online_access


def _look_after() -> float | None:
    """A timer and no modal operator: it goes on when another file is opened."""
    with measured("tick"):
        done = jobs.poll_install()
        if done:
            plans.forget()
        redraw()
    return None if done else _TICK


class CancelInstall(bpy.types.Operator):
    bl_idname = "reel2rig.cancel_install"
    bl_label = "Cancel"
    bl_description = "Stop the installation and remove what it has made so far"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if jobs.install is None or jobs.install.cancelling:
            cls.poll_message_set(
                "The installation is being cancelled" if jobs.install else "No installation is running"
            )
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        if jobs.install:
            jobs.install.cancel()
        redraw()
        return {"FINISHED"}


class RemoveWorker(bpy.types.Operator):
    bl_idname = "reel2rig.remove_worker"
    bl_label = "Remove the Worker"
    bl_description = "Delete the worker's environment; models and captures are kept"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _idle(cls)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        where = home()
        said = (
            "The Python you chose is only forgotten; nothing in it is changed"
            if where.python
            else f"Deletes {where.environment}; models and captures are kept"
        )
        return context.window_manager.invoke_confirm(
            self, event, title="Remove the Worker?", message=said, confirm_text="Remove", icon="WARNING"
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            jobs.close_session()
            existed = remove(home())
        except Exception as error:
            return report_error(self, error)
        jobs.look_again()
        plans.forget()
        redraw()
        self.report({"INFO"}, "The worker is removed" if existed else "There was no worker to remove")
        return {"FINISHED"}


class OpenPreferences(bpy.types.Operator):
    bl_idname = "reel2rig.open_preferences"
    bl_label = "Reel2Rig Preferences"
    bl_description = "Where the worker is installed, updated, repaired and removed"

    def execute(self, context: bpy.types.Context) -> set[str]:
        if ROOT_PACKAGE not in context.preferences.addons:
            self.report({"WARNING"}, "Reel2Rig is not enabled as an add-on")
            return {"CANCELLED"}
        bpy.ops.preferences.addon_show(module=ROOT_PACKAGE)
        return {"FINISHED"}


class AllowOnlineAccess(bpy.types.Operator):
    bl_idname = "reel2rig.open_network_preferences"
    bl_label = "Open System Preferences"
    bl_description = "Go to Blender's preferences, where Allow Online Access stands under System, Network"

    def execute(self, context: bpy.types.Context) -> set[str]:
        bpy.ops.screen.userpref_show(section="SYSTEM")
        return {"FINISHED"}


CLASSES = (InstallWorker, CancelInstall, RemoveWorker, OpenPreferences, AllowOnlineAccess)


def detach() -> None:
    rest()
    if bpy.app.timers.is_registered(_look_after):
        bpy.app.timers.unregister(_look_after)
