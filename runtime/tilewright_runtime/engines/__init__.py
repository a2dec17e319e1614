"""Jobs on other engines, run from a plan."""
