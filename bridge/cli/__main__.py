"""`python -m reel2rig.bridge.cli`, for an environment whose programs are not on the path."""

from . import main

if __name__ == "__main__":
    main()
