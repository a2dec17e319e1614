"""The compiler: from a declaration to a plan and the files generated from it."""
