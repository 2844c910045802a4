"""Side-by-side measurements; their results are in README.md beside them."""
