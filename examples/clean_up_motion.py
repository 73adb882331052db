"""Less jitter, and feet that stand still: python clean_up_motion.py IN OUT.npz"""

import sys

from reel2rig import Cleanup, clean_up, load, save

clip = load(sys.argv[1])[0]

cleaned = clean_up(clip, Cleanup(spikes=0.5, smoothing=2.0, foot_lock=1.0))

save(sys.argv[2], cleaned.clip)
for foot, standing in zip(("left", "right"), cleaned.contacts.T, strict=True):
    print(f"The {foot} foot stands in {standing.sum()} of {len(standing)} frames.")
