"""The store: rows and vectors are the truth, the index is rebuilt from them."""
