"""One pass a file: each fills its part of a draft, and knows no other pass."""
