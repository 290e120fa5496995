"""The spool: what scripts record to runs waits here, on this machine's disk, until it arrived."""
