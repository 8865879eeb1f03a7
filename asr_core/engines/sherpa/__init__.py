"""Models in ONNX that sherpa-onnx runs: Qwen3-ASR in 8 bits, SenseVoice, WeNet, FireRed and others.

    kinds    the families, told by the names of a folder's files
    reader   a piece of sound -> what the library says of it
    engine   a folder -> `piecewise`'s engine of it

The library is of compiled code that the guard does not see: it runs where every engine does, in the
worker, which on Linux has left the network.

Only made-up graphs have been run by the tests, of Qwen3-ASR, SenseVoice and WeNet: they prove the
path, not what it recognizes. The other loaders have run nowhere yet.
"""
