"""From bytes to windows of speech and their features."""

SAMPLE_RATE = 16_000  # Hz, of every waveform behind the decoder
