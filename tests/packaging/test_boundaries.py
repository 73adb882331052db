"""The table of who may import whom (docs/architecture.md), held by reading every import of the product."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys

import pytest
from source_tree import ROOT, Module, module_name, modules, pyproject, reached_from

BLENDER_MODULES = frozenset(
    {
        "bpy",
        "bmesh",
        "mathutils",
        "bl_operators",
        "bpy_extras",
        "gpu",
        "blf",
        "aud",
        "idprop",
        "addon_utils",
        "bl_ui",
        "rna_prop_ui",
    }
)

# What Blender's own Python does not have: the heavy packages of the worker and those of the command line.
WORKER_ONLY = (
    "torch",
    "cv2",
    "scipy",
    "smplx",
    "mediapipe",
    "av",
    "safetensors",
    "yaml",
    "typer",
    "rich",
    "ray",
)

# The client runs inside Blender's Python, on whatever machine: nothing but the standard library.
CLIENT_SIDE = ("reel2rig.bridge.client", "reel2rig.bridge.protocol", "reel2rig.bridge.jobs")

# A user's SMPL file is checked where it is chosen, before any worker is there. Numpy only.
USER_BODY = (
    "reel2rig.core.body",
    "reel2rig.core.body.files",
    "reel2rig.core.body.restricted_pickle",
    "reel2rig.core.restricted_pickle",
)

# Import name -> name on the package index, where they differ.
DISTRIBUTIONS = {"cv2": "opencv-python", "yaml": "pyyaml"}

# Needed only to make committed files anew, never to run the product; see docs/architecture.md.
GENERATOR = "reel2rig.core.body.generate"


def belongs(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def of_package(*packages: str) -> list[Module]:
    found = [
        module for name, module in modules().items() if any(belongs(name, package) for package in packages)
    ]
    assert found, f"no module of {packages} was found: has the folder moved?"
    return found


def third_party(module: Module) -> frozenset[str]:
    return module.outside - sys.stdlib_module_names


def test_core_imports_only_core() -> None:
    for module in of_package("reel2rig.core"):
        outside_core = [name for name in module.inside if not belongs(name, "reel2rig.core")]
        assert not outside_core, f"{module.name} imports {outside_core}"


def test_motion_needs_numpy_and_nothing_else() -> None:
    for module in of_package("reel2rig.core.motion"):
        assert third_party(module) <= {"numpy"}, module.name
        for name in module.inside - {"reel2rig.core"}:
            assert belongs(name, "reel2rig.core.motion") or belongs(name, "reel2rig.core.errors"), (
                f"{module.name} imports {name}"
            )


def test_the_errors_need_the_standard_library_alone() -> None:
    assert not third_party(modules()["reel2rig.core.errors"])
    assert reached_from("reel2rig.core.errors") == {"reel2rig", "reel2rig.core", "reel2rig.core.errors"}


def test_the_client_side_of_the_bridge_leads_to_the_standard_library_alone() -> None:
    for start in of_package(*CLIENT_SIDE):
        reached = reached_from(start.name)
        for module in (modules()[name] for name in sorted(reached - {"reel2rig"})):
            assert module.name in ("reel2rig.core", "reel2rig.core.errors") or belongs(
                module.name, "reel2rig.bridge"
            ), f"{start.name} leads to {module.name}"
            assert not third_party(module), (
                f"{start.name} leads to {module.name}: {sorted(third_party(module))}"
            )
    assert modules()["reel2rig"].outside_at_load <= sys.stdlib_module_names


def test_only_the_add_on_imports_blender() -> None:
    for module in modules().values():
        if not belongs(module.name, "reel2rig.blender_addon"):
            assert not module.outside & BLENDER_MODULES, module.name


def test_nothing_imports_the_add_on() -> None:
    for module in modules().values():
        if not belongs(module.name, "reel2rig.blender_addon"):
            leads_there = [name for name in module.inside if belongs(name, "reel2rig.blender_addon")]
            assert not leads_there, (
                f"{module.name} imports {leads_there}; it must start a child process instead"
            )


def test_the_add_on_reaches_the_core_only_through_motion_and_the_bridge_only_through_its_client_side() -> (
    None
):
    allowed = (
        "reel2rig.blender_addon",
        "reel2rig.core.motion",
        "reel2rig.core.errors",
        "reel2rig.bridge",
    )
    for module in of_package("reel2rig.blender_addon"):
        assert third_party(module) <= BLENDER_MODULES | {"numpy"}, module.name
        for name in sorted(reached_from(module.name) - {"reel2rig", "reel2rig.core"}):
            known = name in USER_BODY or any(belongs(name, package) for package in allowed)
            assert known, f"{module.name} leads to {name}"
            needs = third_party(modules()[name]) - BLENDER_MODULES
            assert needs <= {"numpy"}, f"{module.name} leads to {name}, which imports {sorted(needs)}"


def test_imports_between_the_packages_are_relative() -> None:
    """They hold under both names of the tree: `reel2rig`, and in Blender `bl_ext.<repository>.reel2rig`."""
    for module in modules().values():
        bare = module.outside & {"core", "bridge", "blender_addon"}
        assert not bare, f"{module.name} imports a bare {bare}"
        assert not module.absolute, f"{module.name} imports {sorted(module.absolute)}; write it with dots"


def test_every_package_that_is_imported_is_declared() -> None:
    declared = _declared_distributions()
    for module in modules().values():
        if belongs(module.name, GENERATOR):
            continue
        for top in sorted(third_party(module) - (BLENDER_MODULES - {"bpy"})):
            assert DISTRIBUTIONS.get(top, top) in declared, (
                f"{module.name} imports {top}: add it to pyproject.toml"
            )


@pytest.mark.parametrize("package", ["torch", "smplx", "numpy", "opencv-python", "bpy", "scipy"])
def test_the_named_packages_are_declared_and_really_used(package: str) -> None:
    import_name = {value: key for key, value in DISTRIBUTIONS.items()}.get(package, package)
    users = [module.name for module in modules().values() if import_name in module.outside]
    assert package in _declared_distributions()
    assert users, f"{package} stands in pyproject.toml and no module imports it"


def test_everything_the_add_on_loads_runs_without_the_worker_packages() -> None:
    names = [module.name for module in of_package("reel2rig.core.motion", *CLIENT_SIDE)]
    names += ["reel2rig", "reel2rig.core.errors"]
    names += sorted({name for start in names for name in reached_from(start)})
    _import_in_child(names, blocked=(*WORKER_ONLY, "bpy"))


@pytest.mark.blender
def test_everything_in_the_extension_zip_loads_without_the_worker_packages() -> None:
    shipped = runpy.run_path(str(ROOT / "build_addon.py"))["addon_modules"]()
    names = [module_name(ROOT / file) for file in shipped]
    assert "reel2rig.blender_addon.registration" in names
    assert "reel2rig.core.motion.clip" in names
    _import_in_child([name for name in names if not name.endswith("__main__")], blocked=WORKER_ONLY)


def test_no_bare_core_or_bridge_is_ever_imported() -> None:
    """From the checkout's own folder, where `import core` would succeed."""
    names = [
        name
        for name in modules()
        if not belongs(name, GENERATOR)
        and not belongs(name, "reel2rig.blender_addon")
        and not name.endswith("__main__")
    ]
    _import_in_child(names, blocked=())


def _declared_distributions() -> set[str]:
    project = pyproject()["project"]
    optional = project["optional-dependencies"]
    extras = [item for name in ("worker", "research", "ray", "blender") for item in optional[name]]
    return {
        re.split(r"[^A-Za-z0-9_.-]", item, maxsplit=1)[0].lower()
        for item in [*project["dependencies"], *extras]
    }


def _import_in_child(names: list[str], blocked: tuple[str, ...]) -> None:
    """Import `names` in a fresh Python started in the checkout, where importing a blocked package raises."""
    script = f"""
import importlib, importlib.abc, sys
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {set(blocked)!r}:
            raise ModuleNotFoundError(f"{{name}} is blocked in this test", name=name)
sys.meta_path.insert(0, Block())
for name in {names!r}:
    importlib.import_module(name)
bare = sorted(set(sys.modules) & {{"core", "bridge", "blender_addon"}})
assert not bare, f"imported under a bare name: {{bare}}"
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
