"""A folder of recordings becomes a folder of transcripts: on this computer, or on a Ray cluster.

What is finished is a line of a ledger beside the transcripts, so that a run that was stopped goes
on with what is missing. Neither the number of workers nor the order makes a difference to any text.
"""

from asr_core.batch.inputs import Input, recordings_in
from asr_core.batch.local import Batch
from asr_core.batch.results import LEDGER, Outcome

__all__ = ["LEDGER", "Batch", "Input", "Outcome", "recordings_in"]
