"""From bytes to windows of speech and their features."""

SAMPLE_RATE = 16_000  # Hz, of every waveform behind the decoder

# Of the recordings that are read; here, since who only asks for them needs no decoder.
MIN_RATE, MAX_RATE = 4_000, 768_000  # Hz
EXTENSIONS = (
    "wav", "flac", "mp3", "ogg", "opus", "m4a", "aac", "mp4", "mov", "webm", "mkv", "aiff", "aif",
)  # fmt: skip
