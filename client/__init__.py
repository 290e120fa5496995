"""Python client and command line of realspike; speaks HTTP only."""
