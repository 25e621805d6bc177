"""What every SQL database of ours does alike; `sqlite` and `postgres` add what each does its own way."""
