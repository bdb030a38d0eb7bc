"""Hand in a file that defines nothing."""
# finding: no_interface

x = 1
