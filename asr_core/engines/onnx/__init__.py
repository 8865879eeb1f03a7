"""The bundled model with its encoder in onnxruntime; searches, decoder and heads stay in torch.

graph     the encoder and the CTC head, operator by operator
folder    what `sottovoce models export --onnx` writes, and what is read of it
encoder   the graph in the place of the torch encoder
loading   the engine
"""
