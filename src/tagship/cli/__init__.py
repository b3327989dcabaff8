"""The command line: one module per group of commands, each of which parses, calls one function and prints."""
