"""Studies: one document becomes many runs, many runs become one table. No web, no SQL."""
