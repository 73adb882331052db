"""A stand-in for a Blender that serves requests: writes each file in two halves.

Between the halves it waits for as long as the file `$STAND_IN_HOLD` is there. A file whose
name begins with "crash" kills it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from reel2rig.core.motion.files.atomic import atomic_output

if "--version" in sys.argv:
    print("Blender 4.5.0 LTS")
    sys.exit()
hold = Path(os.environ.get("STAND_IN_HOLD", os.devnull + ".none"))
for line in sys.stdin:
    request = Path(line.strip())
    asked = json.loads(request.read_text(encoding="utf-8"))
    for output in asked["outputs"]:
        if Path(output["path"]).name.startswith("crash"):
            print("Writing: /tmp/blender.crash.txt", flush=True)
            os.kill(os.getpid(), 9)
        with atomic_output(output["path"]) as part, open(part, "w", encoding="utf-8") as file:
            file.write("the first half\n")
            file.flush()
            while hold.exists():
                time.sleep(0.05)
            file.write("the second half\n")
    report = {"ok": True, "frames": [1, 3], "notes": []}
    request.with_name(f"{request.stem}.report.json").write_text(json.dumps(report), encoding="utf-8")
    print("reel2rig:done", flush=True)
