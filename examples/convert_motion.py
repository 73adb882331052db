"""Any motion file as any other, by its ending: python convert_motion.py IN OUT.csv"""

import sys

from reel2rig import convert

outcome = convert(sys.argv[1], sys.argv[2])

for note in outcome.notes:
    print(f"Note: {note}")
for file in outcome.files:
    print(file)
