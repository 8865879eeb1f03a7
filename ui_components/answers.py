"""Answers that the browser waits for are sent, whatever the script does meanwhile.

Streamlit (1.67) throws away what it has not sent yet when the script begins to run again, since all
will be drawn anew. The answers to what the browser asked are among it, and nobody asks twice: an
upload would never begin, a download never come.
"""

from __future__ import annotations

from typing import Any

from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

_ANSWERS = ("file_urls_response", "backend_operation_response")


def keep_answers() -> None:
    """Let the queue of every page keep them."""
    clear = ForwardMsgQueue.clear

    def clear_all_else(
        self: ForwardMsgQueue, retain_lifecycle_msgs: bool = False, *args: Any, **kwargs: Any
    ) -> None:
        waiting = list(self._queue) if retain_lifecycle_msgs else []
        clear(self, retain_lifecycle_msgs, *args, **kwargs)
        left = {id(message) for message in self._queue}
        self._queue += [
            message
            for message in waiting
            if message.WhichOneof("type") in _ANSWERS and id(message) not in left
        ]

    ForwardMsgQueue.clear = clear_all_else
