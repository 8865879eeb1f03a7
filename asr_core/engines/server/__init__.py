"""A server in the same building that speaks OpenAI's `POST /v1/audio/transcriptions`.

    events   the lines of a stream -> the text in them, in vLLM's form and in OpenAI's
    client   one stretch of sound -> the server's text; its errors as sentences
    engine   the server as a reader of pieces, for the engine of all such models

The only engine that sound leaves this computer for: off unless a person put the server's address on
the list and chose it. It was run against `sottovoce serve` and against servers made by hand for the
tests, never against a real vLLM.
"""
