"""A video becomes motion files, one per person: python capture_video.py VIDEO OUT.npz"""

import sys
from pathlib import Path

from reel2rig import CaptureSettings, capture, save

video, out = Path(sys.argv[1]), Path(sys.argv[2])

# Unsmoothed: smoothing is part of the clean-up, where it can be chosen again at any time.
clips = capture(video, CaptureSettings(person="all", smoothing=0.0))

for clip in clips:
    path = out if len(clips) == 1 else out.with_name(f"{out.stem}_p{int(clip.track):02d}{out.suffix}")
    save(path, clip)
    print(f"{path}: person {clip.track}, {len(clip)} frames at {float(clip.fps):.5g} a second")
