"""Functions whose value depends on more than their arguments."""

from __future__ import annotations

import re

#: Functions of the clock, of chance, of the session or of files, in whatever dialect.
_NOT_OF_ARGUMENTS = re.compile(
    r"current_.*|get_current_.*|local_?time(stamp)?|now|today|transaction_timestamp|txid_current"
    r"|sysdate|getdate|systimestamp|utc_(date|time|timestamp)|unix_now|age|ago"
    r"|rand(om|n|_.*)?|uuid.*|gen_random_uuid|newid|seq[1248]|nextval|currval|lastval|setval"
    r"|setseed"
    r"|monotonically_increasing_id|shuffle|row_?number|rownum"
    r"|(session_|system_)?user|version|in_search_path|getvariable|getenv|stats|pg_.*|inet_.*|has_.*"
    r"|input_file_.*|read_.*|load_file|glob|sniff_csv|parquet_.*|query(_table)?|sleep.*|pg_sleep"
    r"|error|assert_true"
)


def is_of_arguments(function: str) -> bool:
    """Tell whether a function may depend on its arguments alone.

    Only its name is looked at.
    """
    return _NOT_OF_ARGUMENTS.fullmatch(function.lower()) is None
