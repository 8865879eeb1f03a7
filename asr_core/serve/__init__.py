"""This computer's model for other programs: OpenAI's `POST /v1/audio/transcriptions` over HTTP.

gate     who may ask: this computer's own programs, or whoever shows the token
form     a recording and its fields, in memory alone
answers  a job -> the answer's form: json, text, verbose_json, srt, vtt, or a stream
app      the routes, and one job at a time through the worker that the page has, too
"""
