"""The compiler: from declarations to plans and generated files."""
