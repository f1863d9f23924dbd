"""PAPER: what is printed and put into the drawer of the desk, signed, for the night on which nothing else works."""
