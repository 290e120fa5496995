"""The Real Spike method as a library: networks, training, exact folding, certificates, exports."""
