"""Serving: folded models answer with ONNX Runtime, without torch."""
