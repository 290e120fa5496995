"""The doctor: what is wrong with a service, found from its own settings and stores."""
