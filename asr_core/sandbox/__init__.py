"""Strangers' recordings, decoded in a process that can do no harm.

A process of its own for every recording. It gets no name and opens no file: it asks for the bytes
piece by piece through a pipe, and gives nothing back but sound, which is checked before it is used.
If it crashes, hangs or wants too much memory, that is one sentence about this recording.
"""

from asr_core.sandbox.process import Sandbox as Sandbox
