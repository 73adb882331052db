"""What stands in the checkout: its modules under their installed names, and what each one imports."""

from __future__ import annotations

import ast
import functools
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Folder in the checkout -> installed package; `bridge/api` is the package `reel2rig` itself.
PACKAGE_FOLDERS = {
    "core": "reel2rig.core",
    "bridge": "reel2rig.bridge",
    "blender_addon": "reel2rig.blender_addon",
}
API_FOLDER = ROOT / "bridge" / "api"


@dataclass(frozen=True)
class Module:
    """One file: its installed name and the absolute names it imports.

    `imports` holds those at any depth of the code, type-checking blocks included; `at_load` only those that
    importing the module runs; `absolute` those of the project that are written without dots.

    `from ..motion import clip` counts as both `reel2rig.core.motion` and `reel2rig.core.motion.clip`, because
    the source alone does not say whether `clip` is a module or a name inside one.
    """

    name: str
    path: Path
    imports: frozenset[str]
    at_load: frozenset[str]
    absolute: frozenset[str]

    @property
    def inside(self) -> frozenset[str]:
        return frozenset(name for name in self.imports if name.split(".")[0] == "reel2rig")

    @property
    def outside(self) -> frozenset[str]:
        """Top-level names of everything else."""
        return _top_names(self.imports)

    @property
    def outside_at_load(self) -> frozenset[str]:
        return _top_names(self.at_load)


@functools.cache
def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@functools.cache
def modules() -> dict[str, Module]:
    """Every Python file of the product by its installed name."""
    found = {}
    for folder in PACKAGE_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = module_name(path)
            found[name] = _read_module(path)
    return found


def module_name(path: Path) -> str:
    """Installed name of a file: `core/motion/clip.py` -> `reel2rig.core.motion.clip`."""
    if path.is_relative_to(API_FOLDER):
        parts = ["reel2rig", *path.relative_to(API_FOLDER).with_suffix("").parts]
    else:
        folder, *rest = path.relative_to(ROOT).with_suffix("").parts
        parts = [*PACKAGE_FOLDERS[folder].split("."), *rest]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def reached_from(start: str) -> frozenset[str]:
    """Modules of the product that `start` can lead to: all that it imports, even late, and so on from there.

    Of the packages above each of them only what the `__init__` runs counts.
    """
    known, seen = modules(), set()
    waiting = [(start, "imports")]
    while waiting:
        name, which = waiting.pop()
        if (name, which) in seen:
            continue
        seen.add((name, which))
        if name in known:
            imported = getattr(known[name], which)
            waiting.extend((other, "imports") for other in imported if other.split(".")[0] == "reel2rig")
        if "." in name:
            waiting.append((name.rpartition(".")[0], "at_load"))
    return frozenset(name for name, _ in seen if name in known)


def _top_names(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.split(".")[0] for name in names) - {"reel2rig"}


def _read_module(path: Path) -> Module:
    name = module_name(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    late = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return Module(
        name,
        path,
        imports=frozenset(_names(ast.walk(tree), package)),
        at_load=frozenset(_names(_walk_outside(tree, late), package)),
        absolute=frozenset(name for name in _names(ast.walk(tree), None) if name.split(".")[0] == "reel2rig"),
    )


def _walk_outside(node: ast.AST, skipped: tuple[type[ast.AST], ...]) -> Iterator[ast.AST]:
    """Like `ast.walk`, but without functions and without `if TYPE_CHECKING:` blocks."""
    yield node
    for child in ast.iter_child_nodes(node):
        type_checking = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
        if not isinstance(child, skipped) and not type_checking:
            yield from _walk_outside(child, skipped)


def _names(nodes: Iterable[ast.AST], package: str | None) -> Iterator[str]:
    """Absolute names that import statements reach; relative ones are left out where `package` is None."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                if package is None:
                    continue
                parent = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parent, base] if base else parent)
            yield base
            if base.split(".")[0] == "reel2rig":
                yield from (f"{base}.{alias.name}" for alias in node.names)
