"""Reproducible, provably working dependencies for GPU container images."""

__all__ = ["__version__"]

__version__ = "0.1.0"
