"""Authors' expressions, checked, typed and translated."""
