"""Recording what a function computes with torch, as a program."""
