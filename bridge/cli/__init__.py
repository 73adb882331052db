"""The command line. `main` is what the console command `reel2rig` calls."""


def main() -> None:
    """Run the command line and exit."""
    from .app import app

    app()
