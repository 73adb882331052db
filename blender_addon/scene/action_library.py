"""Actions as assets: each kept in a small file first, then gathered in one library with catalogs and tags.

The pieces can be made on many computers at once, and the library be made anew from them at any time.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...core.errors import InputError
from ...core.motion.files.atomic import atomic_output
from .rig_file import save_scene

MARK = "reel2rig_asset"  # on an action of a library: which piece it came from
CATALOGS = "blender_assets.cats.txt"
_NAMESPACE = uuid.UUID("6f1c1d0e-54b4-4a0b-9d0e-2f6f0b6f7a55")  # any constant: equal paths give equal ids
_HEADER = """# This is an Asset Catalog Definition file for Blender.
#
# Empty lines and lines starting with `#` will be ignored.
# The first non-ignored line should be the version indicator.
# Other lines are of the format "UUID:catalog/path/for/assets:simple catalog name"

VERSION 1
"""


class LibraryUnreadable(InputError):
    code = "library.unreadable"


@dataclass(frozen=True)
class Asset:
    """One action on its way into a library.

    Attributes:
        file: the piece that holds it. name: what it is called in the library.
        key: by which it replaces what an earlier run put there.
        catalog: such as "Captures/Hero". tags, description: shown and searched in the Asset Browser.
    """

    file: str
    name: str
    key: str
    catalog: str
    tags: tuple[str, ...] = ()
    description: str = ""


def keep_action(action: bpy.types.Action, file: str, name: str) -> None:
    """Write an action alone into a .blend, all of it or nothing. Raises as `atomic_output`."""
    before, kept = action.name, action.use_fake_user
    action.name, action.use_fake_user = name, True
    try:
        with atomic_output(file) as temporary:
            bpy.data.libraries.write(str(temporary), {action}, compress=True)
    finally:
        action.name, action.use_fake_user = before, kept


def parse_assets(request: dict[str, Any]) -> list[Asset]:
    """The assets of a request. Raises LibraryUnreadable."""
    try:
        return [Asset(**{**each, "tags": tuple(each.get("tags") or ())}) for each in request["assets"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise LibraryUnreadable(f"The list of assets cannot be read ({error}).") from error


def write_library(path: str, assets: list[Asset]) -> dict[str, Any]:
    """Put actions as assets into a library, which is made where there is none; all else in it stays.

    Returns {"library", "assets", "catalogs"}. Raises LibraryUnreadable, and what writing files raises.
    """
    library = Path(path)
    if library.exists():
        _open(library)
    else:
        bpy.ops.wm.read_factory_settings(use_empty=True)
    keys = {asset.key for asset in assets}
    bpy.data.batch_remove([action for action in bpy.data.actions if action.get(MARK) in keys])
    for asset in assets:
        action = _append(asset)
        action.name, action[MARK], action.use_fake_user = asset.name, asset.key, True
        action.asset_mark()
        about: Any = action.asset_data
        about.catalog_id = str(catalog_id(asset.catalog))
        about.description, about.author = asset.description, "Reel2Rig"
        for tag in asset.tags:
            about.tags.new(tag, skip_if_exists=True)
    # Catalogs first: an asset whose catalog is missing is hard to find, an empty catalog does no harm.
    catalogs = _write_catalogs(
        library, sorted({path for asset in assets for path in _with_parents(asset.catalog)})
    )
    save_scene(library)
    return {"library": str(library), "assets": [asset.name for asset in assets], "catalogs": str(catalogs)}


def catalog_id(catalog: str) -> uuid.UUID:
    """The id of a catalog, the same in every library that has it."""
    return uuid.uuid5(_NAMESPACE, catalog)


def _open(library: Path) -> None:
    try:
        bpy.ops.wm.open_mainfile(filepath=str(library), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise LibraryUnreadable(
            f"{library} cannot be opened as a Blender file; choose another name for the library."
        ) from error


def _append(asset: Asset) -> bpy.types.Action:
    try:
        opened: Any = bpy.data.libraries.load(asset.file, link=False)
        with opened as (there, taken):
            taken.actions = there.actions[:1]
        return taken.actions[0]
    except (OSError, IndexError) as error:
        raise LibraryUnreadable(
            f"The action {asset.name} is not in {asset.file} any more; run the batch again without --resume."
        ) from error


def _with_parents(catalog: str) -> list[str]:
    """A catalog and those it lies in, which Blender would otherwise show as unsaved."""
    parts = catalog.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _write_catalogs(library: Path, wanted: list[str]) -> Path:
    """Add the catalogs to the file that Blender reads: the nearest one above the library, else beside it."""
    above = (folder / CATALOGS for folder in library.absolute().parents)
    path = next((file for file in above if file.is_file()), library.with_name(CATALOGS))
    text = path.read_text(encoding="utf-8") if path.is_file() else _HEADER
    known = {line.partition(":")[0] for line in text.splitlines()}
    for catalog in wanted:
        if str(catalog_id(catalog)) not in known:
            simple = catalog.replace("/", "-")
            text = f"{text.rstrip()}\n{catalog_id(catalog)}:{catalog}:{simple}\n"
    with atomic_output(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path
