"""Routes, wire schemas, one table of errors."""
