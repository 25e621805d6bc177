"""How memory lets go: what is worth keeping, what goes where, and what is done about it at night."""
