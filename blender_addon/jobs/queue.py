"""The order in which videos are captured."""

from __future__ import annotations

from .item import Item


class Queue:
    """Items in the order of their turn; at most one of them is running.

    Attributes:
        items: all that the user has not been shown the end of: running, waiting, landing and failed ones.
    """

    def __init__(self) -> None:
        self.items: list[Item] = []

    @property
    def running(self) -> Item | None:
        """The item that the worker is busy with."""
        return next((item for item in self.items if item.state in ("running", "cancelling")), None)

    @property
    def waiting(self) -> list[Item]:
        return [item for item in self.items if item.state == "waiting"]

    @property
    def landing(self) -> list[Item]:
        """Finished ones that are not in their scene yet."""
        return [item for item in self.items if item.state == "landing"]

    @property
    def failed(self) -> list[Item]:
        return [item for item in self.items if item.state == "failed"]

    def find(self, number: int) -> Item | None:
        return next((item for item in self.items if item.number == number), None)

    def move(self, item: Item, steps: int) -> None:
        """Let a waiting item pass `steps` other waiting ones, upwards if negative."""
        order = self.waiting
        if item not in order:
            return
        place = order.index(item)
        order.insert(max(0, min(len(order) - 1, place + steps)), order.pop(place))
        self.items = [other for other in self.items if other.state != "waiting"] + order

    def remove(self, item: Item) -> None:
        """Take out an item that is not running."""
        if item in self.items and item is not self.running:
            self.items.remove(item)

    def clear(self) -> None:
        """Take out all that wait or have failed."""
        self.items = [item for item in self.items if item.state not in ("waiting", "failed")]
