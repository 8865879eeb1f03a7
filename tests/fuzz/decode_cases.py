"""Decodes what comes through stdin, case by case, and says how each ended.

A process of its own, with the sandbox's limits, so that compiled code may crash here. It serves
many cases, since starting a process for each would take most of the time.
"""

import os
import struct
import sys
import time

from asr_core.audio.decode import decode
from asr_core.audio.source import UnreadableError
from asr_core.sandbox.confinement import confine
from asr_core.sandbox.program import _rehearse


def ending(data: bytes) -> str:
    try:
        sound = decode(data)
        for chunk in sound.chunks():
            if not abs(chunk.samples).max() <= 1:
                return "bad samples"
        sound.close()
    except (UnreadableError, MemoryError) as error:
        return f"refused {type(error).__name__}"
    except Exception as error:
        return f"unforeseen {type(error).__name__}: {error}"
    return "sound"


inbound, outbound = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
_rehearse()
confine()
while head := inbound.read(4):
    case = inbound.read(struct.unpack("<I", head)[0])
    began = time.process_time()
    said = ending(case)
    outbound.write(f"{time.process_time() - began:.3f} {said}\n".encode("ascii", "replace"))
    outbound.flush()
sys.exit()
