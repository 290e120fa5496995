"""Worker processes: Celery children that train, and the scheduler that loses nothing."""
