#!/usr/bin/env python3
"""Create what Reel2Rig needs on this machine, then run the demo or the tests.

Standard library only, and started by any Python 3: the version it needs is checked first. The parts are
`machine` (Python, disk, system libraries) and `virtual_env` (the .venv and what is installed in it).
A second call finds the stamp in .venv and goes straight to the work.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import gui_blender
import machine
import version_matrix
import virtual_env

ROOT = virtual_env.ROOT
DEMO_EXTRAS = ("worker", "blender")
TEST_EXTRAS = (*DEMO_EXTRAS, "research", "ray", "dev", "docs")

COMMANDS = {
    "demo": "install what the demo needs and make demo/demo.blend, demo.glb, demo.npz and a contact sheet",
    "test": "install what the tests need, then ruff, pyright and pytest (further arguments go to pytest)",
    "test-matrix": "the Blender tests over bpy 4.2, 4.5, 5.0 and 5.2, or over the versions named",
    "docs": "build the documentation site in build/site",
    "lint": "ruff and pyright only",
    "install": "only install: the virtual environment in .venv, ready for development",
    "clean": "remove .venv, build, dist, demo and every cache of the checkout (never a user's own files)",
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="make",
        description="Set up and run Reel2Rig from a checkout.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"  {name:12} {text}" for name, text in COMMANDS.items()),
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND")
    chosen, further = parser.parse_known_args(arguments)
    if further and chosen.command not in ("test", "test-matrix"):
        parser.error(f"`{chosen.command}` takes no further arguments: {' '.join(further)}")
    try:
        return RUN[chosen.command](further)
    except machine.SetupProblem as problem:
        print(f"\nreel2rig set-up: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def demo(_further: list[str]) -> int:
    prepare(DEMO_EXTRAS)
    return run([virtual_env.program("reel2rig"), "demo"])


def test(pytest_arguments: list[str]) -> int:
    """Lint, type-check, fetch the models, test; the first failure ends it."""
    prepare(TEST_EXTRAS)
    blender = gui_blender.find()
    print(f"GUI ring: {blender.label if blender else f'left out; {gui_blender.HOW}'}", flush=True)
    steps = [*lint_steps(), [virtual_env.program("reel2rig"), "setup"]]
    # The program rather than `python -m pytest`: the latter puts the checkout on the import path, where
    # bare `core` and `bridge` could be imported by mistake.
    steps.append([virtual_env.program("pytest"), *pytest_arguments])
    return run_steps(steps)


def matrix(versions: list[str]) -> int:
    machine.check_system_libraries()
    return version_matrix.run_matrix(versions)


def docs(_further: list[str]) -> int:
    machine.check_python()
    virtual_env.install(("docs",))
    return run([virtual_env.program("mkdocs"), "build", "--strict"])


def lint(_further: list[str]) -> int:
    prepare(TEST_EXTRAS)
    return run_steps(lint_steps())


def install(_further: list[str]) -> int:
    prepare(TEST_EXTRAS)
    print(f"Ready: {virtual_env.program('reel2rig')}")
    return 0


def clean(_further: list[str]) -> int:
    virtual_env.remove_generated_files()
    return 0


RUN = {
    "demo": demo,
    "test": test,
    "test-matrix": matrix,
    "docs": docs,
    "lint": lint,
    "install": install,
    "clean": clean,
}


def prepare(extras: tuple[str, ...]) -> None:
    """Check the machine, then install; silent and instant when the stamp says that nothing changed."""
    machine.check_python()
    machine.check_system_libraries()
    virtual_env.install(extras)


def lint_steps() -> list[list[str]]:
    return [
        [virtual_env.program("ruff"), "check"],
        [virtual_env.program("ruff"), "format", "--check"],
        [virtual_env.program("pyright"), "--pythonpath", virtual_env.program("python")],
    ]


def run_steps(steps: list[list[str]]) -> int:
    for step in steps:
        code = run(step)
        if code != 0:
            return code
    return 0


def run(command: list[str]) -> int:
    """Run one step in the checkout, its output passed through."""
    print(f"\n> {os.path.relpath(command[0], ROOT)} {' '.join(command[1:])}".rstrip(), flush=True)
    environment = dict(os.environ)
    # Pyright runs as its wheel ships it, on the node of the nodejs wheel: no server is asked for newer ones.
    environment["PYRIGHT_PYTHON_IGNORE_WARNINGS"] = "1"
    # What the tests fetch stays in the checkout and never mixes with the user's own models.
    if command[0] == virtual_env.program("pytest") or command[1:2] == ["setup"]:
        environment.setdefault("REEL2RIG_HOME", str(ROOT / ".cache" / "home"))
    return subprocess.call(command, cwd=ROOT, env=environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
