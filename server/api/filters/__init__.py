"""Filters of run lists: a small grammar, parsed into bound SQL and never evaluated.

filter     = either
either     = both ("or" both)*
both       = single ("and" single)*
single     = "not" single | "(" either ")" | "has" "tag" text | field comparison
comparison = ("=" | "!=" | "<" | "<=" | ">" | ">=") value | "in" "(" value ("," value)* ")"
value      = text in quotes | number | true | false | null
field      = a column of the run, spec.<field> or metrics.<name>
"""

from server.api.filters.grammar import parse
from server.api.filters.measured import check_metrics
from server.api.filters.sql import compile_filter

__all__ = ["check_metrics", "compile_filter", "parse"]
