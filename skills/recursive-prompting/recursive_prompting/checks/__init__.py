"""What a machine can tell about an answer; see `checking`."""
