"""Change the queue, and cancel what runs."""

from __future__ import annotations

import bpy

from .. import watch
from ..jobs import jobs
from .base import redraw, report_error


class CancelCapture(bpy.types.Operator):
    bl_idname = "reel2rig.cancel_capture"
    bl_label = "Cancel"
    bl_description = "Stop the running job; nothing of it is kept. The queue goes on with the next video"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if jobs.queue.running is None:
            cls.poll_message_set("Nothing is being captured")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs.cancel_capture()
        watch.wake()
        redraw()
        return {"FINISHED"}


class ClearQueue(bpy.types.Operator):
    bl_idname = "reel2rig.clear_queue"
    bl_label = "Clear Queue"
    bl_description = "Take out all videos that wait for their turn or have failed. What runs goes on"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not jobs.queue.waiting and not jobs.queue.failed:
            cls.poll_message_set("No video is waiting")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        jobs.queue.clear()
        redraw()
        return {"FINISHED"}


class _QueueItem:
    """An operator on one item of the queue, which its `item` names by number."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not jobs.queue.items:
            cls.poll_message_set("The queue is empty")  # type: ignore[attr-defined]
            return False
        return True


class MoveInQueue(_QueueItem, bpy.types.Operator):
    bl_idname = "reel2rig.queue_move"
    bl_label = "Move in the Queue"
    bl_description = "Let this video take its turn earlier or later"

    item: bpy.props.IntProperty(name="Item", options={"HIDDEN", "SKIP_SAVE"})
    steps: bpy.props.IntProperty(name="Steps", description="Upwards if negative", default=-1)

    def execute(self, context: bpy.types.Context) -> set[str]:
        if item := jobs.queue.find(self.item):
            jobs.queue.move(item, self.steps)
        redraw()
        return {"FINISHED"}


class RemoveFromQueue(_QueueItem, bpy.types.Operator):
    bl_idname = "reel2rig.queue_remove"
    bl_label = "Remove from the Queue"
    bl_description = "Do not capture this video"

    item: bpy.props.IntProperty(name="Item", options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        if item := jobs.queue.find(self.item):
            jobs.queue.remove(item)
            if item.problem is jobs.problem:
                jobs.problem = None
        redraw()
        return {"FINISHED"}


class TryAgain(_QueueItem, bpy.types.Operator):
    bl_idname = "reel2rig.queue_retry"
    bl_label = "Try Again"
    bl_description = "Put this video into the queue once more, with the same settings"

    item: bpy.props.IntProperty(name="Item", options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        item = jobs.queue.find(self.item)
        if item is None or item.state != "failed":
            return {"CANCELLED"}
        jobs.queue.remove(item)
        item.state, item.problem, item.job = "waiting", None, None
        try:
            jobs.add(item)
        except Exception as error:
            return report_error(self, error)
        watch.wake()
        redraw()
        return {"FINISHED"}


CLASSES = (CancelCapture, ClearQueue, MoveInQueue, RemoveFromQueue, TryAgain)
