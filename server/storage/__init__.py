"""Storage: the tables that own the state of everything, and one file of queries per noun."""
