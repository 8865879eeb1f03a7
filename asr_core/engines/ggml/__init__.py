"""Qwen3-ASR in one GGUF file, which transcribe-cpp runs: processor, Vulkan and Apple's Metal.

    file     what a GGUF file says of itself, without loading it
    vulkan   whose graphics cards there are, asked before the library is loaded
    reader   a piece of sound -> what the library says of it
    aligner  a text and its sound -> when its words were said, by another library: crispasr
    engine   a folder or a file -> `piecewise`'s engine of it

Both libraries are compiled code that the guard does not see: they run where every engine does, in
the worker, which on Linux has left the network. They fetch nothing: the file is all they read.

Only a made-up file has been run by the tests, on a processor and once on Vulkan in software: it
proves the path, not what it recognizes. No graphics card has run it yet, and no Mac.
"""
