"""Weights in 8 and 4 bits, by measuring the weights alone: nothing is trained."""
