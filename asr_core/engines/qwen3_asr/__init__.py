"""Qwen3-ASR, an audio encoder and a language model, through transformers' own classes.

It has no CTC and no frame posteriors: words get their times from a forced aligner of the same
family if one lies beside it, else from the bundled Conformer. Only made-up weights of its real
classes have been run by the tests: they prove the path, not what it recognizes.

Source: Qwen3-ASR Technical Report (arXiv 2601.21337).
"""
