"""Filters of run lists: a small grammar, parsed into bound SQL and never evaluated.

filter     = either
either     = both ("or" both)*
both       = single ("and" single)*
single     = "not" single | "(" either ")" | tagged | field comparison
tagged     = "has" "tag" text | "tags" "has" text
comparison = ("=" | "!=" | "<" | "<=" | ">" | ">=") value | "not"? "in" "(" value ("," value)* ")"
value      = text in quotes | number | true | false | null
field      = a column of the run, spec.<field>, spec.<name in a script's configuration> or
             metrics.<name>
"""

from server.api.filters.configs import ScriptConfigs
from server.api.filters.grammar import parse
from server.api.filters.measured import check_metrics
from server.api.filters.naming import names_field
from server.api.filters.sql import compile_filter

__all__ = ["ScriptConfigs", "check_metrics", "compile_filter", "names_field", "parse"]
