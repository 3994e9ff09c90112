"""What every long-running process needs: settings, logs, the database, problem documents, metrics."""
