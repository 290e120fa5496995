"""The command line `realspike`."""
