"""Measuring ourselves and others."""
