"""A stand-in for Blender's layout that remembers what a panel draws, so that a test can read it.

It refuses what the real layout refuses, and also what the real one only prints to a console and then leaves
out: unknown functions, options and icons, properties, operators, menus and lists that are not registered.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

import bpy

_RNA = bpy.types.UILayout.bl_rna
_NESTED = {"row", "column", "box", "split", "column_flow", "grid_flow"}
_SHOWN = 1 << 30  # what a list's own filter marks items with that are shown


class Viewport:
    """The context of a panel in a 3D viewport; without a window Blender's own context has none."""

    def __init__(self) -> None:
        seen_from = SimpleNamespace(view_perspective="PERSP")
        self.space_data = SimpleNamespace(
            type="VIEW_3D", use_local_camera=False, camera=None, region_3d=seen_from
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(bpy.context, name)


@dataclass
class Drawn:
    """One thing in a panel.

    Attributes:
        kind: the layout's function: "label", "prop", "operator", "progress", "menu", "popover", "icon" ...
        text: what is read on it, "" where only an icon is. title: what it is called wherever it stands.
        name: of the property, operator, menu or panel.
        options: what else the layout was told. given: the properties that a button hands to its operator.
        allowed: whether the poll of its operator lets it be pressed.
    """

    kind: str
    layout: DrawnLayout
    text: str = ""
    name: str = ""
    title: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    allowed: bool = True

    @property
    def usable(self) -> bool:
        """Whether it can be pressed or changed. Asked when all is drawn: layouts may be greyed out last."""
        return self.allowed and all(layout.enabled for layout in self.layout.around())

    @property
    def active(self) -> bool:
        """Whether it is drawn as something that has an effect now."""
        return all(layout.active for layout in self.layout.around())

    @property
    def alert(self) -> bool:
        """Whether it is drawn in red."""
        return any(layout.alert for layout in self.layout.around())

    @property
    def boxed(self) -> bool:
        return any(layout.kind == "box" for layout in self.layout.around())

    def __str__(self) -> str:
        brackets = {"label": "{}", "operator": "[{}]", "progress": "({})"}.get(self.kind)
        return brackets.format(self.text or self.title) if brackets else f"<{self.name or self.kind}>"


class DrawnLayout:
    """Stands for a UILayout. `things`: all that was drawn in it and in what is nested in it, in order."""

    def __init__(self, inside: DrawnLayout | None = None, kind: str = "column") -> None:
        things = inside.things if inside else []
        vars(self).update(kind=kind, inside=inside, things=things, _set={})

    # ---- what a test reads ----

    @property
    def lines(self) -> list[str]:
        """Everything, one string each: a text, [button], <property>, (progress bar)."""
        return [str(thing) for thing in self.things]

    @property
    def texts(self) -> list[str]:
        return [thing.text for thing in self.all("label")]

    @property
    def text(self) -> str:
        """All labels in one line, so that it does not matter where they were broken."""
        return " ".join(self.texts)

    @property
    def buttons(self) -> dict[str, tuple[str, bool]]:
        """Each operator's text and whether it can be pressed; of several buttons, the last one's."""
        return {thing.name: (thing.text, thing.usable) for thing in self.all("operator")}

    @property
    def bars(self) -> list[tuple[float, str]]:
        return [(thing.options["factor"], thing.text) for thing in self.all("progress")]

    def all(self, kind: str, name: str = "") -> list[Drawn]:
        return [thing for thing in self.things if thing.kind == kind and name in ("", thing.name)]

    def around(self) -> Iterator[DrawnLayout]:
        """This layout and those it is nested in."""
        layout: DrawnLayout | None = self
        while layout is not None:
            yield layout
            layout = layout.inside

    # ---- what a panel uses ----

    def __getattr__(self, name: str) -> Any:
        if name in _RNA.properties:
            return self._set.get(name, name in {"active", "enabled"} or _RNA.properties[name].default)
        if name not in _RNA.functions:
            raise AttributeError(f"a layout has no '{name}'")
        if name in _NESTED:
            return partial(self._nest, name)
        return partial(self._draw, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _check(_RNA.properties[name], value)
        self._set[name] = value

    def _nest(self, kind: str, **options: Any) -> DrawnLayout:
        _arguments(kind, (), options)
        return DrawnLayout(self, kind)

    def _draw(self, function: str, *given: Any, **options: Any) -> Any:
        told = _arguments(function, given, options)
        return _DRAW[function](self, told)

    def _note(self, kind: str, told: dict[str, Any], title: str = "", name: str = "") -> Drawn:
        thing = Drawn(kind, self, told.get("text", title), name, title, told)
        self.things.append(thing)
        return thing


def draw_panel(panel: Any, context: Any = None, layout: DrawnLayout | None = None) -> DrawnLayout:
    """What a reader sees of a panel, its header first; nothing where it, or the one it is in, is hidden.

    Args:
        panel: a registered Panel or Menu. context: by default that of a 3D viewport.
        layout: what to draw into.
    """
    context, layout = context or Viewport(), layout or DrawnLayout()
    above = getattr(panel, "bl_parent_id", "")
    for one in (getattr(bpy.types, above), panel) if above else (panel,):
        if "poll" in _own(one) and not one.poll(context):
            return layout
    for part in ("draw_header", "draw_header_preset", "draw"):
        if part in _own(panel):
            getattr(_Itself(panel, layout), part)(context)
    return layout


class _Itself:
    """`self` of a panel, menu or list that is drawn: its class, and the layout."""

    def __init__(self, cls: type, layout: DrawnLayout | None = None, **more: Any) -> None:
        vars(self).update(more, layout=layout, _cls=cls)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._cls, name)
        return types.MethodType(value, self) if isinstance(value, types.FunctionType) else value


def _own(cls: type) -> set[str]:
    """What a class or its mixins define beside what comes from Blender."""
    ours = [base for base in cls.__mro__ if base.__module__.lstrip("_") not in {"bpy_types", "builtins"}]
    return {name for base in ours for name in vars(base)}


@cache
def _parameters(function: str) -> dict[str, Any]:
    return {one.identifier: one for one in _RNA.functions[function].parameters if not one.is_output}


def _arguments(function: str, given: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """The arguments by name, as far as they are told; only required ones may come without their name."""
    known = _parameters(function)
    required = [name for name, one in known.items() if one.is_required]
    assert len(given) <= len(required), f"{function}: optional arguments must be named"
    told = dict(zip(required, given, strict=False)) | options
    assert told.keys() <= known.keys(), f"{function} has no {told.keys() - known.keys()}"
    assert told.keys() >= set(required), f"{function} lacks {set(required) - told.keys()}"
    for name, value in told.items():
        _check(known[name], value)
    return told


@cache
def _choices(parameter: Any) -> set[str]:
    return set(parameter.enum_items.keys())


def _check(parameter: Any, value: Any) -> None:
    """Refuse a value that the parameter or property cannot take."""
    kinds = {"STRING": str, "INT": int, "BOOLEAN": int, "FLOAT": (int, float), "ENUM": str}
    name, kind = parameter.identifier, kinds.get(parameter.type, object)
    assert isinstance(value, kind), f"{name} cannot be {value!r}"
    if parameter.type == "ENUM":
        assert value in _choices(parameter), f"there is no {name} '{value}'"
    elif parameter.type == "POINTER":
        assert value is not None, f"{name} cannot be None"


def _property(data: Any, name: str) -> Any:
    assert name in data.bl_rna.properties, f"{data!r} has no property '{name}'"
    return data.bl_rna.properties[name]


def _registered(name: str, kind: type) -> Any:
    found = getattr(bpy.types, name, None)
    assert found, f"there is no {kind.__name__} '{name}'"
    assert issubclass(found, kind), f"'{name}' is no {kind.__name__}"
    return found


def _label(layout: DrawnLayout, told: dict[str, Any]) -> None:
    layout._note("label", told)


def _prop(layout: DrawnLayout, told: dict[str, Any]) -> None:
    rna = _property(told["data"], told["property"])
    assert told.get("index", -1) < max(getattr(rna, "array_length", 0), 1), f"{rna.identifier}: no such index"
    layout._note("prop", told, rna.name, rna.identifier)


def _search(layout: DrawnLayout, told: dict[str, Any]) -> None:
    """A text that is chosen among the names of a collection."""
    _property(told["search_data"], told["search_property"])
    layout._note("prop_search", told, _property(told["data"], told["property"]).name, told["property"])


class _Given:
    """The operator's properties that `UILayout.operator` returns."""

    def __init__(self, rna: Any, given: dict[str, Any]) -> None:
        vars(self).update(_rna=rna, _given=given)

    def __setattr__(self, name: str, value: Any) -> None:
        _check(_property(SimpleNamespace(bl_rna=self._rna), name), value)
        self._given[name] = value


def _operator(layout: DrawnLayout, told: dict[str, Any]) -> _Given:
    group, _, name = told["operator"].partition(".")
    operator = getattr(getattr(bpy.ops, group), name)
    rna = operator.get_rna_type()  # a KeyError when it is not registered
    thing = layout._note("operator", told, rna.name, told["operator"])
    thing.allowed = operator.poll()
    return _Given(rna, thing.given)


def _progress(layout: DrawnLayout, told: dict[str, Any]) -> None:
    assert 0 <= told["factor"] <= 1
    layout._note("progress", told)


def _menu(layout: DrawnLayout, told: dict[str, Any]) -> None:
    menu = _registered(told["menu"], bpy.types.Menu)
    layout._note("menu", told, menu.bl_label, told["menu"])


def _popover(layout: DrawnLayout, told: dict[str, Any]) -> None:
    panel = _registered(told["panel"], bpy.types.Panel)
    layout._note("popover", told, panel.bl_label, told["panel"])


def _icon(layout: DrawnLayout, told: dict[str, Any]) -> None:
    layout._note("icon", told)


def _list(layout: DrawnLayout, told: dict[str, Any]) -> None:
    """A list, and then its rows."""
    cls = _registered(told["listtype_name"], bpy.types.UIList)
    data, name, active = told["dataptr"], told["propname"], told["active_propname"]
    _property(data, name)
    _property(told["active_dataptr"], active)
    layout._note("list", told, name=told["listtype_name"])
    items, itself = getattr(data, name), _Itself(cls, filter_name="", bitflag_filter_item=_SHOWN)
    shown = [_SHOWN] * len(items)
    if "filter_items" in _own(cls):
        shown = itself.filter_items(bpy.context, data, name)[0] or shown
    for place, (item, flag) in enumerate(zip(items, shown, strict=True)):
        if flag & _SHOWN:
            row = DrawnLayout(layout, "row")
            itself.draw_item(bpy.context, row, data, item, 0, told["active_dataptr"], active, place)


def _nothing(layout: DrawnLayout, told: dict[str, Any]) -> None:
    """Room between things."""


# A function that is not listed is refused: say here what a reader sees of it before it is used.
_DRAW: dict[str, Callable[[DrawnLayout, dict[str, Any]], Any]] = {
    "label": _label,
    "prop": _prop,
    "prop_search": _search,
    "operator": _operator,
    "progress": _progress,
    "menu": _menu,
    "popover": _popover,
    "template_icon": _icon,
    "template_list": _list,
    "separator": _nothing,
}
